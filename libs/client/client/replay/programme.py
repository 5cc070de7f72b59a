"""A programme as data: calls with their applicants, stages with rule sets and scores, development periods, targets.

The documents are in ``client/programmes/<id>``: ``programme.yaml``, ``rule-sets/<stage>.yaml``,
``scores/<stage>.yaml``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from rules import (
    Inputs,
    Measurement,
    Provenance,
    RuleSet,
    canonical_bytes,
    load_inputs,
    load_rule_set,
    read_yaml,
)

from client.replay.document import ProgrammeDocument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rules import Verdict

    from client.replay.document import Call, Period, PublicationEntry, StageEntry, TargetPlan
    from client.replay.objection_plan import ObjectionPlan

DEFAULT = "sovereign-ai"
Row = tuple[str, str, str]
"""Team, criterion, value as decimal text."""


@dataclass(frozen=True, slots=True)
class PublicationPlan:
    """Results that staff publish at ``at`` under a policy which is not in the rule set; ``document`` is its YAML."""

    entry: PublicationEntry
    document: str


@dataclass(frozen=True, slots=True)
class MeasurementBlock:
    """Measured values of one source and one provenance."""

    source_id: str
    provenance: Provenance
    rows: tuple[Row, ...]


class StagePlan:
    """A stage with its rule set and the scores that will be handed in."""

    def __init__(self, entry: StageEntry, document: str, inputs: Inputs) -> None:
        self.stage_id = entry.stage_id
        self.from_call_id = entry.from_call_id
        self.from_stage_ids = entry.from_stage_ids
        self.triggers = entry.triggers
        self.document = document
        self.rule_set: RuleSet = load_rule_set(document)
        self.inputs = inputs
        self.moved_from = entry.moved_from

    @property
    def first_document(self) -> str:
        """The rule set as it was first published: this one, or its earlier version with its own dates."""
        if self.moved_from is None:
            return self.document
        dates = self.rule_set.dates.model_copy(update=self.moved_from.model_dump(exclude={"agreed_at", "reason"}))
        first = self.rule_set.model_copy(update={"version": self.rule_set.version - 1, "dates": dates})
        return canonical_bytes(first).decode()

    @cached_property
    def _sheets(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        sheets: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for score in self.inputs.scores():
            sheets[score.source, score.assessor].append((score.team, score.criterion, f"{score.value:f}"))
        return sheets

    @property
    def sheets(self) -> Sequence[tuple[str, str]]:
        """Every (source, assessor) that hands in a sheet."""
        return tuple(self._sheets)

    @property
    def panels(self) -> Mapping[str, Sequence[str]]:
        """Assessors by source, as many as the rule set seats; those beyond the sheets were seated and did not score."""
        return {table.source: self._seated(table.source, table.assessors) for table in self.inputs.sheets}

    def _seated(self, source_id: str, scored: Sequence[str]) -> Sequence[str]:
        source = self.rule_set.source(source_id)
        planned = source.panel.planned if source.kind == "sheets" else 0
        return (*scored, *(f"{source_id}-absent-{number:03}" for number in range(1, planned - len(scored) + 1)))

    def sheet_rows(self, source: str, assessor: str) -> Sequence[Row]:
        """What the assessor gave."""
        return self._sheets[source, assessor]

    def sheet_provenance(self, source: str) -> Provenance:
        """Where the sheets of a source come from. Raises KeyError for an unknown source."""
        return {table.source: table.provenance for table in self.inputs.sheets}[source]

    @property
    def measurements(self) -> Sequence[MeasurementBlock]:
        """Measured values, in blocks of one source and provenance."""
        blocks: dict[tuple[str, Provenance], list[Measurement]] = defaultdict(list)
        for each in self.inputs.measurements:
            blocks[each.source, each.provenance].append(each)
        return tuple(
            MeasurementBlock(source, provenance, tuple((m.team, m.criterion, f"{m.value:f}") for m in values))
            for (source, provenance), values in blocks.items()
        )

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """Gate verdicts."""
        return self.inputs.verdicts

    @property
    def judges(self) -> Mapping[str, Sequence[str]]:
        """Judges by gate, as many as judged any team; who they were was never published, so their names say nothing."""
        most: dict[str, int] = {}
        for verdict in self.verdicts:
            most[verdict.gate] = max(most.get(verdict.gate, 0), verdict.judged_by)
        return {gate: [f"{gate}-judge-{number:02}" for number in range(1, count + 1)] for gate, count in most.items()}


@dataclass(frozen=True, slots=True)
class Programme:
    """The whole programme."""

    programme_id: str
    title_ko: str
    title_en: str
    calls: tuple[Call, ...]
    stages: tuple[StagePlan, ...]
    periods: tuple[Period, ...]
    targets: tuple[TargetPlan, ...]
    publications: tuple[PublicationPlan, ...] = ()
    objections: tuple[ObjectionPlan, ...] = ()

    def last_instant(self) -> datetime:
        """When the last job starts or the last stage is decided, whichever is later."""
        return max(
            [*(stage.rule_set.dates.decides for stage in self.stages), *(period.starts_at for period in self.periods)]
        )


def load_programme(folder: Path | None = None) -> Programme:
    """Read a programme's folder; by default the model case.

    Raises RuleSetInvalidError, InputsRefusedError or pydantic's ValidationError, naming path and rule.
    """
    root = folder or Path(str(resources.files("client"))) / "programmes" / DEFAULT
    text = json.dumps(read_yaml((root / "programme.yaml").read_text(encoding="utf-8")), default=str)
    document = ProgrammeDocument.model_validate_json(text)
    stages = tuple(
        StagePlan(
            entry,
            (root / "rule-sets" / f"{entry.stage_id}.yaml").read_text(encoding="utf-8"),
            load_inputs((root / "scores" / f"{entry.stage_id}.yaml").read_text(encoding="utf-8")),
        )
        for entry in document.stages
    )
    publications = tuple(
        PublicationPlan(entry, (root / "publications" / f"{entry.policy}.yaml").read_text(encoding="utf-8"))
        for entry in document.publications
    )
    return Programme(
        document.id,
        document.title_ko,
        document.title_en,
        document.calls,
        stages,
        document.periods,
        document.targets,
        publications,
        document.objections,
    )

"""What of the log counts for one version of a stage's decision: what was handed in, as it was corrected up to then.

Only sources and gates that the rule set names count, and only what was raised up to the instant of the decision: a
sheet that came later could not count. A version reads the values and verdicts that an earlier version or itself
corrected as they were corrected, in order of version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import rules
from rules import Verdict
from rules.sources import CarriedSource
from rules.violations import DocumentRefusedError

from verify import told
from verify.compared import logged_comparisons
from verify.marks import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules import Inputs, RuleSet

    from verify.chronicle import Chronicle, Logged
    from verify.compared import Compared
    from verify.fields import Fields

Cell = tuple[str, ...]
"""What a value is of: source, assessor (none for a measurement), team, criterion; gate and team of a verdict."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A logged score sheet. `who` is nothing where the assessor's name is sealed or was erased."""

    index: int
    source: str
    who: str | None
    rows: Mapping[tuple[str, str], object]
    mark: str


@dataclass(frozen=True, slots=True)
class Change:
    """A value that a version corrects, adds or, where `value` is nothing, withdraws; `cell` has an assessor always."""

    cell: Cell
    value: object
    mark: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A value, with the contract's name of its mark."""

    value: object
    mark: str


class Counted:
    """What of the log counts for the decision that `decided` tells of."""

    def __init__(self, stage_id: str, rule_set: RuleSet, decided: Logged, chronicle: Chronicle) -> None:
        """Read nothing yet: every method raises `NotOpenError` where what it reads is sealed."""
        self._stage_id = stage_id
        self._rule_set = rule_set
        self._sources = {source.id for source in rule_set.sources}
        self._gates = {gate.id for gate in rule_set.gates}
        self._decided = decided
        self._chronicle = chronicle

    def events(self, event_type: str) -> list[Logged]:
        """Events of a type about this stage, up to the decision."""
        found = self._chronicle.of_stage(event_type, self._stage_id)
        return [event for event in found if event.entry.time <= self._decided.entry.time]

    def superseding(self) -> list[Logged]:
        """What made the versions up to this one, by version."""
        found = self._chronicle.of_stage(told.DECISION_SUPERSEDED, self._stage_id)
        last = self._decided.fields.integer("version")
        return sorted(
            (event for event in found if event.fields.integer("version") <= last),
            key=lambda event: event.fields.integer("version"),
        )

    def entrants(self) -> list[str]:
        """The teams that the stage opened for, sorted; none where the log does not say."""
        opened = self.events(told.STAGE_OPENED)
        return sorted(opened[-1].fields.texts("team_ids")) if opened else []

    def sheets(self) -> Iterator[Sheet]:
        """Sheets as they were handed in, each with its values by team and criterion."""
        for event in self.events(told.SCORE_SHEET_SUBMITTED):
            source = event.fields.text("source_id")
            if source in self._sources:
                who = event.fields.text("assessor_id") if event.fields.is_open("assessor_id") else None
                rows = {
                    (row.text("team_id"), row.text("criterion")): _number(row.text("value"))
                    for row in event.fields.messages("rows")
                }
                yield Sheet(event.index, source, who, rows, event.fields.text("provenance"))

    def changes(self) -> list[Change]:
        """Values that these versions read otherwise, oldest first."""
        return [
            Change(
                tuple(each.text(name) for name in ("source_id", "assessor_id", "team_id", "criterion")),
                _number(each.text("value")) if each.text("value") else None,
                each.text("provenance"),
            )
            for event in self.superseding()
            for each in event.fields.messages("score_changes")
        ]

    def names(self, used: Mapping[Cell, object]) -> dict[int, str]:
        """Whose the sheets are by number of entry; one without a name is of an assessor whose very scores it has.

        What a version corrected is left aside: nobody `used` it as it stands in the sheet. A sheet whose scores nobody
        has is under the number of its entry, and so differs from everything that was used.
        """
        sheets = list(self.sheets())
        changed = {change.cell for change in self.changes() if change.cell[1]}
        known = {(sheet.source, sheet.who, *cell) for sheet in sheets if sheet.who is not None for cell in sheet.rows}
        free: dict[Cell, dict[Cell, object]] = {cell[:2]: {} for cell in changed - known}
        for cell, value in used.items():
            if cell not in known and cell not in changed:
                free.setdefault(cell[:2], {})[cell[2:]] = value
        present = {cell[:2] for cell in used}
        found = {sheet.index: sheet.who for sheet in sheets if sheet.who is not None}
        for sheet in sheets:
            if sheet.who is None:
                same = [
                    who
                    for who, rows in free.items()
                    if who[0] == sheet.source
                    and rows == {cell: value for cell, value in sheet.rows.items() if (*who, *cell) not in changed}
                ]
                # Most scores alike, then somebody whose sheet was withdrawn whole: who came later has one of his own.
                who = min(same, key=lambda each: (-len(free[each]), each in present, each), default=None)
                found[sheet.index] = f"somebody in entry {sheet.index}" if who is None else who[1]
                free.pop(who or (), None)
        return found

    def scores(self, names: Mapping[int, str]) -> dict[Cell, Marked]:
        """Scores of named assessors, as corrected."""
        found: dict[Cell, Marked] = {
            (sheet.source, names[sheet.index], *cell): Marked(value, sheet.mark)
            for sheet in self.sheets()
            for cell, value in sheet.rows.items()
        }
        return self._corrected(found, {change.cell: change for change in self.changes() if change.cell[1]})

    def measurements(self) -> dict[Cell, Marked]:
        """Measured values, as corrected."""
        found: dict[Cell, Marked] = {}
        for event in self.events(told.MEASUREMENTS_RECORDED):
            source, mark = event.fields.text("source_id"), event.fields.text("provenance")
            if source in self._sources:
                for row in event.fields.messages("rows"):
                    cell = (source, row.text("team_id"), row.text("criterion"))
                    found[cell] = Marked(_number(row.text("value")), mark)
        changes = {(change.cell[0], *change.cell[2:]): change for change in self.changes() if not change.cell[1]}
        return self._corrected(found, changes)

    def comparisons(self, used: Mapping[Cell, str]) -> dict[Cell, Compared]:
        """Comparisons of two teams; `used` tells whose the nameless are."""
        events = self.events(told.COMPARISON_SUBMITTED)
        return logged_comparisons((each for each in events if each.fields.text("source_id") in self._sources), used)

    @staticmethod
    def _corrected(found: dict[Cell, Marked], changes: Mapping[Cell, Change]) -> dict[Cell, Marked]:
        """The values with the last change of each cell."""
        changed = {cell: Marked(change.value, change.mark) for cell, change in changes.items()}
        return {cell: each for cell, each in (found | changed).items() if each.value is not None}

    def verdicts(self) -> dict[Cell, Verdict]:
        """Verdicts of gates; a later one of the same gate and team replaces an earlier one, and so does a change."""
        return {cell: verdict_of(each) for cell, each in self._judged().items()}

    def verdict_marks(self) -> dict[Cell, str]:
        """The contract's names of the marks of verdicts."""
        return {cell: each.text("provenance") for cell, each in self._judged().items()}

    def _judged(self) -> dict[Cell, Fields]:
        logged = [event.fields for event in self.events(told.GATE_VERDICT_RECORDED)]
        changed = [each for event in self.superseding() for each in event.fields.messages("verdict_changes")]
        return {
            (each.text("gate"), each.text("team_id")): each
            for each in [*logged, *changed]
            if each.text("gate") in self._gates
        }

    def carried(self) -> tuple[rules.CarriedFigure, ...]:
        """Figures of earlier stages' decisions that were final then, as the rule set carries them over."""
        earlier = {}
        for source in self._rule_set.sources:
            if isinstance(source, CarriedSource) and (decision := self._final_then(source.stage)):
                earlier[source.stage] = decision
        return rules.carry(self._rule_set, self.entrants(), earlier)

    def _final_then(self, stage_id: str) -> rules.Decision | None:
        """What a stage had decided at last; nothing where that was not final when this one was decided."""
        until = self._decided.entry.time
        made = [e for e in self._chronicle.of_stage(told.DECISION_PROVISIONAL, stage_id) if e.entry.time <= until]
        final = [e for e in self._chronicle.of_stage(told.DECISION_FINALIZED, stage_id) if e.entry.time <= until]
        if not made or not final or final[-1].fields.integer("version") != made[-1].fields.integer("version"):
            return None
        try:
            decision = rules.decision_from_json(made[-1].fields.blob("decision_json"))
        except DocumentRefusedError:
            return None  # noted with that stage
        override = override_of(made[-1])
        return replace(decision, advanced=tuple(override.texts("advanced"))) if override else decision

    def inputs(self, names: Mapping[int, str], seed: str | None, compared: Mapping[Cell, str]) -> Inputs:
        """The inputs that the log gives; `compared` tells whose its nameless comparisons are.

        Raises `InputsRefusedError` where they are none.
        """
        return rules.collect(
            self._stage_id,
            self.entrants(),
            scores=[
                rules.Score(source, who, team, criterion, _decimal(each.value), mark_of(each.mark))
                for (source, who, team, criterion), each in self.scores(names).items()
            ],
            measurements=[
                rules.Measurement(source, team, criterion, _decimal(each.value), mark_of(each.mark))
                for (source, team, criterion), each in self.measurements().items()
            ],
            comparisons=[
                rules.Comparison(source, who, item, first, second, each.winner, mark_of(each.mark))
                for (source, who, item, first, second), each in self.comparisons(compared).items()
            ],
            verdicts=self.verdicts().values(),
            carried=self.carried(),
            seed=seed,
        )


def version_of(final: Logged, chronicle: Chronicle) -> Logged:
    """The provisional decision that became final; the final one where there is none, which is noted elsewhere."""
    for event in reversed(chronicle.of_stage(told.DECISION_PROVISIONAL, final.fields.text("stage_id"))):
        # It is in the log before the final one, as both are events of one stage.
        same = event.index < final.index and event.fields.integer("version") == final.fields.integer("version")
        if same and event.fields.text("decision_sha256") == final.fields.text("decision_sha256"):
            return event
    return final


def override_of(event: Logged) -> Fields | None:
    """The override of a decision's event; nothing where the decision is the computed one."""
    return None if event.fields.values.get("override") is None else event.fields.message("override")


def verdict_of(told_of: Fields) -> Verdict:
    """The verdict that an event, a change or a correction tells."""
    return Verdict(
        told_of.text("gate"),
        told_of.text("team_id"),
        told_of.flag("passed"),
        told_of.text("reason"),
        tuple(told_of.texts("evidence")),
        told_of.integer("judged_by"),
        mark_of(told_of.text("provenance")),
    )


def _number(text: str) -> Decimal | str:
    """The number of a text; the text itself where it is none, which then equals no score."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _decimal(value: object) -> Decimal:
    """The number; where it is none one that no inputs can have."""
    return value if isinstance(value, Decimal) else Decimal("NaN")

"""What a decision is computed from: entrants, values of every source, gate verdicts. Immutable and hashed.

The same scores in any order are the same inputs, with the same canonical bytes. A score that is not there is not there:
it is never zero; `rules.completeness` names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rules.canonical import canonical_object, canonical_text, sha256_hex
from rules.exact import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMAT = "dokpamo/inputs/1"

Cell = int | None
Rows = tuple[tuple[Cell, ...], ...]


class Provenance(StrEnum):
    """Where a value comes from, from the firmest to the weakest."""

    RECORDED = "recorded"  # by this platform, from the one who gave the score
    PUBLISHED = "published"  # printed by the ministry or the index's publisher
    RECONSTRUCTED = "reconstructed"  # follows from published figures by arithmetic
    SYNTHETIC = "synthetic"  # never published: made up, consistent with what was


_WEAKNESS = {provenance: rank for rank, provenance in enumerate(Provenance)}


def weakest(provenances: Iterable[Provenance]) -> Provenance:
    """The weakest of some marks; of none, `recorded`."""
    return max(provenances, key=_WEAKNESS.__getitem__, default=Provenance.RECORDED)


@dataclass(frozen=True, slots=True)
class Score:
    """One cell of a score sheet: what one assessor gave one team on one criterion."""

    source: str
    assessor: str
    team: str
    criterion: str
    value: Decimal
    provenance: Provenance = Provenance.RECORDED

    @property
    def synthetic(self) -> bool:
        """Whether the value was made up for a replay."""
        return self.provenance is Provenance.SYNTHETIC


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured value of a team on a criterion."""

    source: str
    team: str
    criterion: str
    value: Decimal
    provenance: Provenance = Provenance.RECORDED

    @property
    def synthetic(self) -> bool:
        """Whether the value was made up for a replay."""
        return self.provenance is Provenance.SYNTHETIC


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate's panel found for one team: `judged_by` people, the reason, and where the evidence lies."""

    gate: str
    team: str
    passed: bool
    reason: str
    evidence: tuple[str, ...]
    judged_by: int
    provenance: Provenance = Provenance.RECORDED

    @property
    def synthetic(self) -> bool:
        """Whether the verdict was made up for a replay."""
        return self.provenance is Provenance.SYNTHETIC


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which of two teams an assessor found better on one item; `winner` is one of them, or empty for a tie."""

    source: str
    assessor: str
    item: str
    first: str
    second: str
    winner: str
    provenance: Provenance = Provenance.RECORDED


@dataclass(frozen=True, slots=True)
class CarriedFigure:
    """A team's figure in an earlier stage's decision: `criterion` is a part of it, or `total`.

    `decision_sha256` is the hash of that decision; it is empty only in a trial on a file, where nothing was decided.
    """

    source: str
    stage: str
    decision_sha256: str
    team: str
    criterion: str
    value: Decimal
    provenance: Provenance = Provenance.RECORDED


@dataclass(frozen=True)  # no slots: what is derived is kept
class SheetTable:
    """All sheets of one source: a row an assessor and a column a criterion per team, in units of 10^-digits."""

    source: str
    digits: int
    assessors: tuple[str, ...]
    criteria: tuple[str, ...]
    cells: tuple[tuple[str, Rows], ...]
    provenance: Provenance

    def rows(self, team: str) -> Rows | None:
        """The team's rows in the order of `assessors`, None if nobody scored it."""
        return dict(self.cells).get(team)

    @cached_property
    def columns(self) -> dict[str, Rows]:
        """The same cells turned: by team, a column a criterion in the order of `criteria`."""
        return {team: tuple(zip(*rows, strict=True)) for team, rows in self.cells}

    @cached_property
    def different(self) -> dict[str, tuple[frozenset[Cell], ...]]:
        """By team, the different cells of each column: few in a large table, and enough to see most faults."""
        return {team: tuple(map(frozenset, columns)) for team, columns in self.columns.items()}


@dataclass(frozen=True)  # no slots: what is derived is kept
class Inputs:
    """Everything that `rules.decide` reads beside the rule set. Build it with `collect` or `inputs_from_json`."""

    stage: str
    entrants: tuple[str, ...]
    sheets: tuple[SheetTable, ...]
    measurements: tuple[Measurement, ...]
    verdicts: tuple[Verdict, ...]
    seed: str | None
    comparisons: tuple[Comparison, ...] = ()
    carried: tuple[CarriedFigure, ...] = ()

    def scores(self) -> Iterator[Score]:
        """Every cell of every sheet, by source, assessor, team and criterion."""
        for table in self.sheets:
            unit = Decimal(1).scaleb(-table.digits)
            for number, assessor in enumerate(table.assessors):
                for team, rows in table.cells:
                    for criterion, cell in zip(table.criteria, rows[number], strict=True):
                        if cell is not None:
                            yield Score(table.source, assessor, team, criterion, cell * unit, table.provenance)

    def figures(self) -> tuple[Measurement | CarriedFigure, ...]:
        """Every single value of a team on a criterion: measured ones, then those carried over."""
        return (*self.measurements, *self.carried)

    def sheet_table(self, source: str) -> SheetTable | None:
        """The sheets of a source, None if nobody scored there."""
        return {table.source: table for table in self.sheets}.get(source)

    def canonical_bytes(self) -> bytes:
        """RFC 8785 form: equal for equal inputs, whatever the order they came in."""
        return self._canonical_bytes

    @cached_property
    def _canonical_bytes(self) -> bytes:
        tables = ",".join(map(_table_text, self.sheets))
        members = {name: canonical_text(value) for name, value in _as_json(self).items()}
        return canonical_object(members | {"sheets": f"[{tables}]"}).encode()

    def sha256(self) -> str:
        """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
        return sha256_hex(self.canonical_bytes())


def _table_text(table: SheetTable) -> str:
    """The canonical text of a table. A large one has few different cells, and each is written as text only once."""
    different: set[Cell] = set().union(*(column for columns in table.different.values() for column in columns))
    text_of = {cell: canonical_text(cell) for cell in different}.__getitem__
    teams = {
        team: "[" + ",".join([f"[{','.join(map(text_of, row))}]" for row in rows]) + "]" for team, rows in table.cells
    }
    others = {
        "source": table.source,
        "digits": table.digits,
        "assessors": table.assessors,
        "criteria": table.criteria,
        "provenance": str(table.provenance),
    }
    texts = {name: canonical_text(value) for name, value in others.items()}
    return canonical_object(texts | {"cells": canonical_object(teams)})


def _as_json(inputs: Inputs) -> dict[str, Any]:
    """All but the sheets, as JSON values."""
    later = {
        "comparisons": [
            [each.source, each.assessor, each.item, each.first, each.second, each.winner, str(each.provenance)]
            for each in inputs.comparisons
        ],
        "carried": [
            [
                each.source,
                each.stage,
                each.decision_sha256,
                each.team,
                each.criterion,
                plain(each.value),
                str(each.provenance),
            ]
            for each in inputs.carried
        ],
    }
    return {
        # Kinds of input that came later are left out where there is none: older inputs keep their hash.
        **{name: rows for name, rows in later.items() if rows},
        "format": FORMAT,
        "stage": inputs.stage,
        "entrants": list(inputs.entrants),
        "measurements": [
            [each.source, each.team, each.criterion, plain(each.value), str(each.provenance)]
            for each in inputs.measurements
        ],
        "verdicts": [
            {
                "gate": each.gate,
                "team": each.team,
                "passed": each.passed,
                "reason": each.reason,
                "evidence": list(each.evidence),
                "judged_by": each.judged_by,
                "provenance": str(each.provenance),
            }
            for each in inputs.verdicts
        ],
        "seed": inputs.seed,
    }

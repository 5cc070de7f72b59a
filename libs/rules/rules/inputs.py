"""What a decision is computed from: entrants, scores of every source, gate verdicts. Immutable and hashed.

The same scores in any order are the same inputs, with the same canonical bytes. A score that is not there is not there:
it is never zero; `rules.completeness` names it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rules.canonical import canonical_table, sha256_hex
from rules.exact import NotExactError, decimal_of, plain
from rules.violations import InputsRefusedError, Violation, violation

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


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that `rules.decide` reads beside the rule set. Build it with `collect` or `inputs_from_json`."""

    stage: str
    entrants: tuple[str, ...]
    sheets: tuple[SheetTable, ...]
    measurements: tuple[Measurement, ...]
    verdicts: tuple[Verdict, ...]
    seed: str | None

    def scores(self) -> Iterator[Score]:
        """Every cell of every sheet, by source, assessor, team and criterion."""
        for table in self.sheets:
            unit = Decimal(1).scaleb(-table.digits)
            for number, assessor in enumerate(table.assessors):
                for team, rows in table.cells:
                    for criterion, cell in zip(table.criteria, rows[number], strict=True):
                        if cell is not None:
                            yield Score(table.source, assessor, team, criterion, cell * unit, table.provenance)

    def sheet_table(self, source: str) -> SheetTable | None:
        """The sheets of a source, None if nobody scored there."""
        return {table.source: table for table in self.sheets}.get(source)

    def canonical_bytes(self) -> bytes:
        """RFC 8785 form: equal for equal inputs, whatever the order they came in."""
        return canonical_table(_as_json(self))

    def sha256(self) -> str:
        """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
        return sha256_hex(self.canonical_bytes())


def collect(
    stage: str,
    entrants: Iterable[str],
    *,
    scores: Iterable[Score] = (),
    measurements: Iterable[Measurement] = (),
    verdicts: Iterable[Verdict] = (),
    seed: str | None = None,
) -> Inputs:
    """Inputs from single scores in any order; raises InputsRefusedError for NaN and for anything given twice."""
    problems: list[Violation] = []
    teams = tuple(entrants)
    problems += _repeated("entrants", teams)
    sheets = _sheets(scores, problems)
    measured = tuple(_measured(measurements, problems))
    judged = tuple(sorted(verdicts, key=lambda each: (each.gate, each.team)))
    problems += _repeated("measurements", [f"{each.source}, {each.team}, {each.criterion}" for each in measured])
    problems += _repeated("verdicts", [f"{each.gate}, {each.team}" for each in judged])
    if problems:
        raise InputsRefusedError(problems)
    return Inputs(stage, tuple(sorted(teams)), sheets, measured, judged, seed)


def inputs_from_json(data: bytes) -> Inputs:
    """The inputs of their canonical bytes.

    Raises InputsRefusedError where these are not the form this module writes.
    """
    try:
        inputs = _from_json(json.loads(data))
        written = inputs.canonical_bytes()
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        problem = violation("", repr(error), f"the bytes are inputs in the form {FORMAT}", "INPUTS_MALFORMED")
        raise InputsRefusedError([problem]) from error
    if written != data:
        problem = violation("", f"SHA-256 {sha256_hex(data)}", "the bytes are in canonical form", "NOT_CANONICAL")
        raise InputsRefusedError([problem])
    return inputs


def _sheets(scores: Iterable[Score], problems: list[Violation]) -> tuple[SheetTable, ...]:
    by_source: dict[str, dict[tuple[str, str, str], Decimal]] = defaultdict(dict)
    marks: dict[str, set[Provenance]] = defaultdict(set)
    for score in scores:
        path = f"sheets.{score.source}.{score.assessor}.{score.team}.{score.criterion}"
        key = (score.assessor, score.team, score.criterion)
        if key in by_source[score.source]:
            problems.append(
                violation(path, score.value, "a score is given once; a correction replaces it before", "DUPLICATE")
            )
        value = _value(score.value, path, problems)
        by_source[score.source][key] = value
        marks[score.source].add(score.provenance)
    return tuple(_table(source, cells, weakest(marks[source])) for source, cells in sorted(by_source.items()))


def _table(source: str, cells: dict[tuple[str, str, str], Decimal], provenance: Provenance) -> SheetTable:
    assessors = tuple(sorted({assessor for assessor, _, _ in cells}))
    teams = tuple(sorted({team for _, team, _ in cells}))
    criteria = tuple(sorted({criterion for _, _, criterion in cells}))
    digits = max(_digits(value) for value in cells.values())
    units = {key: int(value.scaleb(digits)) for key, value in cells.items()}
    rows = tuple(
        (team, tuple(tuple(units.get((assessor, team, each)) for each in criteria) for assessor in assessors))
        for team in teams
    )
    return SheetTable(source, digits, assessors, criteria, rows, provenance)


def _digits(value: Decimal) -> int:
    _, _, fraction = plain(value).partition(".")
    return len(fraction)


def _measured(measurements: Iterable[Measurement], problems: list[Violation]) -> Iterator[Measurement]:
    for each in sorted(measurements, key=lambda one: (one.source, one.team, one.criterion)):
        value = _value(each.value, f"measurements.{each.source}.{each.team}.{each.criterion}", problems)
        yield Measurement(each.source, each.team, each.criterion, Decimal(plain(value)), each.provenance)


def _value(value: Decimal, path: str, problems: list[Violation]) -> Decimal:
    try:
        return decimal_of(value)
    except NotExactError as error:
        problems.append(violation(path, value, str(error), "NUMBER_NOT_EXACT"))
        return Decimal(0)  # stands in until the refusal below; never reaches a decision


def _repeated(path: str, names: Iterable[str]) -> list[Violation]:
    seen: set[str] = set()
    found = []
    for name in names:
        if name in seen:
            found.append(violation(path, name, "each is given once", "DUPLICATE"))
        seen.add(name)
    return found


def _as_json(inputs: Inputs) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "stage": inputs.stage,
        "entrants": list(inputs.entrants),
        "sheets": [
            {
                "source": table.source,
                "digits": table.digits,
                "assessors": list(table.assessors),
                "criteria": list(table.criteria),
                "cells": dict(table.cells),
                "provenance": str(table.provenance),
            }
            for table in inputs.sheets
        ],
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


def _from_json(data: dict[str, Any]) -> Inputs:
    return Inputs(
        stage=_text(data["stage"]),
        entrants=_texts(data["entrants"]),
        sheets=tuple(_table_from_json(each) for each in data["sheets"]),
        measurements=tuple(
            Measurement(_text(source), _text(team), _text(criterion), decimal_of(_text(value)), Provenance(provenance))
            for source, team, criterion, value, provenance in data["measurements"]
        ),
        verdicts=tuple(
            Verdict(
                gate=_text(each["gate"]),
                team=_text(each["team"]),
                passed=_flag(each["passed"]),
                reason=_text(each["reason"]),
                evidence=_texts(each["evidence"]),
                judged_by=_integer(each["judged_by"]),
                provenance=Provenance(each["provenance"]),
            )
            for each in data["verdicts"]
        ),
        seed=None if data["seed"] is None else _text(data["seed"]),
    )


def _table_from_json(data: dict[str, Any]) -> SheetTable:
    assessors, criteria = _texts(data["assessors"]), _texts(data["criteria"])
    cells = []
    for team, rows in sorted(data["cells"].items()):
        table = tuple(tuple(None if cell is None else _integer(cell) for cell in row) for row in rows)
        if len(table) != len(assessors) or any(len(row) != len(criteria) for row in table):
            raise ValueError(f"the rows of {team} do not fit assessors and criteria")
        cells.append((team, table))
    digits = _integer(data["digits"])
    return SheetTable(_text(data["source"]), digits, assessors, criteria, tuple(cells), Provenance(data["provenance"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is no list")
    return tuple(_text(value) for value in values)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value

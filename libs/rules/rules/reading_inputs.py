"""Inputs from their canonical bytes: only what `collect` gives is taken, so that nothing can stand in them twice."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rules.canonical import sha256_hex
from rules.exact import LARGEST_DIGITS, decimal_of
from rules.inputs import FORMAT, CarriedFigure, Comparison, Inputs, Measurement, Provenance, SheetTable, Verdict
from rules.violations import InputsRefusedError, violation

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def _from_json(data: dict[str, Any]) -> Inputs:
    inputs = Inputs(
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
        comparisons=tuple(_comparison(each) for each in data.get("comparisons", ())),
        carried=tuple(_figure(each) for each in data.get("carried", ())),
    )
    _each_once("entrants", inputs.entrants)
    _each_once("sheets", [table.source for table in inputs.sheets])
    _each_once("measurements", [(each.source, each.team, each.criterion) for each in inputs.measurements])
    _each_once("verdicts", [(each.gate, each.team) for each in inputs.verdicts])
    _each_once(
        "comparisons", [(each.source, each.assessor, each.item, each.first, each.second) for each in inputs.comparisons]
    )
    _each_once("carried", [(each.source, each.team, each.criterion) for each in inputs.carried])
    return inputs


def _comparison(row: list[Any]) -> Comparison:
    source, assessor, item, first, second, winner, provenance = _texts(row)
    found = Comparison(source, assessor, item, first, second, winner, Provenance(provenance))
    if not found.first < found.second or found.winner not in {found.first, found.second, ""}:
        raise ValueError(f"{row!r} is no comparison of two teams in order")
    return found


def _figure(row: list[Any]) -> CarriedFigure:
    source, stage, decision_sha256, team, criterion, value, provenance = _texts(row)
    return CarriedFigure(source, stage, decision_sha256, team, criterion, decimal_of(value), Provenance(provenance))


def _table_from_json(data: dict[str, Any]) -> SheetTable:
    assessors, criteria = _texts(data["assessors"]), _texts(data["criteria"])
    cells = []
    for team, rows in sorted(data["cells"].items()):
        table = tuple(tuple(None if cell is None else _integer(cell) for cell in row) for row in rows)
        if len(table) != len(assessors) or any(len(row) != len(criteria) for row in table):
            raise ValueError(f"the rows of {team} do not fit assessors and criteria")
        cells.append((team, table))
    _each_once("assessors", assessors)
    _each_once("criteria", criteria)
    digits = _integer(data["digits"])
    _check_digits(digits, {cell for _, rows in cells for row in rows for cell in row if cell is not None})
    return SheetTable(_text(data["source"]), digits, assessors, criteria, tuple(cells), Provenance(data["provenance"]))


def _each_once(what: str, names: Sequence[Any]) -> None:
    """Equal inputs have one form only: what is named stands in order, and once.

    A sheet that stood twice would count twice, and one of two tables of a source would count for nothing.
    """
    for before, after in pairwise(names):
        if not before < after:
            raise ValueError(f"{what}: {after!r} stands after {before!r}; each stands once, in order")


def _check_digits(digits: int, cells: set[int]) -> None:
    if not 0 <= digits <= LARGEST_DIGITS or (digits and not any(cell % 10 for cell in cells)):
        raise ValueError(f"{digits} digits: as many as the finest score has, at most {LARGEST_DIGITS}")


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

"""Inputs from single scores, in whatever order they came."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from itertools import repeat
from typing import TYPE_CHECKING

from rules.exact import NotExactError, decimal_of, plain
from rules.inputs import Inputs, Measurement, Provenance, SheetTable, weakest
from rules.violations import InputsRefusedError, Violation, violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.inputs import CarriedFigure, Comparison, Score, Verdict


def collect(
    stage: str,
    entrants: Iterable[str],
    *,
    scores: Iterable[Score] = (),
    measurements: Iterable[Measurement] = (),
    verdicts: Iterable[Verdict] = (),
    comparisons: Iterable[Comparison] = (),
    carried: Iterable[CarriedFigure] = (),
    seed: str | None = None,
) -> Inputs:
    """Inputs from single scores in any order.

    Raises InputsRefusedError for NaN, for anything given twice, and for a comparison that is not of two teams.
    """
    problems: list[Violation] = []
    teams = tuple(entrants)
    problems += _repeated("entrants", teams)
    sheets = _sheets(scores, problems)
    measured = tuple(_measured(measurements, problems))
    judged = tuple(sorted(verdicts, key=lambda each: (each.gate, each.team)))
    problems += _repeated("measurements", [f"{each.source}, {each.team}, {each.criterion}" for each in measured])
    problems += _repeated("verdicts", [f"{each.gate}, {each.team}" for each in judged])
    compared = tuple(sorted((_compared(each, problems) for each in comparisons), key=_comparison_key))
    problems += _repeated("comparisons", [", ".join(_comparison_key(each)) for each in compared])
    brought = tuple(sorted((_brought(each, problems) for each in carried), key=_figure_key))
    problems += _repeated("carried", [", ".join(_figure_key(each)) for each in brought])
    if problems:
        raise InputsRefusedError(problems)
    return Inputs(stage, tuple(sorted(teams)), sheets, measured, judged, seed, compared, brought)


class _Sheets:
    """The scores of one source while they come in."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        """By team and assessor: each criterion's place in `values`."""
        # A panel of hundreds gives few different values: each is read and scaled once.
        self.values: dict[Decimal, int] = {}
        self.provenances: set[Provenance] = set()

    def table(self, source: str) -> SheetTable:
        """The whole table: teams, assessors and criteria in order of their names."""
        teams = sorted({team for team, _ in self.rows})
        assessors = sorted({assessor for _, assessor in self.rows})
        criteria = sorted({criterion for row in self.rows.values() for criterion in row})
        digits = max(map(_digits, self.values))
        units = [int(value.scaleb(digits)) for value in self.values]
        absent: dict[str, int] = {}

        def cells(team: str, assessor: str) -> tuple[int | None, ...]:
            places = map(self.rows.get((team, assessor), absent).get, criteria)
            return tuple([None if place is None else units[place] for place in places])

        rows = tuple((team, tuple(map(cells, repeat(team), assessors))) for team in teams)
        return SheetTable(source, digits, tuple(assessors), tuple(criteria), rows, weakest(self.provenances))


def _sheets(scores: Iterable[Score], problems: list[Violation]) -> tuple[SheetTable, ...]:
    sources: dict[str, _Sheets] = defaultdict(_Sheets)
    for score in scores:
        sheets = sources[score.source]
        row = sheets.rows[score.team, score.assessor]
        if score.criterion in row:
            rule = "a score is given once; a correction replaces it before"
            problems.append(violation(_path(score), score.value, rule, "DUPLICATE"))
        value = score.value
        # Only finite decimals may be looked up: others equal a number that they are not, or nothing at all.
        place = sheets.values.get(value) if type(value) is Decimal and value.is_finite() else None
        if place is None:
            place = sheets.values.setdefault(_value(value, _path(score), problems), len(sheets.values))
        row[score.criterion] = place
        sheets.provenances.add(score.provenance)
    return tuple(sheets.table(source) for source, sheets in sorted(sources.items()))


def _path(score: Score) -> str:
    return f"sheets.{score.source}.{score.assessor}.{score.team}.{score.criterion}"


def _digits(value: Decimal) -> int:
    _, _, fraction = plain(value).partition(".")
    return len(fraction)


def _measured(measurements: Iterable[Measurement], problems: list[Violation]) -> Iterator[Measurement]:
    for each in sorted(measurements, key=lambda one: (one.source, one.team, one.criterion)):
        value = _value(each.value, f"measurements.{each.source}.{each.team}.{each.criterion}", problems)
        yield Measurement(each.source, each.team, each.criterion, Decimal(plain(value)), each.provenance)


def _comparison_key(each: Comparison) -> tuple[str, ...]:
    return (each.source, each.assessor, each.item, each.first, each.second)


def _compared(each: Comparison, problems: list[Violation]) -> Comparison:
    """The comparison with its two teams in order of their names: who stood on which side decides nothing."""
    path = f"comparisons.{each.source}.{each.assessor}.{each.item}"
    if each.first == each.second:
        problems.append(violation(path, each.first, "two different teams are compared", "COMPARED_WITH_ITSELF"))
    if each.winner not in {each.first, each.second, ""}:
        rule = f"the winner is {each.first} or {each.second}, or nobody"
        problems.append(violation(path, each.winner, rule, "WINNER_UNKNOWN"))
    first, second = sorted((each.first, each.second))
    return replace(each, first=first, second=second)


def _figure_key(each: CarriedFigure) -> tuple[str, ...]:
    return (each.source, each.team, each.criterion)


def _brought(each: CarriedFigure, problems: list[Violation]) -> CarriedFigure:
    value = _value(each.value, f"carried.{each.source}.{each.team}.{each.criterion}", problems)
    return replace(each, value=Decimal(plain(value)))


def _value(value: Decimal, path: str, problems: list[Violation]) -> Decimal:
    try:
        return decimal_of(value)
    except NotExactError as error:
        problems.append(violation(path, value, error.rule, "NUMBER_NOT_EXACT"))
        return Decimal(0)  # stands in until the refusal; never reaches a decision


def _repeated(path: str, names: Iterable[str]) -> list[Violation]:
    seen: set[str] = set()
    found = []
    for name in names:
        if name in seen:
            found.append(violation(path, name, "each is given once", "DUPLICATE"))
        seen.add(name)
    return found

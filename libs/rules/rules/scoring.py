"""From scores to the table: each part of each team, exactly, with the way it came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from rules.decision import WorkingStep
from rules.exact import Exact, added, exact, exact_text, round_half_up
from rules.formulas import (
    Axis,
    BradleyTerry,
    LeaderScaled,
    Linear,
    Mean,
    Percentile,
    RankPoints,
    RatioToTarget,
    Round,
    StandardPoints,
    Sum,
    TrimmedMean,
    WeightedSum,
    ZScore,
)
from rules.marking import part_provenances, team_provenances
from rules.operator_error import OperatorError
from rules.operators import FIELDWIDE, OF_ONE_VALUE_ITSELF, PAIRWISE, POINTWISE, REDUCERS
from rules.sources import CarriedSource, ComparisonSource, MeasurementSource
from rules.violations import InputsRefusedError, violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rules.document import Part, RuleSet
    from rules.formulas import Comparing, Operator
    from rules.inputs import Inputs, Provenance


@dataclass(frozen=True, slots=True)
class TeamScore:
    """A team's points: exact value of every part (branches too), the total, and each leaf's last steps as text.

    `provenances` has the weakest mark of what each part's points came from, `provenance` that of all inputs.
    """

    team: str
    parts: Mapping[str, Fraction]
    total: Fraction
    working: Mapping[str, tuple[WorkingStep, ...]]
    provenances: Mapping[str, Provenance]
    provenance: Provenance


@dataclass(slots=True)
class _Field:
    """All teams' values of one part while its steps run: nested sequences along the axes still there.

    Where teams were compared in pairs, a team's value is its row of wins, by the names of `values`.
    """

    part: str
    names: tuple[str, ...]
    values: dict[str, Any]
    axes: list[Axis]
    per_one: int
    working: dict[str, tuple[WorkingStep, ...]] = field(default_factory=dict)


def score_table(rule_set: RuleSet, inputs: Inputs) -> dict[str, TeamScore]:
    """Every entrant's points; the inputs are complete. Raises InputsRefusedError where an operator has no answer."""
    parts: dict[str, dict[str, Fraction]] = {team: {} for team in inputs.entrants}
    working: dict[str, dict[str, tuple[WorkingStep, ...]]] = {team: {} for team in inputs.entrants}
    for leaf in rule_set.leaves():
        ran = _run(rule_set, leaf, inputs)
        for team in inputs.entrants:
            parts[team][leaf.id] = exact(ran.values[team])
            working[team][leaf.id] = ran.working[team]
    part_marks, marks = part_provenances(rule_set, inputs), team_provenances(inputs)
    return {
        team: TeamScore(
            team, parts[team], _add(rule_set.parts, parts[team]), working[team], part_marks[team], marks[team]
        )
        for team in inputs.entrants
    }


def along_the_way(rule_set: RuleSet, leaf: Part, inputs: Inputs) -> Iterator[tuple[dict[str, Any], tuple[Axis, ...]]]:
    """Every team's exact values before a leaf's first step and after each, with the axes still there.

    A value is nested along the axes: a list of criteria, each a list of assessors, or one number at last; where teams
    were compared in pairs it begins as a row of wins. The inputs are complete and can be decided.
    """
    ran = _start(rule_set, leaf, inputs)
    yield dict(_scaled(ran.values, ran.per_one)), tuple(ran.axes)
    for step in leaf.steps:
        _apply(step, ran, inputs)
        yield dict(_scaled(ran.values, ran.per_one)), tuple(ran.axes)


def _scaled(values: dict[str, Any], per_one: int) -> dict[str, Any]:
    """The values in units of one, of which `per_one` of theirs are one."""
    if per_one == 1:  # most of the time
        return values

    def below(value: Any) -> Any:
        if isinstance(value, int | Fraction):
            return Fraction(value.numerator, value.denominator * per_one)
        return [below(each) for each in value]

    return {team: below(value) for team, value in values.items()}


def _add(branch: tuple[Part, ...], parts: dict[str, Fraction]) -> Fraction:
    """The sum of some parts, noting each branch's own sum on the way."""
    for part in branch:
        if part.parts:
            parts[part.id] = _add(part.parts, parts)
    return added([parts[part.id] for part in branch])


def _run(rule_set: RuleSet, leaf: Part, inputs: Inputs) -> _Field:
    ran = _start(rule_set, leaf, inputs)
    ran.working = dict.fromkeys(ran.values, ())
    for step in leaf.steps:
        try:
            _apply(step, ran, inputs)
        except OperatorError as error:
            problem = violation(f"parts.{leaf.id}", error.operator, error.reason, error.code)
            raise InputsRefusedError([problem]) from error
        if not ran.axes:
            ran.values, ran.per_one = _scaled(ran.values, ran.per_one), 1
            for team, value in ran.values.items():
                ran.working[team] += (WorkingStep(step.operator, exact_text(value)),)
    return ran


def _start(rule_set: RuleSet, leaf: Part, inputs: Inputs) -> _Field:
    source = rule_set.source(leaf.source or "")
    if isinstance(source, ComparisonSource):
        return _Field(leaf.id, (), _wins(inputs, source.id), [], 1)
    names = tuple(each.id for each in source.criteria if not leaf.criteria or each.id in leaf.criteria)
    if isinstance(source, MeasurementSource | CarriedSource):
        measured = _measured(inputs, source.id)
        values: dict[str, Any] = {team: [measured[team, name] for name in names] for team in inputs.entrants}
        return _Field(leaf.id, names, values, [Axis.CRITERIA], 1)
    table = inputs.sheet_table(source.id)
    if table is None:  # only where nobody entered: completeness was checked before
        return _Field(leaf.id, names, {}, [Axis.CRITERIA, Axis.ASSESSORS], 1)
    chosen = [table.criteria.index(name) for name in names]
    values = {team: [columns[index] for index in chosen] for team, columns in table.columns.items()}
    return _Field(leaf.id, names, values, [Axis.CRITERIA, Axis.ASSESSORS], 10**table.digits)


def _measured(inputs: Inputs, source: str) -> dict[tuple[str, str], Fraction]:
    return {(each.team, each.criterion): exact(each.value) for each in inputs.figures() if each.source == source}


def _wins(inputs: Inputs, source: str) -> dict[str, list[Fraction]]:
    """How often each team won against each one, a tie counting half, in order of the entrants."""
    place = {team: number for number, team in enumerate(inputs.entrants)}
    wins = {team: [Fraction(0)] * len(place) for team in place}
    for each in inputs.comparisons:
        if each.source == source:
            for team, other in ((each.first, each.second), (each.second, each.first)):
                won = Fraction(1, 2) if not each.winner else Fraction(each.winner == team)
                wins[team][place[other]] += won
    return wins


def _apply(step: Operator, ran: _Field, inputs: Inputs) -> None:
    match step:
        case Sum() | Mean():
            _reduce(ran, step.over, REDUCERS[step.operator])
        case TrimmedMean():
            _reduce(ran, step.over, partial(REDUCERS[step.operator], highest=step.highest, lowest=step.lowest))
        case WeightedSum():
            weights = {each.criterion: exact(each.weight) for each in step.weights}
            _reduce(ran, Axis.CRITERIA, partial(REDUCERS[step.operator], weights=[weights[name] for name in ran.names]))
        case Linear():
            _each(ran, partial(POINTWISE[step.operator], points=exact(step.points), scale=exact(step.scale)))
        case Round():
            _each(ran, partial(round_half_up, digits=step.digits))
        case RatioToTarget():
            _ratio(ran, step, inputs)
        case StandardPoints():
            terms = {"centre": exact(step.centre), "spread": exact(step.spread), "points": exact(step.points)}
            _each(ran, partial(POINTWISE[step.operator], **terms))
        case LeaderScaled() | ZScore() | RankPoints() | Percentile():
            _compare(ran, _comparing(step))
        case BradleyTerry():
            strengths = PAIRWISE[step.operator](
                tuple(map(tuple, ran.values.values())),
                digits=step.digits,
                iterations=step.iterations,
                prior=exact(step.prior),
                result=step.result,
            )
            ran.values = dict(zip(ran.values, strengths, strict=True))
        case _:
            assert_never(step)


def _reduce(ran: _Field, over: Axis, reducer: Callable[..., Exact]) -> None:
    if len(ran.axes) == 1:
        ran.values = {team: reducer(values) for team, values in ran.values.items()}
    elif over is Axis.ASSESSORS:
        ran.values = {team: list(map(reducer, columns)) for team, columns in ran.values.items()}
    elif len(ran.names) == 1 and reducer in OF_ONE_VALUE_ITSELF:  # most parts have one criterion
        ran.values = {team: columns[0] for team, columns in ran.values.items()}
    else:
        ran.values = {team: list(map(reducer, zip(*columns, strict=True))) for team, columns in ran.values.items()}
    ran.axes.remove(over)


def _each(ran: _Field, change: Callable[[Exact], Exact]) -> None:
    ran.values, ran.per_one = _scaled(ran.values, ran.per_one), 1

    def below(value: Any) -> Any:
        return change(value) if isinstance(value, int | Fraction) else [below(each) for each in value]

    ran.values = {team: below(value) for team, value in ran.values.items()}


def _comparing(step: Comparing) -> Callable[[Sequence[Exact]], list[Exact]]:
    operator = FIELDWIDE[step.operator]
    match step:
        case LeaderScaled():
            return partial(operator, points=exact(step.points))
        case ZScore():
            sample, zero = step.deviation == "sample", step.all_equal == "zero"
            return partial(operator, sample=sample, digits=step.digits, all_equal_is_zero=zero)
        case RankPoints():
            return partial(operator, ties=step.ties, points=exact(step.points))
        case Percentile():
            alone = None if step.alone is None else exact(step.alone)
            return partial(operator, ties=step.ties, points=exact(step.points), alone=alone)
        case _:
            assert_never(step)


def _compare(ran: _Field, operator: Callable[[Sequence[Exact]], list[Exact]]) -> None:
    """All teams' values at each place of the axes still there against each other; what comes out has no unit."""
    if ran.values:
        ran.values = dict(zip(ran.values, _at_each_place(list(ran.values.values()), operator), strict=True))
    ran.per_one = 1


def _at_each_place(teams: list[Any], operator: Callable[[Sequence[Exact]], list[Exact]]) -> list[Any]:
    if isinstance(teams[0], int | Fraction):
        return operator(teams)
    places = (_at_each_place(list(place), operator) for place in zip(*teams, strict=True))
    return [list(values) for values in zip(*places, strict=True)]


def _ratio(ran: _Field, step: RatioToTarget, inputs: Inputs) -> None:
    targets = _measured(inputs, step.target)
    ratio = partial(POINTWISE[step.operator], cap=exact(step.cap))
    for team, values in ran.values.items():
        ran.values[team] = [ratio(value, targets[team, name]) for value, name in zip(values, ran.names, strict=True)]

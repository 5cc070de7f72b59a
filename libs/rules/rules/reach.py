"""What a part's steps can reach: they must end in one rounded number whose maximum is exactly the part's points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, assert_never

from rules.exact import Exact, exact, exact_text, plain, round_half_up
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
from rules.operators import mean, weighted_sum
from rules.sources import ComparisonSource, MeasurementSource, SheetSource
from rules.violations import Violation, violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from decimal import Decimal

    from rules.document import Part, RuleSet
    from rules.formulas import Comparing, Operator
    from rules.sources import AnySource, ScoredSource


@dataclass(slots=True)
class _Shape:
    """The greatest value each criterion can have (one entry once criteria are reduced), and the axes still there.

    None is a value without a greatest. `compared` while what is there are comparisons of two teams.
    """

    names: tuple[str, ...]
    greatest: list[Exact | None]
    axes: set[Axis]
    panel: SheetSource | None
    compared: bool = False

    def change(self, rule: Callable[[Exact], Exact]) -> None:
        """Apply a rule to every greatest value that exists."""
        self.greatest = [None if each is None else rule(each) for each in self.greatest]

    def reduce(self, rule: Callable[[list[Exact]], Exact]) -> None:
        """Make one greatest value of all; there is none where one of them has none."""
        known = [each for each in self.greatest if each is not None]
        self.greatest = [rule(known) if len(known) == len(self.greatest) else None]


def check_steps(
    rule_set: RuleSet,
    part: Part,
    source: AnySource,
    sources: Mapping[str, AnySource],
    path: str,
) -> Iterator[Violation]:
    """Violations of a part's steps: axes used twice or left over, trimming, targets, last rounding, points missed."""
    if isinstance(source, ComparisonSource):
        shape = _Shape(names=(), greatest=[None], axes=set(), panel=None, compared=True)
    else:
        shape = _scored(part, source)
    for number, step in enumerate(part.steps):
        found = list(_step(step, shape, sources, f"{path}.steps[{number}]"))
        yield from found
        if found:
            return
    yield from _result(rule_set, part, shape, path)


def _scored(part: Part, source: ScoredSource) -> _Shape:
    chosen = [each for each in source.criteria if not part.criteria or each.id in part.criteria]
    panel = source if isinstance(source, SheetSource) else None
    return _Shape(
        names=tuple(each.id for each in chosen),
        greatest=[exact(each.maximum) for each in chosen],
        axes={Axis.CRITERIA} | ({Axis.ASSESSORS} if panel else set()),
        panel=panel,
    )


def _result(rule_set: RuleSet, part: Part, shape: _Shape, path: str) -> Iterator[Violation]:
    if shape.axes or shape.compared:
        left = ", ".join(sorted(shape.axes)) or "comparisons"
        yield violation(f"{path}.steps", left, "the steps reduce every axis", "STEPS_LEAVE_AXIS")
        return
    last = part.steps[-1]
    if not isinstance(last, Round) or last.digits > rule_set.rounding.digits:
        rule = f"the last step rounds to at most {rule_set.rounding.digits} digits"
        yield violation(f"{path}.steps", last.operator, rule, "STEPS_END_UNROUNDED")
    greatest = shape.greatest[0]
    if greatest is None or greatest != exact(part.points):
        rule = f"the greatest score that the steps can give is the part's points, {plain(part.points)}"
        value = "no greatest score" if greatest is None else exact_text(greatest)
        yield violation(f"{path}.steps", value, rule, "STEPS_MISS_POINTS")


def _step(step: Operator, shape: _Shape, sources: Mapping[str, AnySource], path: str) -> Iterator[Violation]:
    if shape.compared is not isinstance(step, BradleyTerry):
        rule = "bradley_terry, and nothing else, makes one value a team of comparisons"
        yield violation(path, step.operator, rule, "STEPS_COMPARISONS")
        return
    match step:
        case Sum() | Mean() | TrimmedMean():
            yield from _reduce(step, shape, path)
        case WeightedSum():
            yield from _weigh(step, shape, path)
        case Linear() | StandardPoints() | RatioToTarget() | Round():
            yield from _change(step, shape, sources, path)
        case LeaderScaled() | ZScore() | RankPoints() | Percentile():
            yield from _compare(step, shape, path)
        case BradleyTerry():
            if step.prior < 0:
                yield violation(f"{path}.prior", plain(step.prior), "prior wins are not below zero", "SCALE_EMPTY")
            shape.compared, shape.greatest = False, [1]
        case _:
            assert_never(step)


def _change(
    step: Linear | StandardPoints | RatioToTarget | Round,
    shape: _Shape,
    sources: Mapping[str, AnySource],
    path: str,
) -> Iterator[Violation]:
    match step:
        case Linear():
            if step.scale <= 0 or step.points <= 0:
                yield violation(path, f"{step.points} ÷ {step.scale}", "points and scale are above zero", "SCALE_EMPTY")
            else:
                shape.change(lambda each: each * exact(step.points) / exact(step.scale))
        case StandardPoints():
            yield from _above_zero(path, spread=step.spread, points=step.points)
            shape.greatest = [exact(step.points)] * len(shape.greatest)
        case RatioToTarget():
            yield from _target(step, shape, sources, path)
        case Round():
            shape.change(lambda each: round_half_up(each, step.digits))
        case _:
            assert_never(step)


def _reduce(step: Sum | Mean | TrimmedMean, shape: _Shape, path: str) -> Iterator[Violation]:
    if step.over not in shape.axes:
        yield violation(f"{path}.over", step.over, "the axis is there and not yet reduced", "STEPS_AXIS_GONE")
        return
    shape.axes.discard(step.over)
    assessors = shape.panel.panel.minimum if shape.panel else 0
    size = len(shape.greatest) if step.over is Axis.CRITERIA else assessors
    if isinstance(step, TrimmedMean) and step.highest + step.lowest >= size:
        rule = f"fewer than {size} values are dropped"
        yield violation(path, step.highest + step.lowest, rule, "TRIM_LEAVES_NONE")
    if step.over is Axis.ASSESSORS:
        if isinstance(step, Sum):
            yield violation(
                path, step.operator, "assessors are averaged, since their number may vary", "SUM_OF_ASSESSORS"
            )
        return
    shape.reduce(sum if isinstance(step, Sum) else mean)


def _weigh(step: WeightedSum, shape: _Shape, path: str) -> Iterator[Violation]:
    if Axis.CRITERIA not in shape.axes:
        yield violation(path, step.operator, "the axis is there and not yet reduced", "STEPS_AXIS_GONE")
        return
    shape.axes.discard(Axis.CRITERIA)
    weights = {each.criterion: exact(each.weight) for each in step.weights}
    if len(weights) != len(step.weights) or set(weights) != set(shape.names):
        rule = f"one weight for each of {', '.join(shape.names)}"
        yield violation(f"{path}.weights", ", ".join(each.criterion for each in step.weights), rule, "WEIGHTS_MISMATCH")
        return
    if min(weights.values()) <= 0:
        yield violation(
            f"{path}.weights",
            plain(min(each.weight for each in step.weights)),
            "a weight is above zero",
            "WEIGHTS_MISMATCH",
        )
    shape.reduce(partial(weighted_sum, weights=[weights[name] for name in shape.names]))


def _compare(step: Comparing, shape: _Shape, path: str) -> Iterator[Violation]:
    if isinstance(step, LeaderScaled):
        if shape.axes:
            yield violation(path, step.operator, "teams are compared after every axis is reduced", "STEPS_LEAVE_AXIS")
    elif len(step.per) != len(shape.axes) or set(step.per) != shape.axes:
        value, rule = ", ".join(step.per) or "none", f"per names the axes still there: {', '.join(sorted(shape.axes))}"
        yield violation(f"{path}.per", value, rule, "STEPS_LEAVE_AXIS" if shape.axes else "STEPS_AXIS_GONE")
    if isinstance(step, ZScore):  # the first of many equal teams is any number of deviations above their mean
        shape.greatest = [None] * len(shape.greatest)
        return
    yield from _above_zero(path, points=step.points)
    if isinstance(step, Percentile) and step.alone is not None and not 0 <= step.alone <= step.points:
        yield violation(f"{path}.alone", plain(step.alone), "from 0 to the points", "SCALE_EMPTY")
    shape.greatest = [exact(step.points)] * len(shape.greatest)


def _above_zero(path: str, **amounts: Decimal) -> Iterator[Violation]:
    for name, amount in amounts.items():
        if amount <= 0:
            yield violation(f"{path}.{name}", plain(amount), f"{name} is above zero", "SCALE_EMPTY")


def _target(step: RatioToTarget, shape: _Shape, sources: Mapping[str, AnySource], path: str) -> Iterator[Violation]:
    target = sources.get(step.target)
    if not isinstance(target, MeasurementSource):
        yield violation(
            f"{path}.target", step.target, "the target is a declared source of measurements", "SOURCE_UNKNOWN"
        )
        return
    missing = set(shape.names) - {criterion.id for criterion in target.criteria}
    if missing or shape.axes != {Axis.CRITERIA}:
        rule = "the target measures the same criteria, and the ratio is taken of each measurement"
        yield violation(f"{path}.target", ", ".join(sorted(missing)) or step.target, rule, "TARGET_MISMATCH")
    if any(criterion.minimum <= 0 for criterion in target.criteria if criterion.id in shape.names):
        yield violation(f"{path}.target", step.target, "a target's score is above zero", "TARGET_MISMATCH")
    if step.cap <= 0:
        yield violation(f"{path}.cap", plain(step.cap), "the cap is above zero", "TARGET_MISMATCH")
    shape.greatest = [exact(step.cap)] * len(shape.greatest)

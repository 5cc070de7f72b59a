"""What a part's steps can reach: they must end in one rounded number whose maximum is exactly the part's points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from rules.document import (
    Axis,
    LeaderScaled,
    Linear,
    Mean,
    RatioToTarget,
    Round,
    SheetSource,
    Sum,
    TrimmedMean,
    WeightedSum,
)
from rules.exact import Exact, exact, exact_text, plain, round_half_up
from rules.operators import mean, weighted_sum
from rules.violations import Violation, violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.document import MeasurementSource, Operator, Part, RuleSet

    AnySource = SheetSource | MeasurementSource


@dataclass(slots=True)
class _Shape:
    """The greatest value each criterion can have (one entry once criteria are reduced), and the axes still there."""

    names: tuple[str, ...]
    greatest: list[Exact]
    axes: set[Axis]
    panel: SheetSource | None


def check_steps(
    rule_set: RuleSet,
    part: Part,
    source: AnySource,
    sources: Mapping[str, AnySource],
    path: str,
) -> Iterator[Violation]:
    """Violations of a part's steps: axes used twice or left over, trimming, targets, last rounding, points missed."""
    chosen = [each for each in source.criteria if not part.criteria or each.id in part.criteria]
    panel = source if isinstance(source, SheetSource) else None
    shape = _Shape(
        names=tuple(each.id for each in chosen),
        greatest=[exact(each.maximum) for each in chosen],
        axes={Axis.CRITERIA} | ({Axis.ASSESSORS} if panel else set()),
        panel=panel,
    )
    for number, step in enumerate(part.steps):
        found = list(_step(step, shape, sources, f"{path}.steps[{number}]"))
        yield from found
        if found:
            return
    yield from _result(rule_set, part, shape, path)


def _result(rule_set: RuleSet, part: Part, shape: _Shape, path: str) -> Iterator[Violation]:
    if shape.axes:
        left = ", ".join(sorted(shape.axes))
        yield violation(f"{path}.steps", left, "the steps reduce every axis", "STEPS_LEAVE_AXIS")
        return
    last = part.steps[-1]
    if not isinstance(last, Round) or last.digits > rule_set.rounding.digits:
        rule = f"the last step rounds to at most {rule_set.rounding.digits} digits"
        yield violation(f"{path}.steps", last.operator, rule, "STEPS_END_UNROUNDED")
    if shape.greatest[0] != exact(part.points):
        rule = f"the greatest score that the steps can give is the part's points, {plain(part.points)}"
        yield violation(f"{path}.steps", exact_text(shape.greatest[0]), rule, "STEPS_MISS_POINTS")


def _step(step: Operator, shape: _Shape, sources: Mapping[str, AnySource], path: str) -> Iterator[Violation]:
    match step:
        case Sum() | Mean() | TrimmedMean():
            yield from _reduce(step, shape, path)
        case WeightedSum():
            yield from _weigh(step, shape, path)
        case Linear():
            if step.scale <= 0 or step.points <= 0:
                yield violation(path, f"{step.points} ÷ {step.scale}", "points and scale are above zero", "SCALE_EMPTY")
            else:
                shape.greatest = [each * exact(step.points) / exact(step.scale) for each in shape.greatest]
        case RatioToTarget():
            yield from _target(step, shape, sources, path)
        case LeaderScaled():
            if shape.axes:
                yield violation(
                    path, step.operator, "teams are compared after every axis is reduced", "STEPS_LEAVE_AXIS"
                )
            shape.greatest = [exact(step.points)]
        case Round():
            shape.greatest = [round_half_up(each, step.digits) for each in shape.greatest]
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
    shape.greatest = [sum(shape.greatest) if isinstance(step, Sum) else mean(shape.greatest)]


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
    shape.greatest = [weighted_sum(shape.greatest, weights=[weights[name] for name in shape.names])]


def _target(step: RatioToTarget, shape: _Shape, sources: Mapping[str, AnySource], path: str) -> Iterator[Violation]:
    target = sources.get(step.target)
    if target is None or isinstance(target, SheetSource):
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

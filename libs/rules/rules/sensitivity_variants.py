"""What if one rule were another, or one panellist had stayed away: each variant decided, none estimated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from rules.collecting import collect
from rules.document import (
    Axis,
    ComparisonSource,
    LeaderScaled,
    Linear,
    Mean,
    MeasurementSource,
    Part,
    PartTie,
    Round,
    SheetSource,
    TrimmedMean,
)
from rules.exact import exact, exact_text
from rules.inputs import Inputs, Measurement, Score
from rules.operators import FIELDWIDE, OperatorError
from rules.scoring import score_table
from rules.sensitivity_trials import Outcome, tried, with_leaves
from rules.violations import InputsRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from rules.document import Operator, RuleSet
    from rules.inputs import SheetTable

MOST_TRIMMED = 2
_WHOLE = "*"
_OVER_FIELD = {*FIELDWIDE, "standard_points"}
"""Operators that make points of a team's place among the others."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing otherwise: `kind` (scaling, trimming, tie, panellist), where (part, panel, `*` for all), and how."""

    kind: str
    where: str
    how: str
    outcome: Outcome
    below_minimum: bool = False
    """Whether nothing could be decided without this panellist: the outcome is what it would be without that rule."""


Trial = Callable[[], Variant]


def variants(rule_set: RuleSet, inputs: Inputs) -> list[Trial]:
    """Every variant, to be tried one after the other; rules and inputs are prepared for trials."""
    return [
        *_scalings(rule_set, inputs),
        *_trimmings(rule_set, inputs),
        *_ties(rule_set, inputs),
        *_panellists(rule_set, inputs),
    ]


def _other_rules(kind: str, where: str, how: str, changed: RuleSet, inputs: Inputs) -> Variant:
    return Variant(kind, where, how, tried(changed, inputs))


def _with_steps(rule_set: RuleSet, steps: dict[str, tuple[Operator, ...]]) -> RuleSet:
    return with_leaves(
        rule_set, lambda leaf: leaf.model_copy(update={"steps": steps[leaf.id]}) if leaf.id in steps else leaf
    )


def _scalings(rule_set: RuleSet, inputs: Inputs) -> Iterator[Trial]:
    """Each part by itself, then all at once: scaled to the leader, by the scale of its scores, or as scores come."""
    found: dict[str, dict[str, tuple[Operator, ...]]] = {"leader": {}, "linear": {}, "none": {}}
    for leaf in rule_set.leaves():
        for how, steps in scalings(rule_set, leaf).items():
            found[how][leaf.id] = steps
    for how, by_part in found.items():
        for part, steps in by_part.items():
            changed = _with_steps(rule_set, {part: steps})
            yield partial(_other_rules, "scaling", part, how, changed, inputs)
        if len(by_part) > 1 and how != "none":
            changed = _with_steps(rule_set, by_part)
            yield partial(_other_rules, "scaling", _WHOLE, how, changed, inputs)


def scalings(rule_set: RuleSet, leaf: Part) -> dict[str, tuple[Operator, ...]]:
    """The steps of a part under each other scaling: `leader`, `linear`, `none`; those that it has already are left out.

    A part whose scores have no greatest value, so that nothing can be scaled to it, has no `linear`.
    """
    last = leaf.steps[-1]
    if not isinstance(last, Round):
        return {}
    within = [step for step in leaf.steps[:-1] if step.operator not in _OVER_FIELD]
    bare = tuple(step for step in within if not isinstance(step, Linear))
    scaled_to_field = len(within) < len(leaf.steps) - 1
    found: dict[str, tuple[Operator, ...]] = {
        "leader": (*within, LeaderScaled(operator="leader_scaled", points=leaf.points), last)
    }
    greatest = _greatest(rule_set, leaf, tuple(within))
    if greatest is not None and greatest > 0:
        to_points = Linear(operator="linear", points=leaf.points, scale=Decimal(exact_text(greatest)))
        found["linear"] = (*within, last) if greatest == exact(leaf.points) else (*within, to_points, last)
    if scaled_to_field or len(bare) < len(within):
        found["none"] = (*bare, last)
    return {how: steps for how, steps in found.items() if steps != leaf.steps}


def _greatest(rule_set: RuleSet, leaf: Part, steps: tuple[Operator, ...]) -> Fraction | None:
    """What the steps make of the greatest scores, None where that cannot be said."""
    alone = leaf.model_copy(update={"steps": steps})
    scores, measurements = [], []
    for source in rule_set.sources:
        if isinstance(source, SheetSource):
            scores += [
                Score(source.id, f"p{number}", "best", each.id, each.maximum)
                for each in source.criteria
                for number in range(source.panel.minimum)
            ]
        elif isinstance(source, MeasurementSource):
            measurements += [Measurement(source.id, "best", each.id, each.maximum) for each in source.criteria]
    best = collect(rule_set.stage, ["best"], scores=scores, measurements=measurements)
    try:
        table = score_table(rule_set.model_copy(update={"parts": (alone,)}), best)
    except (InputsRefusedError, OperatorError, KeyError, TypeError):
        return None
    greatest = table["best"].total
    return greatest if 10**12 % greatest.denominator == 0 else None


def _trimmings(rule_set: RuleSet, inputs: Inputs) -> Iterator[Trial]:
    for leaf in rule_set.leaves():
        for number, step in enumerate(leaf.steps):
            if isinstance(step, Mean | TrimmedMean) and step.over is Axis.ASSESSORS:
                yield from _trimmings_of(rule_set, inputs, leaf, number, step)


def _trimmings_of(
    rule_set: RuleSet, inputs: Inputs, leaf: Part, number: int, step: Mean | TrimmedMean
) -> Iterator[Trial]:
    table = inputs.sheet_table(leaf.source or "")
    size = len(table.assessors) if table else 0
    now = (step.highest, step.lowest) if isinstance(step, TrimmedMean) else (0, 0)
    for highest in range(MOST_TRIMMED + 1):
        for lowest in range(MOST_TRIMMED + 1):
            if (highest, lowest) == now or highest + lowest >= size:
                continue
            trimmed = TrimmedMean(operator="trimmed_mean", over=Axis.ASSESSORS, highest=highest, lowest=lowest)
            steps = (*leaf.steps[:number], trimmed, *leaf.steps[number + 1 :])
            changed = _with_steps(rule_set, {leaf.id: steps})
            how = f"{highest}/{lowest}"
            yield partial(_other_rules, "trimming", leaf.id, how, changed, inputs)


def _ties(rule_set: RuleSet, inputs: Inputs) -> Iterator[Trial]:
    """Each rule of the tie chain first, and the chain without it; the lot stays last."""
    for number, tie in enumerate(rule_set.ties):
        if not isinstance(tie, PartTie):
            continue
        others = (*rule_set.ties[:number], *rule_set.ties[number + 1 :])
        orders = {"without": others} | ({"first": (tie, *others)} if number else {})
        for how, chain in orders.items():
            changed = rule_set.model_copy(update={"ties": chain})
            yield partial(_other_rules, "tie", f"part:{tie.part}", how, changed, inputs)


def _panellists(rule_set: RuleSet, inputs: Inputs) -> Iterator[Trial]:
    for source in rule_set.sources:
        if isinstance(source, SheetSource | ComparisonSource):
            assessors = assessors_of(inputs, source.id)
            if len(assessors) > 1:
                yield from (partial(_left_out, rule_set, inputs, source, assessor) for assessor in assessors)


def assessors_of(inputs: Inputs, source: str) -> tuple[str, ...]:
    """Who scored or compared in a source."""
    table = inputs.sheet_table(source)
    if table is not None:
        return table.assessors
    return tuple(sorted({each.assessor for each in inputs.comparisons if each.source == source}))


def _left_out(rule_set: RuleSet, inputs: Inputs, source: SheetSource | ComparisonSource, assessor: str) -> Variant:
    """The outcome without an assessor; under the minimum of the panel also what it would be without that rule."""
    smaller = without(inputs, source.id, assessor)
    outcome = tried(rule_set, smaller)
    if not outcome.refused:
        return Variant("panellist", source.id, assessor, outcome)
    return Variant(
        "panellist", source.id, assessor, tried(_with_any_panel(rule_set, source), smaller), below_minimum=True
    )


def _with_any_panel(rule_set: RuleSet, source: SheetSource | ComparisonSource) -> RuleSet:
    changes: dict[str, object] = {"panel": source.panel.model_copy(update={"minimum": 1})}
    if isinstance(source, ComparisonSource):
        changes["per_pair"] = 0
    smaller = source.model_copy(update=changes)
    sources = tuple(smaller if each.id == source.id else each for each in rule_set.sources)
    return rule_set.model_copy(update={"sources": sources})


def without(inputs: Inputs, source: str, assessor: str) -> Inputs:
    """The inputs without one assessor's sheet or comparisons in a source."""
    return replace(
        inputs,
        sheets=tuple(_without(table, assessor) if table.source == source else table for table in inputs.sheets),
        comparisons=tuple(each for each in inputs.comparisons if (each.source, each.assessor) != (source, assessor)),
    )


def _without(table: SheetTable, assessor: str) -> SheetTable:
    place = table.assessors.index(assessor)
    return replace(
        table,
        assessors=(*table.assessors[:place], *table.assessors[place + 1 :]),
        cells=tuple((team, (*rows[:place], *rows[place + 1 :])) for team, rows in table.cells),
    )

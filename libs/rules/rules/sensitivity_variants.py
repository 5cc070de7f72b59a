"""What if one rule were another, or one panellist had stayed away: each variant decided, none estimated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from rules.collecting import collect
from rules.document import (
    Axis,
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
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    from rules.document import Operator, RuleSet
    from rules.inputs import SheetTable

MOST_TRIMMED = 2
_WHOLE = "*"


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing otherwise: `kind` (scaling, trimming, tie, panellist), where (part, panel, `*` for all), and how."""

    kind: str
    where: str
    how: str
    outcome: Outcome
    below_minimum: bool = False
    """Whether the panel without this panellist is smaller than the rules allow, so that nothing could be decided."""


Trial = tuple[str, str, str, "Callable[[], Outcome]", bool]


def variants(rule_set: RuleSet, inputs: Inputs) -> list[Callable[[], Variant]]:
    """Every variant, to be tried one after the other; rules and inputs are prepared for trials."""
    trials = [
        *_scalings(rule_set, inputs),
        *_trimmings(rule_set, inputs),
        *_ties(rule_set, inputs),
        *_panellists(rule_set, inputs),
    ]
    return [_later(trial) for trial in trials]


def _later(trial: Trial) -> Callable[[], Variant]:
    kind, where, how, run, below_minimum = trial
    return lambda: Variant(kind, where, how, run(), below_minimum)


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
            yield "scaling", part, how, partial(tried, changed, inputs), False
        if len(by_part) > 1 and how != "none":
            changed = _with_steps(rule_set, by_part)
            yield "scaling", _WHOLE, how, partial(tried, changed, inputs), False


def scalings(rule_set: RuleSet, leaf: Part) -> dict[str, tuple[Operator, ...]]:
    """The steps of a part under each other scaling: `leader`, `linear`, `none`; those that it has already are left out.

    A part whose scores have no greatest value, so that nothing can be scaled to it, has no `linear`.
    """
    last = leaf.steps[-1]
    if not isinstance(last, Round):
        return {}
    within = [step for step in leaf.steps[:-1] if step.operator not in FIELDWIDE]
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
            yield "trimming", leaf.id, how, partial(tried, changed, inputs), False


def _ties(rule_set: RuleSet, inputs: Inputs) -> Iterator[Trial]:
    """Each rule of the tie chain first, and the chain without it; the lot stays last."""
    for number, tie in enumerate(rule_set.ties):
        if not isinstance(tie, PartTie):
            continue
        others = (*rule_set.ties[:number], *rule_set.ties[number + 1 :])
        orders = {"without": others} | ({"first": (tie, *others)} if number else {})
        for how, chain in orders.items():
            changed = rule_set.model_copy(update={"ties": chain})
            yield "tie", f"part:{tie.part}", how, partial(tried, changed, inputs), False


def _panellists(rule_set: RuleSet, inputs: Inputs) -> Iterator[Trial]:
    for source in rule_set.sources:
        table = inputs.sheet_table(source.id) if isinstance(source, SheetSource) else None
        if table is None or not isinstance(source, SheetSource) or len(table.assessors) < 2:  # noqa: PLR2004 - one must stay
            continue
        short = len(table.assessors) - 1 < source.panel.minimum
        changed = _with_smaller_panel(rule_set, source) if short else rule_set
        for assessor in table.assessors:
            yield (
                "panellist",
                source.id,
                assessor,
                partial(_tried_without, changed, inputs, table, assessor),
                short,
            )


def _with_smaller_panel(rule_set: RuleSet, source: SheetSource) -> RuleSet:
    panel = source.panel.model_copy(update={"minimum": 1})
    smaller = source.model_copy(update={"panel": panel})
    sources = tuple(smaller if each.id == source.id else each for each in rule_set.sources)
    return rule_set.model_copy(update={"sources": sources})


def _tried_without(rule_set: RuleSet, inputs: Inputs, table: SheetTable, assessor: str) -> Outcome:
    return tried(rule_set, without(inputs, table, assessor))


def without(inputs: Inputs, table: SheetTable, assessor: str) -> Inputs:
    """The inputs without one assessor's sheet."""
    place = table.assessors.index(assessor)
    smaller = replace(
        table,
        assessors=(*table.assessors[:place], *table.assessors[place + 1 :]),
        cells=tuple((team, (*rows[:place], *rows[place + 1 :])) for team, rows in table.cells),
    )
    return replace(inputs, sheets=tuple(smaller if each is table else each for each in inputs.sheets))

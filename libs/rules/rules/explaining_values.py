"""A team's values on the way to the first single number of a part, for a reader: what was given, what was left out."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules.document import Axis, ComparisonSource, Mean, RatioToTarget, Sum, TrimmedMean, WeightedSum
from rules.exact import exact, exact_text
from rules.operators import POINTWISE, REDUCERS

if TYPE_CHECKING:
    from fractions import Fraction

    from rules.document import Operator, Part, RuleSet
    from rules.explaining_words import Language
    from rules.inputs import Inputs

_SHOWN = 12
Columns = list[list["Fraction"]]
"""A column a criterion; in it a value an assessor, or one measured value."""


def values_on_the_way(rule_set: RuleSet, part: Part, inputs: Inputs, team: str, lang: Language) -> list[str]:
    """The given values as text, then the values after each step as long as they are more than one number.

    Shorter where a step compares teams or is of a kind that works otherwise; empty where nothing was given in scores.
    """
    source = rule_set.source(part.source or "")
    if isinstance(source, ComparisonSource):
        return [_duels(inputs, source.id, team, lang)]
    names = tuple(each.id for each in getattr(source, "criteria", ()) if not part.criteria or each.id in part.criteria)
    sheets = inputs.sheet_table(source.id)
    values = _given(inputs, source.id, team, names)
    if values is None:
        return []
    axes = [Axis.CRITERIA] + ([Axis.ASSESSORS] if sheets else [])
    told = [_text(values, names, axes, lang)]
    for step in part.steps:
        dropped = _dropped(step, values, axes, lang)
        changed = _after(step, values, axes, names, inputs, team)
        if changed is None:
            break
        values = changed
        if not axes:
            told.append(dropped)
            break
        told.append(_text(values, names, axes, lang))
    return told


def _duels(inputs: Inputs, source: str, team: str, lang: Language) -> str:
    """Wins, ties and losses against each other team."""
    results: dict[str, Counter[str]] = {}
    for each in inputs.comparisons:
        if each.source == source and team in {each.first, each.second}:
            other = each.second if each.first == team else each.first
            result = "tie" if not each.winner else "win" if each.winner == team else "loss"
            results.setdefault(other, Counter())[result] += 1
    told = (
        "{other} 상대 {win}승 {tie}무 {loss}패"
        if lang == "ko"
        else "against {other} {win} won, {tie} level, {loss} lost"
    )
    counts = {other: {result: found[result] for result in ("win", "tie", "loss")} for other, found in results.items()}
    return "; ".join(told.format(other=other, **found) for other, found in sorted(counts.items()))


def _given(inputs: Inputs, source: str, team: str, names: tuple[str, ...]) -> Columns | None:
    table = inputs.sheet_table(source)
    if table is not None and team in table.columns:
        unit = Decimal(1).scaleb(-table.digits)
        columns = table.columns[team]
        return [[exact((cell or 0) * unit) for cell in columns[table.criteria.index(name)]] for name in names]
    measured = {
        each.criterion: exact(each.value) for each in inputs.figures() if (each.source, each.team) == (source, team)
    }
    return [[measured[name]] for name in names] if names and all(name in measured for name in names) else None


def _after(
    step: Operator, values: Columns, axes: list[Axis], names: tuple[str, ...], inputs: Inputs, team: str
) -> Columns | None:
    """The values after a step, None for one that compares teams; an axis that it reduces is taken out of `axes`."""
    match step:
        case Sum() | Mean() | TrimmedMean():
            options = {"highest": step.highest, "lowest": step.lowest} if isinstance(step, TrimmedMean) else {}
            return _reduced(values, axes, step.over, lambda each: REDUCERS[step.operator](each, **options))
        case WeightedSum():
            weights = {each.criterion: exact(each.weight) for each in step.weights}
            factors = [weights[name] for name in names]
            return _reduced(values, axes, Axis.CRITERIA, lambda each: REDUCERS[step.operator](each, weights=factors))
        case RatioToTarget():
            targets = _given(inputs, step.target, team, names)
            ratio, cap = POINTWISE[step.operator], exact(step.cap)
            return targets and [[exact(ratio(own[0], to[0], cap=cap))] for own, to in zip(values, targets, strict=True)]
        case _:
            return None


def _reduced(values: Columns, axes: list[Axis], over: Axis, reducer: Any) -> Columns:
    axes.remove(over)
    if over is Axis.ASSESSORS:
        return [[exact(reducer(column))] for column in values]
    return [[exact(reducer(list(row))) for row in zip(*values, strict=True)]]


def _dropped(step: Operator, values: Columns, axes: list[Axis], lang: Language) -> str:
    """What a trimmed mean leaves out of the one column that is left."""
    if not isinstance(step, TrimmedMean) or len(values) != 1 or step.over not in axes:
        return ""
    ordered = sorted(values[0])
    low, high = ordered[: step.lowest], ordered[len(ordered) - step.highest :]
    left_out = ", ".join(exact_text(each) for each in (*low, *high))
    return (f"제외 {left_out}" if lang == "ko" else f"left out {left_out}") if left_out else ""


def _text(values: Columns, names: tuple[str, ...], axes: list[Axis], lang: Language) -> str:
    if Axis.CRITERIA not in axes:
        return _column(values[0], lang)
    columns = [f"{name} {_column(column, lang)}" for name, column in zip(names, values, strict=True)]
    return "; ".join(columns)


def _column(values: list[Fraction], lang: Language) -> str:
    """Values from the least to the greatest, since which assessor gave which is nobody's business here."""
    ordered = sorted(values)
    if len(ordered) <= _SHOWN:
        return " ".join(exact_text(each) for each in ordered)
    counts = sorted(Counter(ordered).items())
    if len(counts) <= _SHOWN:
        times = "{value}점 {count}명" if lang == "ko" else "{value} ×{count}"
        return ", ".join(times.format(value=exact_text(value), count=count) for value, count in counts)
    lowest, highest = exact_text(ordered[0]), exact_text(ordered[-1])
    return (
        f"{len(ordered)}개 값, {lowest}~{highest}" if lang == "ko" else f"{len(ordered)} values, {lowest} to {highest}"
    )

"""A team's values on the way to the first single number of a part, for a reader: what was given, what was left out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rules.document import Axis, ComparisonSource, TrimmedMean
from rules.exact import exact_text
from rules.explaining_words import readable
from rules.scoring import along_the_way

if TYPE_CHECKING:
    from fractions import Fraction

    from rules.document import Operator, Part, RuleSet
    from rules.explaining_words import Language
    from rules.inputs import Inputs

_SHOWN = 12


def values_on_the_way(rule_set: RuleSet, part: Part, inputs: Inputs, lang: Language) -> dict[str, list[str]]:
    """By team: the given values as text, then for each step the values that it gives or, at last, leaves out.

    Empty text where a step gives one number and leaves nothing out.
    """
    source = rule_set.source(part.source or "")
    told: dict[str, list[str]] = {team: [] for team in inputs.entrants}
    if isinstance(source, ComparisonSource):
        return {team: [_duels(inputs, source.id, team, lang)] for team in told}
    names = tuple(each.id for each in source.criteria if not part.criteria or each.id in part.criteria)
    before: dict[str, Any] = {}
    for number, (values, axes) in enumerate(along_the_way(rule_set, part, inputs)):
        for team, value in values.items():
            if axes:
                told[team].append(_text(value, names, axes, lang))
            else:
                told[team].append(_dropped(part.steps[number - 1], before[team], lang))
        before = values
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


def _dropped(step: Operator, values: Any, lang: Language) -> str:
    """What a trimmed mean leaves out."""
    if not isinstance(step, TrimmedMean) or not isinstance(values, list):
        return ""
    ordered = sorted(values)
    dropped = (*ordered[: step.lowest], *ordered[len(ordered) - step.highest :])
    left_out = ", ".join(exact_text(each) for each in dropped)
    return (f"제외 {left_out}" if lang == "ko" else f"left out {left_out}") if left_out else ""


def _text(values: list[Any], names: tuple[str, ...], axes: tuple[Axis, ...], lang: Language) -> str:
    if Axis.CRITERIA not in axes:
        return _column(values, lang)
    columns = (value if Axis.ASSESSORS in axes else [value] for value in values)
    return "; ".join(f"{name} {_column(column, lang)}" for name, column in zip(names, columns, strict=True))


def _column(values: list[Fraction], lang: Language) -> str:
    """Values from the least to the greatest, since which assessor gave which is nobody's business here."""
    ordered = sorted(values)
    if len(ordered) <= _SHOWN:
        separator = ", " if any("/" in exact_text(each) for each in ordered) else " "
        return separator.join(readable(exact_text(each)) for each in ordered)
    counts = sorted(Counter(ordered).items())
    if len(counts) <= _SHOWN:
        times = "{value}점 {count}명" if lang == "ko" else "{value} ×{count}"
        return ", ".join(times.format(value=exact_text(value), count=count) for value, count in counts)
    lowest, highest = exact_text(ordered[0]), exact_text(ordered[-1])
    return (
        f"{len(ordered)}개 값, {lowest}~{highest}" if lang == "ko" else f"{len(ordered)} values, {lowest} to {highest}"
    )

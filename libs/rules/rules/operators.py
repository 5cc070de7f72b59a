"""Named scoring operators: pure, exact, none of them evaluated from text.

Every operator takes exact numbers and gives an exact number; only `round_half_up` loses anything, and it is named in
the rule set each time. Reducers are homogeneous (k times the values gives k times the result), so that a table of
integers in units of its last decimal may be reduced before it is brought to its unit.

Source: ministry releases of 2026-01-15, 2026-08-18 and 2026-08-20: rules of stages 1 and 2.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from rules.exact import Exact, exact, root_half_up, round_half_up
from rules.operator_error import OperatorError
from rules.pairwise import bradley_terry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rules.formulas import TieRule

__all__ = [
    "FIELDWIDE",
    "OF_ONE_VALUE_ITSELF",
    "OPERATORS",
    "PAIRWISE",
    "POINTWISE",
    "REDUCERS",
    "OperatorError",
    "bradley_terry",
    "leader_scaled",
    "linear",
    "mean",
    "percentile",
    "rank_points",
    "ratio_to_target",
    "standard_points",
    "trimmed_mean",
    "weighted_sum",
    "z_score",
]


def mean(values: Sequence[Exact]) -> Exact:
    """The arithmetic mean; of nothing it does not exist."""
    if not values:
        raise OperatorError("mean", "there is no value")
    return Fraction(sum(values), len(values))


def trimmed_mean(values: Sequence[Exact], *, highest: int, lowest: int) -> Exact:
    """The mean without the `highest` greatest and the `lowest` least values, each counted as often as it occurs.

    Source: expert part of stages 1 and 2, "without the highest and the lowest panellist".
    """
    if min(highest, lowest) < 0 or highest + lowest >= len(values):
        raise OperatorError("trimmed_mean", f"dropping {highest} and {lowest} of {len(values)} values leaves none")
    if highest == lowest == 1:  # as most panels have it; then nothing need be put in order
        return Fraction(sum(values) - max(values) - min(values), len(values) - 2)
    return mean(sorted(values)[lowest : len(values) - highest])


def weighted_sum(values: Sequence[Exact], *, weights: Sequence[Exact]) -> Exact:
    """The sum of value times weight, in order; one weight a value."""
    if len(values) != len(weights):
        raise OperatorError("weighted_sum", f"{len(values)} values have {len(weights)} weights")
    return sum(value * weight for value, weight in zip(values, weights, strict=True))


def linear(value: Exact, *, points: Exact, scale: Exact) -> Exact:
    """Value × points ÷ scale: an index of 60 on a scale of 100 is 15 of 25 points (release of 2026-08-20)."""
    if scale <= 0:
        raise OperatorError("linear", "the scale is above zero")
    return exact(value) * points / exact(scale)


def ratio_to_target(value: Exact, target: Exact, *, cap: Exact = 1) -> Exact:
    """Value ÷ target, at most `cap`: 72 against 80 is 0.9 (stage 1, individual benchmarks)."""
    if target <= 0:
        raise OperatorError("ratio_to_target", "the target's score is above zero")
    return min(exact(value) / exact(target), exact(cap))


def leader_scaled(values: Sequence[Exact], *, points: Exact) -> list[Exact]:
    """Each value × points ÷ the greatest value: the leader gets the full points (stage 1, expert users)."""
    leader = max(values, default=0)
    if values and leader <= 0:
        raise OperatorError("leader_scaled", "the leader's score is above zero")
    return [exact(value) * points / exact(leader) for value in values]


def z_score(values: Sequence[Exact], *, sample: bool, digits: int, all_equal_is_zero: bool) -> list[Exact]:
    """How many standard deviations each value lies above the mean, half up to `digits`; exact up to that rounding.

    With n values and d = n × value - sum, z² is d² × n ÷ Σd² for the population and d² × (n - 1) ÷ Σd² for a sample.
    So only z itself is rounded. Equal values, or one alone, have no deviation: all are 0 where the document says so.
    Source: the standard score; deviation of the population (÷ n) or of the sample (÷ n - 1).
    """
    whole = _whole(values)
    total = sum(whole)
    offsets = [len(whole) * value - total for value in whole]
    squares = sum(offset * offset for offset in offsets)
    if not squares:
        if values and not all_equal_is_zero:
            raise OperatorError("z_score", "all values are equal, so there is no deviation", "VALUES_ALL_EQUAL")
        return [0] * len(values)
    factor = len(whole) - sample
    sizes = (root_half_up(Fraction(offset * offset * factor, squares), digits) for offset in offsets)
    return [-size if offset < 0 else size for offset, size in zip(offsets, sizes, strict=True)]


def standard_points(value: Exact, *, centre: Exact, spread: Exact, points: Exact) -> Exact:
    """The centre + spread × value, kept between 0 and `points`: with 50 and 10 a z-score becomes a T-score."""
    return min(max(centre + spread * value, exact(0)), points)


def rank_points(values: Sequence[Exact], *, ties: TieRule, points: Exact) -> list[Exact]:
    """The points × (n + 1 - place) ÷ n, places from 1 for the greatest value; level ones as `ties` says."""
    size = len(values)
    return [points * (size + 1 - place) / size for place in _places(values, ties)]


def percentile(values: Sequence[Exact], *, ties: TieRule, points: Exact, alone: Exact | None) -> list[Exact]:
    """The points × (n - place) ÷ (n - 1): the share of the others that are behind; level ones as `ties` says.

    A value without others is `alone`. Source: percentile rank, ties counted half in its average form.
    """
    others = len(values) - 1
    if others == 0:
        if alone is None:
            raise OperatorError("percentile", "there is no other team to compare with", "NOTHING_TO_COMPARE")
        return [alone]
    return [points * (len(values) - place) / others for place in _places(values, ties)]


def _places(values: Sequence[Exact], ties: TieRule) -> list[Fraction]:
    """Each value's place, 1 for the greatest; of level ones the average, the best or the worst of their places."""
    ordered = sorted(values)
    places = []
    for value in values:
        best = len(ordered) - bisect_right(ordered, value) + 1
        worst = len(ordered) - bisect_left(ordered, value)
        places.append({"average": Fraction(best + worst, 2), "best": Fraction(best), "worst": Fraction(worst)}[ties])
    return places


def _whole(values: Sequence[Exact]) -> list[int]:
    """The values in units of their least common denominator."""
    unit = math.lcm(*(value.denominator for value in values))
    return [value.numerator * (unit // value.denominator) for value in values]


REDUCERS: Mapping[str, Callable[..., Exact]] = MappingProxyType(
    {"sum": sum, "mean": mean, "trimmed_mean": trimmed_mean, "weighted_sum": weighted_sum},
)
"""Operators that make one number of the values along an axis, by the name that a rule set uses."""

OF_ONE_VALUE_ITSELF: frozenset[Callable[..., Exact]] = frozenset({sum, mean})
"""Reducers that give a single value back as it is."""

POINTWISE: Mapping[str, Callable[..., Exact]] = MappingProxyType(
    {
        "linear": linear,
        "ratio_to_target": ratio_to_target,
        "round": round_half_up,
        "standard_points": standard_points,
    },
)
"""Operators that change each value by itself."""

FIELDWIDE: Mapping[str, Callable[..., list[Exact]]] = MappingProxyType(
    {"leader_scaled": leader_scaled, "z_score": z_score, "rank_points": rank_points, "percentile": percentile},
)
"""Operators that look at all teams together; a positive factor in all values changes nothing in what they give."""

PAIRWISE: Mapping[str, Callable[..., list[Exact]]] = MappingProxyType({"bradley_terry": bradley_terry})
"""Operators that make one number a team of comparisons of two."""

OPERATORS: Mapping[str, Callable[..., object]] = MappingProxyType({**REDUCERS, **POINTWISE, **FIELDWIDE, **PAIRWISE})
"""Every operator a rule set may name."""

"""Named scoring operators: pure, exact, none of them evaluated from text.

Every operator takes exact numbers and gives an exact number; only `round_half_up` loses anything, and it is named in
the rule set each time. Reducers are homogeneous (k times the values gives k times the result), so that a table of
integers in units of its last decimal may be reduced before it is brought to its unit.

Source: ministry releases of 2026-01-15, 2026-08-18 and 2026-08-20: rules of stages 1 and 2.
"""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from rules.exact import Exact, exact, round_half_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class OperatorError(ValueError):
    """An operator has no answer for these values: `operator`, and `reason` as a sentence."""

    def __init__(self, operator: str, reason: str) -> None:
        self.operator, self.reason = operator, reason
        super().__init__(f"{operator}: {reason}")


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


REDUCERS: Mapping[str, Callable[..., Exact]] = MappingProxyType(
    {"sum": sum, "mean": mean, "trimmed_mean": trimmed_mean, "weighted_sum": weighted_sum},
)
"""Operators that make one number of the values along an axis, by the name that a rule set uses."""

OF_ONE_VALUE_ITSELF: frozenset[Callable[..., Exact]] = frozenset({sum, mean})
"""Reducers that give a single value back as it is."""

POINTWISE: Mapping[str, Callable[..., Exact]] = MappingProxyType(
    {"linear": linear, "ratio_to_target": ratio_to_target, "round": round_half_up},
)
"""Operators that change each value by itself."""

FIELDWIDE: Mapping[str, Callable[..., list[Exact]]] = MappingProxyType({"leader_scaled": leader_scaled})
"""Operators that look at all teams together."""

OPERATORS: Mapping[str, Callable[..., object]] = MappingProxyType({**REDUCERS, **POINTWISE, **FIELDWIDE})
"""Every operator a rule set may name."""

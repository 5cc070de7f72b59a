"""Linear statements about the points of every team in every leaf part, in whole units of the last digit."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from rules.exact import exact

if TYPE_CHECKING:
    from collections.abc import Mapping

Cell = tuple[str, str]
"""A team and a leaf part."""
Sum = dict[Cell, int]
"""A sum of leaf points, each times a whole number."""


@dataclass(frozen=True, slots=True)
class Between:
    """`low` ≤ a sum of leaf points ≤ `high`, in units."""

    terms: Mapping[Cell, int]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class GreatestBetween:
    """`low` ≤ the greatest of some sums ≤ `high`."""

    sums: tuple[Sum, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class SpreadBetween:
    """`low` ≤ the greatest less the least of some sums ≤ `high`."""

    sums: tuple[Sum, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """One team is ahead of another: the first of `keys` in which they differ is above zero; all may be zero."""

    keys: tuple[Sum, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """Exactly `ahead` of the others are ahead of a team: `keys` of each other less the team's own."""

    others: tuple[tuple[Sum, ...], ...]
    ahead: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Of `teams`, which all went, `number` were kept by the cut and went for another reason; `None`: some, or none.

    Whoever was kept is ahead of whoever was cut: `ahead` has the keys of the first less the second, for every such two.
    One that was kept missed one of its `missed`, each a sum with the most that it then is; without any it may have gone
    for a verdict, which says nothing of points.
    """

    teams: tuple[str, ...]
    certain: tuple[str, ...]
    number: int | None
    ahead: Mapping[tuple[str, str], tuple[Sum, ...]]
    missed: Mapping[str, tuple[tuple[Sum, int], ...]]


Statement = Between | GreatestBetween | SpreadBetween | Ahead | Placed | Kept


@dataclass(slots=True)
class Facts:
    """Everything that some views say of one stage's points, and the points that they show as they are."""

    units: int
    """Units of one point: 10 where the rule set rounds to one digit."""
    teams: tuple[str, ...]
    leaves: Mapping[str, tuple[str, ...]]
    """The leaf parts of every part, and of "total"."""
    most: Mapping[str, int]
    """Most units that a leaf part can give."""
    least: Mapping[str, int]
    """Fewest units, or fewer."""
    statements: list[Statement] = field(default_factory=list)
    shown: set[tuple[str, str]] = field(default_factory=set)
    """Team and part of all points that the views show to the last digit."""

    def points(self, team: str, part: str) -> Sum:
        """A team's points in a part, as a sum of leaves."""
        return {(team, leaf): 1 for leaf in self.leaves[part]}

    def widest(self, part: str) -> int:
        """No points in a part, and no difference of two teams' points, is farther from zero than this."""
        return sum(self.most[leaf] - self.least[leaf] for leaf in self.leaves[part])


def less(one: Sum, other: Sum) -> Sum:
    """By how much one sum is above another, as a sum."""
    return {cell: one.get(cell, 0) - other.get(cell, 0) for cell in one.keys() | other.keys()}


def units_of(text: str, units: int, count: int = 1) -> tuple[int, int]:
    """The least and the greatest whole number of units that, divided by `count`, are rounded half up to this text."""
    _, _, digits = text.partition(".")
    half = Fraction(1, 2 * 10 ** len(digits))
    value = exact(Decimal(text))
    low, beyond = (value - half) * units * count, (value + half) * units * count
    return ceil(low), ceil(beyond) - 1

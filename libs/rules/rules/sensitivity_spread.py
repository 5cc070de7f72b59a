"""How much a part really decides: its share of the variance of totals, and how much of its range was used."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from rules.exact import exact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.document import RuleSet
    from rules.scoring import TeamScore


@dataclass(frozen=True, slots=True)
class Spread:
    """One part over all entrants; all numbers exact.

    `nominal` is its share of the points, `effective` its share of the variance of totals (covariance with the total ÷
    variance of the total: the shares of parts that make up the total add up to 1, and one can be negative); None where
    all totals are equal. `used` is the distance from lowest to highest as a share of the part's points: a compressed
    part uses little of them. `leaders` have the most points.
    """

    part: str
    points: Fraction
    nominal: Fraction
    effective: Fraction | None
    lowest: Fraction
    highest: Fraction
    used: Fraction
    leaders: tuple[str, ...]


def spreads(rule_set: RuleSet, table: Mapping[str, TeamScore]) -> tuple[Spread, ...]:
    """The spread of every part in document order; somebody has entered."""
    teams = sorted(table)
    totals = [table[team].total for team in teams]
    variance = covariance(totals, totals)
    whole = exact(rule_set.points)
    found = []
    for part in rule_set.every_part():
        points, values = exact(part.points), [table[team].parts[part.id] for team in teams]
        lowest, highest = min(values), max(values)
        found.append(
            Spread(
                part=part.id,
                points=points,
                nominal=points / whole,
                effective=covariance(values, totals) / variance if variance else None,
                lowest=lowest,
                highest=highest,
                used=(highest - lowest) / points,
                leaders=tuple(team for team, value in zip(teams, values, strict=True) if value == highest),
            )
        )
    return tuple(found)


def covariance(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    """The mean product of the distances from both means, exact."""
    size = len(left)
    products = sum((one * other for one, other in zip(left, right, strict=True)), Fraction(0))
    return products / size - sum(left, Fraction(0)) * sum(right, Fraction(0)) / size**2

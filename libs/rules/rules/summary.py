"""What is published of a part beside single scores: the best team, the mean, the gap from first to last."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rules.exact import exact, fixed

if TYPE_CHECKING:
    from rules.decision import Decision


@dataclass(frozen=True, slots=True)
class Summary:
    """One part over all entrants, as text with the digits asked for."""

    part: str
    best: str
    best_teams: tuple[str, ...]
    mean: str
    gap: str


def summarise(decision: Decision, part: str, *, mean_digits: int = 2) -> Summary:
    """Best, mean (rounded half up to `mean_digits`) and gap of a part, `total` for the whole; somebody has entered."""
    points = {row.team: row.total if part == "total" else row.points(part) for row in decision.table}
    values = [exact(Decimal(text)) for text in points.values()]
    best = max(values)
    leaders = tuple(sorted(team for team, text in points.items() if exact(Decimal(text)) == best))
    digits = len(points[leaders[0]].partition(".")[2])
    average = fixed(sum(values, Fraction(0)) / len(values), mean_digits)
    return Summary(part, fixed(best, digits), leaders, average, fixed(best - min(values), digits))

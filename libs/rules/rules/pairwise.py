"""Strengths from comparisons of two teams: the model of Bradley and Terry, in whole numbers, the same everywhere.

Team i beats team j with the chance p_i ÷ (p_i + p_j). The most likely strengths exist, and are one set up to a common
factor, exactly where of no two groups of teams one won every comparison with the other, or there was none (Ford, 1957).
They are the limit of p_i ← w_i ÷ Σ_j n_ij ÷ (p_i + p_j), all teams at once, with w_i wins of i and n_ij comparisons
of i and j, a tie being half a win each way (Hunter, 2004).

Every division is rounded half up to `digits` + 8 decimals; after each round strengths are scaled to average 1; the
rounds end when none moved by more than 10^-(digits + 4). All of that is said here because another order of rounding
gives other last digits.
Source: Bradley and Terry 1952; Ford 1957; Hunter 2004, "MM algorithms for generalized Bradley-Terry models".
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from rules.exact import Exact, round_half_up
from rules.operator_error import OperatorError

if TYPE_CHECKING:
    from collections.abc import Sequence

Wins = tuple[tuple[Fraction, ...], ...]
"""Row i, column j: how often team i won against team j, a tie counting half."""
GUARD_DIGITS = 8
SETTLED_DIGITS = 4


_NAME = "bradley_terry"


def bradley_terry(
    wins: Wins, *, digits: int, iterations: int, prior: Exact, result: Literal["strength", "win-share"]
) -> list[Exact]:
    """Each team's strength (all add up to 1) or its mean chance against the others, half up to `digits` decimals.

    Raises OperatorError where the strengths do not exist or have not settled after `iterations` rounds.
    """
    size = len(wins)
    if size == 0:
        return []
    if size == 1:
        if result == "win-share":
            raise OperatorError(_NAME, "there is no other team to compare with", "NOTHING_TO_COMPARE")
        return [1]
    counted = _with_prior(wins, prior)
    _check_connected(counted)
    strengths = _settled(counted, digits, iterations)
    if result == "strength":
        return [round_half_up(Fraction(each, sum(strengths)), digits) for each in strengths]
    return [round_half_up(_mean_chance(strengths, team), digits) for team in range(size)]


def _with_prior(wins: Wins, prior: Exact) -> list[list[int]]:
    """Wins with the prior ones, times their common denominator, which leaves the strengths as they are."""
    rows = [[each + prior if i != j else Fraction(0) for j, each in enumerate(row)] for i, row in enumerate(wins)]
    unit = math.lcm(*(each.denominator for row in rows for each in row))
    return [[int(each * unit) for each in row] for row in rows]


def _check_connected(wins: list[list[int]]) -> None:
    """Raises OperatorError unless from each team a chain of wins leads to each other one."""
    size = len(wins)
    compared = [[wins[i][j] + wins[j][i] for j in range(size)] for i in range(size)]
    if len(_reached(compared)) < size:
        raise OperatorError(
            _NAME, "two groups of teams were never compared with each other", "COMPARISONS_DISCONNECTED"
        )
    lost = [[wins[j][i] for j in range(size)] for i in range(size)]
    if len(_reached(wins)) < size or len(_reached(lost)) < size:
        raise OperatorError(_NAME, "one group of teams won every comparison with the others", "COMPARISONS_ONE_SIDED")


def _reached(edges: list[list[int]]) -> set[int]:
    """The teams to which a chain of edges leads from the first."""
    seen, waiting = {0}, [0]
    while waiting:
        here = waiting.pop()
        found = {there for there, weight in enumerate(edges[here]) if weight} - seen
        seen |= found
        waiting += found
    return seen


def _settled(wins: list[list[int]], digits: int, iterations: int) -> list[int]:
    """Strengths in units of 10^-(digits + 8), scaled to average 1."""
    size, unit = len(wins), 10 ** (digits + GUARD_DIGITS)
    won = [sum(row) for row in wins]
    met = [[(j, wins[i][j] + wins[j][i]) for j in range(size) if wins[i][j] + wins[j][i]] for i in range(size)]
    still = 10 ** (GUARD_DIGITS - SETTLED_DIGITS)
    strengths = [unit] * size
    for _ in range(iterations):
        raised = [
            _ratio(won[i] * unit * unit, sum(_ratio(n * unit * unit, strengths[i] + strengths[j]) for j, n in met[i]))
            for i in range(size)
        ]
        total = sum(raised)
        after = [max(1, _ratio(each * size * unit, total)) for each in raised]
        moved = max(abs(new - old) for new, old in zip(after, strengths, strict=True))
        strengths = after
        if moved <= still:
            return strengths
    raise OperatorError(_NAME, f"the strengths still move after {iterations} rounds", "STRENGTHS_NOT_SETTLED")


def _ratio(dividend: int, divisor: int) -> int:
    """The quotient of two whole numbers above zero, half up."""
    return (2 * dividend + divisor) // (2 * divisor)


def _mean_chance(strengths: Sequence[int], team: int) -> Fraction:
    own = strengths[team]
    chances = [Fraction(own, own + other) for at, other in enumerate(strengths) if at != team]
    return sum(chances, Fraction(0)) / len(chances)

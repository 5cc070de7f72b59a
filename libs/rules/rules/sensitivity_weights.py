"""Where the order flips when one part counts for more or less: exact, from crossings of straight lines.

With one part at w points and all others sharing the rest in proportion, every total is a straight line in w. Two teams
can change places only where their lines cross, and a minimum of the total can be missed only where a line crosses it;
between two such points nothing can change. So each stretch is decided once, from the whole inputs, and no flip is
missed or guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from rules.exact import exact
from rules.sensitivity_trials import minimum_in, reweighted, size_of, tried

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rules.document import Part, RuleSet
    from rules.inputs import Inputs
    from rules.scoring import TeamScore
    from rules.sensitivity_trials import Outcome

Line = tuple[Fraction, Fraction]
"""Constant and slope."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Points of a part, strictly between `low` and `high`, at all of which the outcome is the same.

    `sample` is a value within it that was decided.
    """

    low: Fraction
    high: Fraction
    sample: Fraction
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Flip:
    """The points of a part at which the outcome changes, with the stretches on both sides of it.

    `level` are the teams whose totals are equal there, as pairs.
    """

    points: Fraction
    below: Stretch
    above: Stretch
    level: tuple[tuple[str, str], ...]

    @property
    def winners(self) -> bool:
        """Whether other teams go on above it than below it; otherwise only the order differs."""
        return not self.below.outcome.same_winners(self.above.outcome)


@dataclass(frozen=True, slots=True)
class Turn:
    """The nearest points of a part, on one side of its own, beyond which the outcome is not the decided one."""

    points: Fraction
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class WeightReport:
    """One part from nothing to all points: what holds in each stretch, and where it changes.

    `own` is the outcome at the part's own `points`, which may lie exactly on a flip.
    """

    part: str
    points: Fraction
    whole: Fraction
    own: Outcome
    stretches: tuple[Stretch, ...]
    flips: tuple[Flip, ...]

    def turns(self, *, winners: bool) -> tuple[Turn | None, Turn | None]:
        """Below and above the part's own points: where first other teams go on, or without `winners` the order differs.

        None where it never does on that side.
        """
        below = (each for each in reversed(self.stretches) if each.low < self.points)
        above = (each for each in self.stretches if each.high > self.points)
        under = next((each for each in below if self._differs(each.outcome, winners=winners)), None)
        over = next((each for each in above if self._differs(each.outcome, winners=winners)), None)
        return (
            Turn(min(under.high, self.points), under.outcome) if under else None,
            Turn(max(over.low, self.points), over.outcome) if over else None,
        )

    def in_from(self, team: str) -> Fraction | None:
        """The points, from the part's own on, above which a team goes on; None where it never does."""
        above = (each for each in self.stretches if each.high > self.points and team in each.outcome.advanced)
        found = next(above, None)
        return max(found.low, self.points) if found else None

    def _differs(self, outcome: Outcome, *, winners: bool) -> bool:
        return not outcome.same_winners(self.own) or not (winners or outcome.same_order(self.own))


def weight_report(rule_set: RuleSet, inputs: Inputs, table: Mapping[str, TeamScore], part: Part) -> WeightReport | None:
    """The report on one part, None for a part that is the whole; rules and inputs are prepared for trials."""
    whole, points = exact(rule_set.points), exact(part.points)
    if points >= whole:
        return None
    lines = _lines(part, whole, table)
    meetings = _meetings(lines)
    ends = {*meetings, *_other_ends(rule_set, part, lines, table, whole)}
    inner = sorted(end for end in ends if 0 < end < whole)
    stretches: list[Stretch] = []
    for low, high in pairwise([Fraction(0), *inner, whole]):
        sample = points if low < points < high else simplest_between(low, high)
        here = Stretch(low, high, sample, tried(reweighted(rule_set, part, sample), inputs))
        if stretches and _same(stretches[-1].outcome, here.outcome):
            before = stretches.pop()
            kept = here if sample == points else before
            here = Stretch(before.low, high, kept.sample, kept.outcome)
        stretches.append(here)
    flips = tuple(
        Flip(below.high, below, above, tuple(meetings.get(below.high, ()))) for below, above in pairwise(stretches)
    )
    around = next((each for each in stretches if each.low < points < each.high), None)
    own = around.outcome if around else tried(reweighted(rule_set, part, points), inputs)
    return WeightReport(part.id, points, whole, own, tuple(stretches), flips)


def _same(one: Outcome, other: Outcome) -> bool:
    return one.same_order(other) and one.same_winners(other)


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of the least denominator strictly between two others, 0 ≤ low < high."""
    whole = low.numerator // low.denominator
    if whole + 1 < high:
        return Fraction(whole + 1)
    rest, top = low - whole, high - whole
    if rest == 0:
        return whole + Fraction(1, 1 / top // 1 + 1)
    return whole + 1 / simplest_between(1 / top, 1 / rest)


def _lines(part: Part, whole: Fraction, table: Mapping[str, TeamScore], around: Part | None = None) -> dict[str, Line]:
    """Each team's points, in all or in a part around this one, as a line in the points of this one."""
    points = exact(part.points)
    lines = {}
    for team, score in table.items():
        inside = score.parts[part.id]
        outside = (score.total if around is None else score.parts[around.id]) - inside
        rest = outside / (whole - points)
        lines[team] = (rest * whole, inside / points - rest)
    return lines


def _meetings(lines: Mapping[str, Line]) -> dict[Fraction, list[tuple[str, str]]]:
    """Where two teams' lines cross, with those who do."""
    found: dict[Fraction, list[tuple[str, str]]] = {}
    for (team, (constant, slope)), (other, (other_constant, other_slope)) in combinations(sorted(lines.items()), 2):
        if slope != other_slope:
            crossing = (other_constant - constant) / (slope - other_slope)
            found.setdefault(crossing, []).append((team, other))
    return found


def _other_ends(
    rule_set: RuleSet, part: Part, lines: Mapping[str, Line], table: Mapping[str, TeamScore], whole: Fraction
) -> Iterator[Fraction]:
    """Where a line meets a minimum, and where the lines of a part around this one cross."""
    asked = [found for rule in (*rule_set.gates, *rule_set.procedure) if (found := minimum_in(rule))]
    yield from (end for name, least in asked if name == "total" for end in _meet(lines.values(), (least, exact(0))))
    # Level teams are ordered by parts, and parts have minimums: only one that holds this part changes its own order.
    for branch in rule_set.every_part():
        if branch.id != part.id and part.id in _below(branch):
            branch_lines = _lines(part, whole, table, branch)
            yield from _meetings(branch_lines)
            size = _line(branch, part, whole)
            for least in (minimum / exact(branch.points) for name, minimum in asked if name == branch.id):
                yield from _meet(branch_lines.values(), (size[0] * least, size[1] * least))


def _line(branch: Part, part: Part, whole: Fraction) -> Line:
    """What a branch counts for, as a line in the points of a part within it."""
    constant = size_of(branch, part, exact(0), whole)
    return constant, (size_of(branch, part, whole, whole) - constant) / whole


def _below(part: Part) -> set[str]:
    return {each.id for each in part.parts} | {name for each in part.parts for name in _below(each)}


def _meet(lines: Iterable[Line], other: Line) -> Iterator[Fraction]:
    for constant, slope in lines:
        if slope != other[1]:
            yield (other[0] - constant) / (slope - other[1])

"""What views say, as linear statements about the points of every team in every part, in whole units of the last digit.

Points are sums of leaf parts, each of which the rule set rounds, so that every one of them is a whole number of units:
what a rounded figure leaves open is then an exact range of whole numbers, and nothing is lost in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Final

from rules.awarding import CutStep, GateStep, MajorityStep, MinimumScoreGate, PartTie, RankStep
from rules.disclosure import TOTAL
from rules.disclosure_view import (
    EliminationsShown,
    GateShown,
    OrderShown,
    PointsShown,
    RankShown,
    SummaryShown,
    WinnersShown,
)
from rules.exact import exact
from rules.formulas import LeaderScaled, WeightedSum
from rules.sources import MeasurementSource, SheetSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rules.disclosure_view import View
    from rules.document import Part, RuleSet

Cell = tuple[str, str]
"""A team and a leaf part."""
Sum = dict[Cell, int]
"""A sum of leaf points, each times a whole number."""

_FROM_THE_TABLE: Final = (RankStep, CutStep)
_UNDERSTOOD: Final = (*_FROM_THE_TABLE, GateStep, MajorityStep)
"""Steps after which those that stand are still in order of the ranking. Of others nothing is concluded."""


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


_FAR_BELOW: Final = 100
"""Points below zero have no bound in a rule set; this many times the full points stand for it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Exactly `ahead` of the others are ahead of a team: `keys` of each other less the team's own."""

    others: tuple[tuple[Sum, ...], ...]
    ahead: int


Statement = Between | GreatestBetween | SpreadBetween | Ahead | Placed


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


def facts_of(rule_set: RuleSet, views: Iterable[View]) -> Facts:
    """What the views of one stage say together. The rule set is known to everybody who reads them."""
    views = tuple(views)
    teams = tuple(sorted({team for view in views for team in view.entered}))
    units: int = 10**rule_set.rounding.digits
    leaves = {part.id: tuple(leaf.id for leaf in _below(part)) for part in rule_set.every_part()}
    most = {leaf.id: int(exact(leaf.points) * units) for leaf in rule_set.leaves()}
    least = {
        leaf.id: 0 if _never_below_zero(rule_set, leaf) else -_FAR_BELOW * most[leaf.id] for leaf in rule_set.leaves()
    }
    facts = Facts(units, teams, {**leaves, TOTAL: tuple(most)}, most, least)
    for leaf in rule_set.leaves():
        if any(isinstance(step, LeaderScaled) for step in leaf.steps[-2:]):
            # Whoever leads has the full points: the rule set says so.
            sums = tuple(facts.points(team, leaf.id) for team in teams)
            facts.statements.append(GreatestBetween(sums, most[leaf.id], most[leaf.id]))
    for view in views:
        for statement in _statements(rule_set, view, facts):
            facts.statements.append(statement)
    return facts


def _never_below_zero(rule_set: RuleSet, leaf: Part) -> bool:
    """Whether no criterion and no weight is below zero; of operators only these can make points negative."""
    source = rule_set.source(leaf.source or "")
    scales = source.criteria if isinstance(source, MeasurementSource | SheetSource) else ()
    weights = [weight.weight for step in leaf.steps if isinstance(step, WeightedSum) for weight in step.weights]
    return all(each.minimum >= 0 for each in scales) and all(weight >= 0 for weight in weights)


def _below(part: Part) -> Iterator[Part]:
    if not part.parts:
        yield part
    for each in part.parts:
        yield from _below(each)


def _statements(rule_set: RuleSet, view: View, facts: Facts) -> Iterator[Statement]:
    ranked: dict[int, str] = {}
    for figure in view.figures:
        match figure:
            case PointsShown():
                yield from _points(figure, facts)
            case SummaryShown():
                yield from _summary(figure, facts)
            case RankShown():
                ranked[figure.rank] = figure.team
            case OrderShown() if _understood(rule_set):
                yield from _in_order(rule_set, facts, figure.teams)
                yield from _winners(rule_set, facts, view, figure.teams)
            case WinnersShown() if _understood(rule_set):
                yield from _winners(rule_set, facts, view, figure.teams)
            case EliminationsShown() if _understood(rule_set):
                yield from _eliminated(rule_set, facts, view, figure)
            case GateShown():
                yield from _gate(rule_set, facts, figure)
            case _:  # formulas and a team's own raw scores say nothing of another team's points
                pass
    if len(ranked) == 1 and _everybody_ranked(rule_set):
        [(rank, team)] = ranked.items()
        others = tuple(_keys(rule_set, facts, other, team) for other in view.entered if other != team)
        yield Placed(others, rank - 1)
    else:
        yield from _in_order(rule_set, facts, [ranked[rank] for rank in sorted(ranked)])
    yield from _judged(rule_set, facts, view)


def _points(figure: PointsShown, facts: Facts) -> Iterator[Statement]:
    low, high = _range(figure.value, facts.units)
    if low == high:
        facts.shown.add((figure.team, figure.part))
    yield Between(facts.points(figure.team, figure.part), low, high)


def _summary(figure: SummaryShown, facts: Facts) -> Iterator[Statement]:
    sums = tuple(facts.points(team, figure.part) for team in facts.teams)
    match figure.figure:
        case "mean":
            low, high = _range(figure.value, facts.units, count=len(sums))
            yield Between({cell: times for each in sums for cell, times in each.items()}, low, high)
        case "gap":
            yield SpreadBetween(sums, *_range(figure.value, facts.units))
        case "best":
            low, high = _range(figure.value, facts.units)
            if not figure.teams:
                yield GreatestBetween(sums, low, high)
                return
            first = facts.points(figure.teams[0], figure.part)
            yield Between(first, low, high)
            for team in facts.teams:
                if team in figure.teams:
                    if low == high:
                        facts.shown.add((team, figure.part))
                    # All that are named have the same; the others less, or they would be named.
                    yield Between(_less(first, facts.points(team, figure.part)), 0, 0)
                else:
                    yield Between(_less(first, facts.points(team, figure.part)), 1, facts.widest(figure.part))


def _in_order(rule_set: RuleSet, facts: Facts, teams: Sequence[str]) -> Iterator[Ahead]:
    for team, other in pairwise(teams):
        yield _ahead(rule_set, facts, team, other)


def _each_ahead(rule_set: RuleSet, facts: Facts, teams: Iterable[str], others: Sequence[str]) -> Iterator[Ahead]:
    for team in teams:
        for other in others:
            yield _ahead(rule_set, facts, team, other)


def _winners(rule_set: RuleSet, facts: Facts, view: View, winners: Sequence[str]) -> Iterator[Statement]:
    """Who goes on passed every gate. The others were behind them, unless a gate or a majority may have stopped them."""
    yield from _passed(rule_set, facts, winners)
    if _by_rank_alone(rule_set):
        yield from _each_ahead(rule_set, facts, winners, [team for team in view.entered if team not in winners])


def _eliminated(rule_set: RuleSet, facts: Facts, view: View, figure: EliminationsShown) -> Iterator[Statement]:
    """What the reasons say of each: who missed a minimum, who passed, and who was behind whom at the cut."""
    reasons = {each.team: each for each in figure.teams}
    yield from _passed(rule_set, facts, [team for team in view.entered if team not in reasons])
    for each in figure.teams:
        if each.gate is not None:
            yield from _minimum(rule_set, facts, each.gate, each.team, passed=False)
    if not _cut_first(rule_set):
        return
    cut = [each.team for each in figure.teams if each.reason == "rank"]
    kept = [team for team in view.entered if team not in reasons or reasons[team].reason == "gate"]
    yield from _each_ahead(rule_set, facts, kept, cut)


def _judged(rule_set: RuleSet, facts: Facts, view: View) -> Iterator[Ahead]:
    """Only those that the cut kept come before a gate after it: who has no verdict there was behind them."""
    gates = [step.gate for step in rule_set.procedure if isinstance(step, GateStep)]
    if not gates or not _cut_first(rule_set):
        return
    judged = {each.team for each in view.figures if isinstance(each, GateShown) and each.gate == gates[0]}
    # A team that is shown its own verdicts alone does not see who else has any.
    if judged and judged != {view.team}:
        yield from _each_ahead(rule_set, facts, sorted(judged), [team for team in view.entered if team not in judged])


def _cut_first(rule_set: RuleSet) -> bool:
    """Whether there is one cut, before every gate and after no majority, and nobody comes in again."""
    if not _understood(rule_set) or any(gate.lifts for gate in rule_set.gates):
        return False
    steps = [type(step) for step in rule_set.procedure]
    return steps.count(CutStep) == 1 and not {GateStep, MajorityStep} & set(steps[: steps.index(CutStep)])


def _gate(rule_set: RuleSet, facts: Facts, figure: GateShown) -> Iterator[Statement]:
    """A minimum that was reached or missed; the reason of such a verdict states the points."""
    yield from _minimum(rule_set, facts, figure.gate, figure.team, passed=figure.passed)
    gate = rule_set.gate(figure.gate)
    if isinstance(gate, MinimumScoreGate) and figure.reason:
        points = figure.reason.removeprefix(f"{gate.part} ").partition(",")[0]
        yield Between(facts.points(figure.team, gate.part), *_range(points, facts.units))


def _passed(rule_set: RuleSet, facts: Facts, teams: Iterable[str]) -> Iterator[Statement]:
    """Who goes on passed every gate that the procedure has."""
    gates = [step.gate for step in rule_set.procedure if isinstance(step, GateStep)]
    for team in teams:
        for gate in gates:
            yield from _minimum(rule_set, facts, gate, team, passed=True)


def _minimum(rule_set: RuleSet, facts: Facts, gate_id: str, team: str, *, passed: bool) -> Iterator[Statement]:
    gate = rule_set.gate(gate_id)
    if isinstance(gate, MinimumScoreGate):
        least = ceil(exact(gate.minimum) * facts.units)
        far = facts.widest(gate.part)
        low, high = (least, far) if passed else (-far, least - 1)
        yield Between(facts.points(team, gate.part), low, high)


def _ahead(rule_set: RuleSet, facts: Facts, team: str, other: str) -> Ahead:
    return Ahead(_keys(rule_set, facts, team, other))


def _keys(rule_set: RuleSet, facts: Facts, team: str, other: str) -> tuple[Sum, ...]:
    """By how much a team is ahead: in the total, then in the parts of the tie chain; a lot may fall either way."""
    parts = [TOTAL, *(tie.part for tie in rule_set.ties if isinstance(tie, PartTie))]
    return tuple(_less(facts.points(team, part), facts.points(other, part)) for part in parts)


def _everybody_ranked(rule_set: RuleSet) -> bool:
    return isinstance(rule_set.procedure[0], RankStep)


def _understood(rule_set: RuleSet) -> bool:
    steps = rule_set.procedure
    return any(isinstance(step, RankStep) for step in steps) and all(isinstance(step, _UNDERSTOOD) for step in steps)


def _by_rank_alone(rule_set: RuleSet) -> bool:
    return all(isinstance(step, _FROM_THE_TABLE) for step in rule_set.procedure)


def _less(one: Sum, other: Sum) -> Sum:
    return {cell: one.get(cell, 0) - other.get(cell, 0) for cell in one.keys() | other.keys()}


def _range(text: str, units: int, count: int = 1) -> tuple[int, int]:
    """The least and the greatest whole number of units that, divided by `count`, are rounded half up to this text."""
    _, _, digits = text.partition(".")
    half = Fraction(1, 2 * 10 ** len(digits))
    value = exact(Decimal(text))
    low, beyond = (value - half) * units * count, (value + half) * units * count
    return ceil(low), ceil(beyond) - 1

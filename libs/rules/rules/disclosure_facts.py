"""What views say, as linear statements about the points of every team in every part, in whole units of the last digit.

Points are sums of leaf parts, each of which the rule set rounds, so that every one of them is a whole number of units:
what a rounded figure leaves open is then an exact range of whole numbers, and nothing is lost in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules.disclosure import TOTAL
from rules.disclosure_outcomes import eliminated, in_order, judged, one_cut, placed, verdict, winners
from rules.disclosure_statements import Between, Facts, GreatestBetween, SpreadBetween, less, units_of
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
    from collections.abc import Iterable, Iterator

    from rules.disclosure_statements import Statement
    from rules.disclosure_view import View
    from rules.document import Part, RuleSet

_FAR_BELOW: Final = 100
"""Points below zero have no bound in a rule set; this many times the full points stand for it."""


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
        facts.statements += [each for each in _statements(rule_set, view, facts) if each not in facts.statements]
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


def _statements(rule_set: RuleSet, view: View, facts: Facts) -> Iterator[Statement]:  # noqa: C901 - one case a figure reads best
    ranked: dict[int, str] = {}
    for figure in view.figures:
        match figure:
            case PointsShown():
                yield from _points(figure, facts)
            case SummaryShown():
                yield from _summary(figure, facts)
            case RankShown():
                ranked[figure.rank] = figure.team
            case OrderShown():
                if one_cut(rule_set) is not None:
                    yield from in_order(rule_set, facts, figure.teams)
                yield from winners(rule_set, facts, view, figure.teams)
            case WinnersShown():
                yield from winners(rule_set, facts, view, figure.teams)
            case EliminationsShown():
                yield from eliminated(rule_set, facts, view, figure)
            case GateShown():
                yield from verdict(rule_set, facts, figure)
            case _:  # formulas say nothing of points; what raw scores say of a team's own is added as points
                pass
    if len(ranked) == 1:
        [(rank, team)] = ranked.items()
        yield from placed(rule_set, facts, view, team, rank)
    else:
        yield from in_order(rule_set, facts, [ranked[rank] for rank in sorted(ranked)])
    yield from judged(rule_set, facts, view)


def _points(figure: PointsShown, facts: Facts) -> Iterator[Statement]:
    low, high = units_of(figure.value, facts.units)
    if low == high:
        facts.shown.add((figure.team, figure.part))
    yield Between(facts.points(figure.team, figure.part), low, high)


def _summary(figure: SummaryShown, facts: Facts) -> Iterator[Statement]:
    sums = tuple(facts.points(team, figure.part) for team in facts.teams)
    match figure.figure:
        case "mean":
            low, high = units_of(figure.value, facts.units, count=len(sums))
            yield Between({cell: times for each in sums for cell, times in each.items()}, low, high)
        case "gap":
            yield SpreadBetween(sums, *units_of(figure.value, facts.units))
        case "best":
            low, high = units_of(figure.value, facts.units)
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
                    yield Between(less(first, facts.points(team, figure.part)), 0, 0)
                else:
                    yield Between(less(first, facts.points(team, figure.part)), 1, facts.widest(figure.part))

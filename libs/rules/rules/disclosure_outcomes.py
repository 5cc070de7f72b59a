"""What winners, orders, eliminations, ranks and verdicts say of points, by the procedure that they came out of.

One cut, with gates and majorities before it or after it, is concluded from exactly. Where teams are taken back after
the cut, or gates stand on both sides of it, nothing is: `disclosure_limits` says so to those who freeze the rules.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from rules.awarding import (
    CutStep,
    GateStep,
    MajorityStep,
    MinimumScoreGate,
    PartTie,
    RankStep,
    RefillStep,
    WildcardStep,
)
from rules.disclosure import TOTAL
from rules.disclosure_statements import Ahead, Between, Kept, Placed, less, units_of
from rules.disclosure_view import GateShown
from rules.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rules.disclosure_statements import Facts, Statement, Sum
    from rules.disclosure_view import EliminationsShown, View
    from rules.document import RuleSet

    Gone = GateStep | MajorityStep


def in_order(rule_set: RuleSet, facts: Facts, teams: Sequence[str]) -> Iterator[Ahead]:
    """Each is ahead of the next."""
    for team, other in pairwise(teams):
        yield Ahead(_keys(rule_set, facts, team, other))


def placed(rule_set: RuleSet, facts: Facts, view: View, team: str, rank: int) -> Iterator[Placed]:
    """A single rank says how many are ahead, where everybody has one."""
    if isinstance(rule_set.procedure[0], RankStep):
        others = tuple(_keys(rule_set, facts, other, team) for other in view.entered if other != team)
        yield Placed(others, rank - 1)


def winners(rule_set: RuleSet, facts: Facts, view: View, teams: Sequence[str]) -> Iterator[Statement]:
    """Who goes on passed every gate, and is ahead of those who were cut; of the others some may have gone otherwise."""
    steps = one_cut(rule_set)
    if steps is None:
        return
    before, after = steps
    yield from _passed(rule_set, facts, teams)
    gone = tuple(team for team in view.entered if team not in teams)
    if not before and not after:
        yield from _each_ahead(rule_set, facts, teams, gone)
    elif not before or not after:
        yield _kept(rule_set, facts, view, teams, gone, first=not before)


def eliminated(rule_set: RuleSet, facts: Facts, view: View, figure: EliminationsShown) -> Iterator[Statement]:
    """What the reasons say of each: who missed a minimum, who passed, and who was behind whom at the cut."""
    steps = one_cut(rule_set)
    if steps is None:
        return
    before, after = steps
    reasons = {each.team: each for each in figure.teams}
    stayed = [team for team in view.entered if team not in reasons]
    yield from _passed(rule_set, facts, stayed)
    for each in figure.teams:
        if each.gate is not None:
            yield from minimum(rule_set, facts, each.gate, each.team, passed=False)
            earlier = [step.gate for step in (*before, *after) if isinstance(step, GateStep)]
            for gate in earlier[: earlier.index(each.gate)]:
                yield from minimum(rule_set, facts, gate, each.team, passed=True)
        elif each.reason == "rank":
            for step in before:
                if isinstance(step, GateStep):
                    yield from minimum(rule_set, facts, step.gate, each.team, passed=True)
    later = {step.gate for step in after if isinstance(step, GateStep)}
    majority_later = any(isinstance(step, MajorityStep) for step in after)
    kept = [*stayed]
    kept += [each.team for each in figure.teams if each.gate in later or (each.reason == "majority" and majority_later)]
    cut = [each.team for each in figure.teams if each.reason == "rank"]
    yield from _each_ahead(rule_set, facts, kept, cut)


def judged(rule_set: RuleSet, facts: Facts, view: View) -> Iterator[Ahead]:
    """Only those that the cut kept come before a gate after it: who has no verdict there was behind them."""
    steps = one_cut(rule_set)
    if steps is None or steps[0]:
        return
    gates = [step.gate for step in steps[1] if isinstance(step, GateStep)]
    if not gates or not isinstance(steps[1][0], GateStep):
        return
    shown = {each.team for each in view.figures if isinstance(each, GateShown) and each.gate == gates[0]}
    # A team that is shown its own verdicts alone does not see who else has any.
    if shown and shown != {view.team}:
        yield from _each_ahead(rule_set, facts, sorted(shown), [team for team in view.entered if team not in shown])


def verdict(rule_set: RuleSet, facts: Facts, figure: GateShown) -> Iterator[Statement]:
    """A minimum that was reached or missed; the reason of such a verdict states the points."""
    yield from minimum(rule_set, facts, figure.gate, figure.team, passed=figure.passed)
    gate = rule_set.gate(figure.gate)
    if isinstance(gate, MinimumScoreGate) and figure.reason:
        points = figure.reason.removeprefix(f"{gate.part} ").partition(",")[0]
        yield Between(facts.points(figure.team, gate.part), *units_of(points, facts.units))


def minimum(rule_set: RuleSet, facts: Facts, gate_id: str, team: str, *, passed: bool) -> Iterator[Between]:
    """Points at or under the minimum of a gate; nothing where it is judged otherwise."""
    gate = rule_set.gate(gate_id)
    if isinstance(gate, MinimumScoreGate):
        least = ceil(exact(gate.minimum) * facts.units)
        far = facts.widest(gate.part)
        low, high = (least, far) if passed else (-far, least - 1)
        yield Between(facts.points(team, gate.part), low, high)


def one_cut(rule_set: RuleSet) -> tuple[list[Gone], list[Gone]] | None:
    """The gates and majorities before the one cut and after it; `None` for any other procedure."""
    steps = rule_set.procedure
    if any(isinstance(step, WildcardStep | RefillStep) for step in steps) or any(gate.lifts for gate in rule_set.gates):
        return None
    cuts = [number for number, step in enumerate(steps) if isinstance(step, CutStep)]
    if len(cuts) != 1:
        return None
    at = cuts[0]
    going = (GateStep, MajorityStep)
    return [s for s in steps[:at] if isinstance(s, going)], [s for s in steps[at:] if isinstance(s, going)]


def _kept(
    rule_set: RuleSet, facts: Facts, view: View, stayed: Sequence[str], gone: tuple[str, ...], *, first: bool
) -> Kept:
    """What follows from who goes on alone; of a cut that came `first` it is known how many it kept."""
    cut = next(step for step in rule_set.procedure if isinstance(step, CutStep))
    seats = rule_set.seats.planned if cut.keep == "planned" else rule_set.seats.maximum
    steps = one_cut(rule_set)
    going = [step for side in steps or () for step in side]
    gates = [rule_set.gate(step.gate) for step in going if isinstance(step, GateStep)]
    free = any(isinstance(step, MajorityStep) for step in going) or any(
        not isinstance(gate, MinimumScoreGate) for gate in gates
    )
    missed: dict[str, tuple[tuple[Sum, int], ...]] = {
        team: ()
        if free
        else tuple(
            (dict(each.terms), each.high)
            for gate in gates
            for each in minimum(rule_set, facts, gate.id, team, passed=False)
        )
        for team in gone
    }
    if first:
        number: int | None = min(seats, len(view.entered)) - len(stayed)
        ahead = [(one, other) for one in view.entered for other in gone if one != other]
    else:
        # Everybody left stands before the cut. With a seat left free nobody was cut.
        number = len(gone) if len(stayed) < seats else None
        ahead = [(one, other) for one in stayed for other in gone]
    keys = {(one, other): _keys(rule_set, facts, one, other) for one, other in ahead}
    return Kept(gone, tuple(stayed), number, keys, missed)


def _passed(rule_set: RuleSet, facts: Facts, teams: Iterable[str]) -> Iterator[Between]:
    """Who goes on passed every gate that the procedure has."""
    gates = [step.gate for step in rule_set.procedure if isinstance(step, GateStep)]
    for team in teams:
        for gate in gates:
            yield from minimum(rule_set, facts, gate, team, passed=True)


def _each_ahead(rule_set: RuleSet, facts: Facts, teams: Iterable[str], others: Sequence[str]) -> Iterator[Ahead]:
    for team in teams:
        for other in others:
            yield Ahead(_keys(rule_set, facts, team, other))


def _keys(rule_set: RuleSet, facts: Facts, team: str, other: str) -> tuple[Sum, ...]:
    """By how much a team is ahead: in the total, then in the parts of the tie chain; a lot may fall either way."""
    parts = [TOTAL, *(tie.part for tie in rule_set.ties if isinstance(tie, PartTie))]
    return tuple(less(facts.points(team, part), facts.points(other, part)) for part in parts)

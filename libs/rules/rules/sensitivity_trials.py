"""Trials for the sensitivity report: the same scores under changed rules, each decided by `rules.decide` itself.

Nothing here estimates: a trial is a rule set or inputs with one thing changed, and its outcome is what `decide` says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from rules.completeness import InputsIncompleteError
from rules.deciding import decide
from rules.document import Linear, LotTie, VerdictGate
from rules.exact import exact
from rules.inputs import Verdict
from rules.violations import InputsRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rules.completeness import Missing
    from rules.document import Part, RuleSet
    from rules.inputs import Inputs
    from rules.violations import Violation

_Rule = TypeVar("_Rule", bound=BaseModel)
_SEED = "sensitivity"
_ASSUMED = "assumed for the sensitivity report"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial gave: the ranking and who goes on, best first, each total; `refused` is why it gave nothing."""

    order: tuple[str, ...]
    advanced: tuple[str, ...]
    totals: tuple[tuple[str, str], ...] = ()
    refused: tuple[Violation | Missing, ...] = ()

    def same_order(self, other: Outcome) -> bool:
        """Whether both rank the same teams in the same order."""
        return self.order == other.order

    def same_winners(self, other: Outcome) -> bool:
        """Whether in both the same teams go on."""
        return set(self.advanced) == set(other.advanced)

    def moved(self, base: Outcome) -> dict[str, tuple[int | None, int | None]]:
        """The teams whose rank differs from the base: rank there and rank here, None where it was out before."""
        before = {team: rank for rank, team in enumerate(base.order, 1)}
        after = {team: rank for rank, team in enumerate(self.order, 1)}
        teams = sorted({*before, *after}, key=lambda team: (before.get(team, len(before) + 1), team))
        return {team: (before.get(team), after.get(team)) for team in teams if before.get(team) != after.get(team)}

    def largest_shift(self, base: Outcome) -> tuple[str, Fraction] | None:
        """The team whose total differs most from the base, and by how much; None where none differs."""
        before = dict(base.totals)
        shifts = [(team, Fraction(total) - Fraction(before[team])) for team, total in self.totals if team in before]
        team, shift = max(shifts, key=lambda each: abs(each[1]), default=("", Fraction(0)))
        return (team, shift) if shift else None

    def margin(self) -> tuple[str, str, Fraction] | None:
        """The last in rank that goes on, the first that does not, and how far the first's total is behind the last's.

        None where all or none go on; negative where the one that is kept out is ahead, as by a gate.
        """
        totals = dict(self.totals)
        last = next((team for team in reversed(self.order) if team in self.advanced), None)
        first = next((team for team in self.order if team not in self.advanced), None)
        if last is None or first is None:
            return None
        return last, first, Fraction(totals[last]) - Fraction(totals[first])


def tried(rule_set: RuleSet, inputs: Inputs) -> Outcome:
    """The outcome of a trial; where nothing can be decided, an outcome that says why."""
    try:
        decision = decide(rule_set, inputs)
    except InputsRefusedError as error:
        return Outcome((), (), refused=error.violations)
    except InputsIncompleteError as error:
        return Outcome((), (), refused=error.missing)
    return Outcome(decision.ranking, decision.advanced, tuple(sorted(decision.totals().items())))


def prepared(rule_set: RuleSet, inputs: Inputs) -> tuple[RuleSet, Inputs, tuple[str, ...]]:
    """Rules and inputs on which every trial can be decided, and what had to be assumed for it, as gate and team.

    A verdict that nobody gave counts as passed, since another order may ask for it. A lot without a revealed seed is
    drawn from a seed of this report.
    """
    judged = {(each.gate, each.team) for each in inputs.verdicts}
    asked = [(gate, team) for gate in rule_set.gates if isinstance(gate, VerdictGate) for team in inputs.entrants]
    missing = [(gate, team) for gate, team in asked if (gate.id, team) not in judged]
    added = [Verdict(gate.id, team, True, _ASSUMED, (), gate.quorum) for gate, team in missing]  # noqa: FBT003 - a verdict
    assumed = tuple(f"{gate.id} {team}" for gate, team in missing)
    verdicts = tuple(sorted((*inputs.verdicts, *added), key=lambda each: (each.gate, each.team)))
    changed, given = rule_set, replace(inputs, verdicts=verdicts)
    lot = rule_set.ties[-1]
    if inputs.seed is None and isinstance(lot, LotTie):
        drawn = lot.model_copy(update={"seed_sha256": hashlib.sha256(_SEED.encode()).hexdigest()})
        changed = rule_set.model_copy(update={"ties": (*rule_set.ties[:-1], drawn)})
        given = replace(given, seed=_SEED)
    return changed, given, assumed


def with_leaves(rule_set: RuleSet, change: Callable[[Part], Part]) -> RuleSet:
    """The rule set with every leaf changed."""

    def changed(parts: tuple[Part, ...]) -> tuple[Part, ...]:
        return tuple(
            part.model_copy(update={"parts": changed(part.parts)}) if part.parts else change(part) for part in parts
        )

    return rule_set.model_copy(update={"parts": changed(rule_set.parts)})


def leaves_of(part: Part) -> set[str]:
    """The ids of the leaves below a part, its own if it is one."""
    return {leaf.id for leaf in _leaves(part)}


def reweighted(rule_set: RuleSet, part: Part, points: Fraction) -> RuleSet:
    """The rule set in which `part` counts for `points`, above zero and below the whole, and all others for the rest.

    Each part's points are calculated and rounded as before and then brought to their new size, exactly. A minimum in a
    part stays the same share of it.
    """
    whole, before = exact(rule_set.points), exact(part.points)
    inside, outside = points / before, (whole - points) / (whole - before)
    within = leaves_of(part)

    def scaled(leaf: Part) -> Part:
        factor = inside if leaf.id in within else outside
        step = Linear(operator="linear", points=Decimal(factor.numerator), scale=Decimal(factor.denominator))
        return leaf.model_copy(update={"steps": (*leaf.steps, step)})

    sizes = {each.id: size_of(each, part, points, whole) / exact(each.points) for each in rule_set.every_part()}
    changed = with_leaves(rule_set, scaled)
    return changed.model_copy(
        update={
            "gates": tuple(_with_minimum(gate, sizes) for gate in rule_set.gates),
            "procedure": tuple(_with_minimum(step, sizes) for step in rule_set.procedure),
        }
    )


def size_of(part: Part, changed: Part, points: Fraction, whole: Fraction) -> Fraction:
    """The points that a part counts for where `changed` counts for `points` and all others share the rest."""
    before = exact(changed.points)
    share = sum((exact(each.points) for each in _leaves(part) if each.id in leaves_of(changed)), exact(0))
    return share / before * points + (exact(part.points) - share) / (whole - before) * (whole - points)


def minimum_in(rule: BaseModel) -> tuple[str, Fraction] | None:
    """The part (or `total`) and the minimum there that a gate or a step asks for, None where it asks for none."""
    part, minimum = getattr(rule, "part", None), getattr(rule, "minimum", None)
    return None if part is None or minimum is None else (part, exact(minimum))


def _with_minimum(rule: _Rule, factors: Mapping[str, Fraction]) -> _Rule:
    """A minimum in a part stays the same share of the part; the total's stays as it is.

    Cut to 12 digits: points have at most 6, so that no team comes to the other side of it by that.
    """
    asked = minimum_in(rule)
    if asked is None or asked[0] not in factors:
        return rule
    cut = asked[1] * factors[asked[0]] * 10**12 // 1
    return rule.model_copy(update={"minimum": Decimal(cut).scaleb(-12)})


def _leaves(part: Part) -> tuple[Part, ...]:
    return (part,) if not part.parts else tuple(leaf for each in part.parts for leaf in _leaves(each))

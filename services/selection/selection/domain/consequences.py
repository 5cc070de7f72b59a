"""What follows from a final decision: support for those that go on, losses for those that leave.

Source: programme facts, "Support"; amounts, windows and exclusions are the rule set's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from rules import Decision, RuleSet


@dataclass(frozen=True, slots=True)
class Award:
    """Support for one team: GPUs in B200-equivalents, or KRW. `valid_to` is `None` where the rule set names no end."""

    team: str
    kind: str
    amount: int
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class Loss:
    """A team that leaves: why, by which gate where one was failed, and the kinds of support it loses at once."""

    team: str
    reason: str
    gate: str
    forfeits: tuple[str, ...]


def awards(decision: Decision, rules: RuleSet, final_at: datetime) -> tuple[Award, ...]:
    """Return the support of every team that goes on, best first; money can be used from `final_at`."""
    support = rules.consequences.support
    if support is None:
        return ()
    excluded = {(each.team, kind) for each in support.exclusions for kind in each.kinds}
    found: list[Award] = []
    for team in decision.advanced:
        if support.gpu is not None:
            gpu = support.gpu
            found.append(Award(team, "gpu", gpu.b200_equivalent, gpu.valid_from, gpu.valid_to))
        found.append(Award(team, "data", support.data_krw, final_at, None))
        found.append(Award(team, "talent", support.talent_krw, final_at, None))
    return tuple(each for each in found if each.amount and (each.team, each.kind) not in excluded)


def losses(decision: Decision, rules: RuleSet) -> tuple[Loss, ...]:
    """Return the teams that leave, with what the rule set takes from them."""
    forfeits = tuple(rules.consequences.elimination.forfeits)
    return tuple(Loss(each.team, each.reason, each.gate or "", forfeits) for each in decision.eliminated)

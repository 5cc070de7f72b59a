"""What follows from a final decision: support for those that go on, losses for those that leave.

Source: programme facts, "Support"; amounts, windows and exclusions are the rule set's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from rules import Decision, RuleSet

OVERRIDE: Final = "override"
"""Why a team leaves that the computed decision let go on."""


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


def awards(advanced: Iterable[str], rules: RuleSet, final_at: datetime) -> tuple[Award, ...]:
    """Return the support of every team that goes on, best first; money can be used from `final_at`."""
    support = rules.consequences.support
    if support is None:
        return ()
    excluded = {(each.team, kind) for each in support.exclusions for kind in each.kinds}
    found: list[Award] = []
    for team in advanced:
        if support.gpu is not None:
            gpu = support.gpu
            found.append(Award(team, "gpu", gpu.b200_equivalent, gpu.valid_from, gpu.valid_to))
        found.append(Award(team, "data", support.data_krw, final_at, None))
        found.append(Award(team, "talent", support.talent_krw, final_at, None))
    return tuple(each for each in found if each.amount and (each.team, each.kind) not in excluded)


def losses(advanced: Collection[str], decision: Decision, rules: RuleSet) -> tuple[Loss, ...]:
    """Return the teams that leave, also those that do by override, with what the rule set takes from them."""
    forfeits = tuple(rules.consequences.elimination.forfeits)
    out = {each.team: (each.reason, each.gate or "") for each in decision.eliminated}
    left = [*out, *(team for team in decision.advanced if team not in out)]
    return tuple(Loss(team, *out.get(team, (OVERRIDE, "")), forfeits) for team in left if team not in advanced)

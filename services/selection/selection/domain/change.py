"""A newer version of a rule set that governs a stage already: with a reason, and the consents that the old one demands.

Source: programme facts, 2025-11-20: stage 1 was postponed to 2026-01-15 with the teams' agreement
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from selection.domain.refusal import (
    ChangeClosedError,
    ConsentNotAskedError,
    ConsentTakenError,
    EvidenceMissingError,
    NotANewerVersionError,
    ReasonMissingError,
    RuleSetNotFrozenError,
)
from selection.domain.rule_set import RuleSetState
from selection.domain.stage import StageState, require_undecided

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from selection.domain.rule_set import KeptRuleSet
    from selection.domain.stage import Stage


class ConsentRule(Enum):
    """Whose consent a rule set demands for a newer version of itself: its `changes.consent`."""

    ALL = "all-entered-teams"
    MAJORITY = "majority-of-entered-teams"
    NONE_BEFORE_OPENING = "none-before-opening"


class ChangeState(Enum):
    """Where a change is."""

    PENDING = "pending"
    EFFECTIVE = "effective"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a team said; staff record it with evidence, the team itself needs none."""

    team: str
    agreed: bool
    evidence: tuple[str, ...]
    recorded_by: str
    by_team: bool
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the rule set that governs `stage`; `asked` are the teams that have a say, sorted."""

    id: str
    stage: str
    old_sha256: str
    new_sha256: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    consent: ConsentRule
    asked: tuple[str, ...]
    consents: tuple[Consent, ...] = ()
    state: ChangeState = ChangeState.PENDING
    closed_at: datetime | None = None

    @property
    def agreed(self) -> tuple[str, ...]:
        """The teams that agreed, sorted."""
        return tuple(sorted(each.team for each in self.consents if each.agreed))


def check_change(stage: Stage, old: KeptRuleSet, new: KeptRuleSet, reason: str) -> None:
    """Raise the refusal of the first rule that a proposal breaks."""
    require_undecided(stage)
    if not reason.strip():
        raise ReasonMissingError("reason", reason, "a change has a reason")
    if (new.id, new.stage) != (old.id, old.stage) or new.version <= old.version:
        rule = f"must be a version of {old.id} for {old.stage} above {old.version}"
        raise NotANewerVersionError("rule_set_sha256", f"{new.id} {new.version} for {new.stage}", rule)
    if new.state is not RuleSetState.FROZEN:
        raise RuleSetNotFrozenError("rule_set_sha256", new.sha256, f"must be frozen; it is {new.state.value}")


def who_is_asked(stage: Stage, rule: ConsentRule, entitled: Iterable[str]) -> tuple[str, ...]:
    """Return whose consent counts, sorted: those that entered, before the opening those `entitled` to.

    A rule that demands none before the opening demands everybody's after it: nobody is decided on by rules that came
    while he was scored, unless he agreed.
    """
    if stage.state is StageState.PLANNED:
        return () if rule is ConsentRule.NONE_BEFORE_OPENING else tuple(sorted(set(entitled)))
    return stage.entrants


def outcome(change: Change) -> ChangeState:
    """Return the state that the consents so far lead to."""
    agreed = len(change.agreed)
    refused = sum(not each.agreed for each in change.consents)
    asked = len(change.asked)
    match change.consent:
        case ConsentRule.ALL | ConsentRule.NONE_BEFORE_OPENING:
            if refused:
                return ChangeState.REFUSED
            return ChangeState.EFFECTIVE if agreed == asked else ChangeState.PENDING
        case ConsentRule.MAJORITY:
            if 2 * agreed > asked or not asked:
                return ChangeState.EFFECTIVE
            return ChangeState.REFUSED if 2 * refused >= asked else ChangeState.PENDING
        case _:
            assert_never(change.consent)


def with_consent(change: Change, consent: Consent) -> Change:
    """Return the change with what one more team says.

    Raises `ChangeClosedError`, `ConsentNotAskedError`, `ConsentTakenError` and `EvidenceMissingError`.
    """
    require_pending(change)
    if consent.team not in change.asked:
        raise ConsentNotAskedError("team_id", consent.team, f"must be one of {', '.join(change.asked)}")
    if any(each.team == consent.team for each in change.consents):
        raise ConsentTakenError("team_id", consent.team, "has said yes or no already")
    if not consent.by_team and not any(each.strip() for each in consent.evidence):
        raise EvidenceMissingError("evidence", "", "what staff record for a team has evidence")
    return replace(change, consents=tuple(sorted((*change.consents, consent), key=lambda each: each.team)))


def closed(change: Change, state: ChangeState, now: datetime) -> Change:
    """Return the change as it ends. Raises `ChangeClosedError`."""
    require_pending(change)
    return replace(change, state=state, closed_at=now)


def require_pending(change: Change) -> None:
    """Raise `ChangeClosedError` unless the change is pending."""
    if change.state is not ChangeState.PENDING:
        raise ChangeClosedError("change_id", change.id, f"must be pending; it is {change.state.value}")

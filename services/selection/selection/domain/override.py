"""An override: officers decide otherwise than was computed, by two, for a reason, beside the computed decision.

Source: requirement, selection and notary: a manual override is a decision event with a reason and two officers
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from selection.domain.refusal import (
    OverrideClosedError,
    OverrideInvalidError,
    ReasonMissingError,
    SecondOfficerError,
)
from selection.domain.stage import require_decided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selection.domain.events import DecisionRecord
    from selection.domain.stage import Stage

LIFE: Final = timedelta(days=3)
"""How long a proposal waits for the other officer."""


class ProposalState(Enum):
    """Where a proposal is."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Override:
    """Who goes on instead, best first; `on_version` and `decision_sha256` name the computed decision beside it."""

    id: str
    on_version: int
    decision_sha256: str
    advanced: tuple[str, ...]
    reason: str
    evidence: tuple[str, ...]
    proposed_by: str
    confirmed_by: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An override on its way."""

    stage: str
    override: Override
    proposed_at: datetime
    state: ProposalState = ProposalState.PENDING

    @property
    def expires_at(self) -> datetime:
        """Until when the other officer may confirm it (UTC)."""
        return self.proposed_at + LIFE


def propose(
    override_id: str,
    stage: Stage,
    decision: DecisionRecord,
    advanced: Sequence[str],
    reason: str,
    evidence: Sequence[str],
    officer: str,
    now: datetime,
) -> Proposal:
    """Return the proposal. Raises `StageNotDecidedError`, `ReasonMissingError` and `OverrideInvalidError`."""
    require_decided(stage)
    if not reason.strip():
        raise ReasonMissingError("reason", reason, "an override has a reason")
    teams = tuple(advanced)
    for number, team in enumerate(teams):
        if team not in stage.entrants or team in teams[:number]:
            raise OverrideInvalidError(f"advanced[{number}]", team, f"must have entered {stage.id}, and once")
    if teams == decision.advanced:
        raise OverrideInvalidError("advanced", ", ".join(teams), "must differ from the decision that counts")
    override = Override(override_id, decision.version, decision.sha256, teams, reason, tuple(evidence), officer)
    return Proposal(stage.id, override, now)


def confirm(proposal: Proposal, decision: DecisionRecord, officer: str, now: datetime) -> Proposal:
    """Return the proposal as the other officer confirms it.

    Raises `OverrideClosedError`, also where it expired or the decision has changed since, and `SecondOfficerError`.
    """
    require_pending(proposal)
    if now >= proposal.expires_at:
        raise OverrideClosedError("override_id", proposal.override.id, f"expired at {proposal.expires_at.isoformat()}")
    if proposal.override.on_version != decision.version:
        rule = f"was proposed on version {proposal.override.on_version}; {decision.version} counts now"
        raise OverrideClosedError("override_id", proposal.override.id, rule)
    if officer == proposal.override.proposed_by:
        raise SecondOfficerError("confirmed_by", officer, "must be another officer than the one who proposed it")
    return replace(
        proposal,
        override=replace(proposal.override, confirmed_by=officer),
        state=ProposalState.CONFIRMED,
    )


def dropped(proposal: Proposal, state: ProposalState) -> Proposal:
    """Return the proposal as it comes to nothing. Raises `OverrideClosedError`."""
    require_pending(proposal)
    return replace(proposal, state=state)


def require_pending(proposal: Proposal) -> None:
    """Raise `OverrideClosedError` unless the proposal is pending."""
    if proposal.state is not ProposalState.PENDING:
        raise OverrideClosedError("override_id", proposal.override.id, f"must be pending; it is {proposal.state.value}")

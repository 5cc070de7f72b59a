"""What has happened in grants, as others are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grants.domain.entitlement import Entitlement
    from grants.domain.ledger import PostedTransaction, TeamId


@dataclass(frozen=True, slots=True)
class EntitlementGranted:
    """A team may use something."""

    entitlement: Entitlement


@dataclass(frozen=True, slots=True)
class EntitlementForfeited:
    """A team lost an entitlement before its end."""

    entitlement: Entitlement


@dataclass(frozen=True, slots=True)
class EntitlementWithdrawn:
    """An entitlement was given by a version of a decision that does not count any more."""

    entitlement: Entitlement


@dataclass(frozen=True, slots=True)
class EntitlementEnded:
    """An entitlement reached its end."""

    entitlement: Entitlement


@dataclass(frozen=True, slots=True)
class TransactionPosted:
    """Something moved in the ledger."""

    posted: PostedTransaction


@dataclass(frozen=True, slots=True)
class HoldPosted:
    """`gpu_seconds` of `entitlement` are set aside for `job`; 0 of none where it runs on its team's own GPUs."""

    job: str
    team: TeamId
    gpu_seconds: int
    entitlement: str = ""


@dataclass(frozen=True, slots=True)
class HoldRefused:
    """`job` gets no GPU time: stable `code`, `reason` in words."""

    job: str
    team: TeamId
    code: str
    reason: str


GrantsEvent = (
    EntitlementGranted
    | EntitlementForfeited
    | EntitlementWithdrawn
    | EntitlementEnded
    | TransactionPosted
    | HoldPosted
    | HoldRefused
)

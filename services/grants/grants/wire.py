"""Protobuf ↔ what grants means by it, and its table of refusals."""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import TYPE_CHECKING, Final, assert_never

import grpc
from common.errors import FieldInvalidError, Reason, Reasons
from common.instants import stamp
from dokpamo.grants.v1 import events_pb2, service_pb2
from dokpamo.training.v1 import service_pb2 as training_pb2

from grants.domain.decision import DecisionChangedError, Elimination, FinalDecision
from grants.domain.entitlement import (
    Entitlement,
    EntitlementChangedError,
    EntitlementExceededError,
    HoldBalanceTooLowError,
    HoldRefusalError,
    NoEntitlementError,
    SupportKindUnknownError,
    WindowInvalidError,
    WindowMissingError,
    Wish,
    support_kind,
)
from grants.domain.events import (
    EntitlementEnded,
    EntitlementForfeited,
    EntitlementGranted,
    EntitlementWithdrawn,
    GrantsEvent,
    HoldPosted,
    HoldRefused,
    TransactionPosted,
)
from grants.domain.hold import HoldSettledError, HoldUnknownError, JobTakenError
from grants.domain.ledger import (
    AmountNotPositiveError,
    BalanceTooLowError,
    PostedTransaction,
    TeamId,
    TransactionUnbalancedError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dokpamo.selection.v1 import events_pb2 as selection_events_pb2
    from dokpamo.training.v1 import events_pb2 as training_events_pb2
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp

HOLD_REFUSALS: Final[Mapping[type[HoldRefusalError], str]] = {
    NoEntitlementError: "NO_ENTITLEMENT",
    EntitlementExceededError: "ENTITLEMENT_EXCEEDED",
    HoldBalanceTooLowError: "BALANCE_TOO_LOW",
}
"""Stable codes of a refused hold, told by the event `HoldRefused`."""

REASONS: Final[Reasons] = {
    AmountNotPositiveError: Reason(grpc.StatusCode.INVALID_ARGUMENT, "AMOUNT_NOT_POSITIVE"),
    SupportKindUnknownError: Reason(grpc.StatusCode.INVALID_ARGUMENT, "SUPPORT_KIND_UNKNOWN"),
    WindowInvalidError: Reason(grpc.StatusCode.INVALID_ARGUMENT, "WINDOW_INVALID"),
    WindowMissingError: Reason(grpc.StatusCode.INVALID_ARGUMENT, "WINDOW_MISSING"),
    BalanceTooLowError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "BALANCE_TOO_LOW"),
    TransactionUnbalancedError: Reason(grpc.StatusCode.INTERNAL, "TRANSACTION_UNBALANCED"),
    DecisionChangedError: Reason(grpc.StatusCode.ALREADY_EXISTS, "DECISION_CHANGED"),
    EntitlementChangedError: Reason(grpc.StatusCode.ALREADY_EXISTS, "ENTITLEMENT_CHANGED"),
    HoldUnknownError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "HOLD_UNKNOWN"),
    HoldSettledError: Reason(grpc.StatusCode.ALREADY_EXISTS, "HOLD_SETTLED"),
    JobTakenError: Reason(grpc.StatusCode.ALREADY_EXISTS, "JOB_ID_TAKEN"),
}


def decision_of(message: selection_events_pb2.DecisionFinalized, final_at: datetime) -> FinalDecision:
    """Return the consequences of a decision that became final at `final_at` (UTC).

    Raises `FieldInvalidError`, `SupportKindUnknownError`, `AmountNotPositiveError` and `WindowInvalidError`.
    """
    # An event from before there were versions is of the first.
    version = message.version or 1
    awards = tuple(
        Entitlement(
            team=team_of(f"awards[{number}].team_id", award.team_id),
            kind=support_kind(f"awards[{number}].kind", award.kind),
            amount=award.amount,
            valid_from=_instant(award, "valid_from", f"awards[{number}]"),
            valid_to=_instant(award, "valid_to", f"awards[{number}]") if award.HasField("valid_to") else None,
            stage=message.stage_id,
            decision_sha256=message.decision_sha256,
            granted_at=final_at,
            version=version,
        )
        for number, award in enumerate(message.awards)
    )
    eliminations = tuple(
        Elimination(
            team_of(f"eliminated[{number}].team_id", each.team_id),
            frozenset(support_kind(f"eliminated[{number}].forfeits", kind) for kind in each.forfeits),
            message.stage_id,
            final_at,
        )
        for number, each in enumerate(message.eliminated)
    )
    return FinalDecision(message.stage_id, _what_counts(message), awards, eliminations, final_at, version)


def _what_counts(message: selection_events_pb2.DecisionFinalized) -> str:
    """The hash of the decision; of the officers' where they decided otherwise beside the same computed one."""
    if not message.HasField("override"):
        return message.decision_sha256
    return hashlib.sha256(message.override.SerializeToString(deterministic=True)).hexdigest()


def wish_of(message: training_events_pb2.JobSubmitted) -> Wish:
    """Return what a submitted job asks for. Raises `FieldInvalidError`."""
    if not message.job_id:
        raise FieldInvalidError("job_id", "", "must name the job")
    team = team_of("spec.team_id", message.spec.team_id)
    return Wish(message.job_id, team, message.spec.gpus, message.spec.max_seconds)


def is_on_granted_gpus(field: str, source: training_pb2.GpuSource.ValueType) -> bool:
    """Say whether a job uses the team's entitlement. Raises `FieldInvalidError` where it says nothing."""
    if source not in {training_pb2.GPU_SOURCE_GRANTED, training_pb2.GPU_SOURCE_OWN}:
        raise FieldInvalidError(field, source, "must be GPU_SOURCE_GRANTED or GPU_SOURCE_OWN")
    return source == training_pb2.GPU_SOURCE_GRANTED


def team_of(field: str, text: str) -> TeamId:
    """Return a team id. Raises `FieldInvalidError` where there is none."""
    if not text:
        raise FieldInvalidError(field, text, "must name a team")
    return TeamId(text)


def entitlement_message(entitlement: Entitlement) -> service_pb2.Entitlement:
    """Return an entitlement as it travels."""
    return service_pb2.Entitlement(
        entitlement_id=entitlement.id,
        team_id=entitlement.team,
        kind=entitlement.kind.value,
        amount=entitlement.amount,
        valid_from=stamp(entitlement.valid_from),
        valid_to=stamp(entitlement.valid_to),
        stage_id=entitlement.stage,
        decision_sha256=entitlement.decision_sha256,
        state=entitlement.state.value,
        decision_version=entitlement.version,
        restores_entitlement_id=entitlement.restores,
        lost_in_stage_id=entitlement.lost_in,
    )


def transaction_message(posted: PostedTransaction) -> service_pb2.LedgerTransaction:
    """Return a posted transaction as it travels."""
    transaction = posted.transaction
    return service_pb2.LedgerTransaction(
        transaction_id=transaction.id,
        kind=transaction.kind.value,
        unit=transaction.unit.value,
        team_id=transaction.team,
        cause_id=transaction.cause,
        posted_at=stamp(posted.posted_at),
        postings=[service_pb2.Posting(account=line.account, amount=line.amount) for line in transaction.postings],
    )


def event_message(event: GrantsEvent) -> Message:  # noqa: PLR0911 - one return an event reads best
    """Return what has happened as others hear it."""
    match event:
        case EntitlementGranted(entitlement):
            return events_pb2.EntitlementGranted(team_id=entitlement.team, entitlement=entitlement_message(entitlement))
        case EntitlementForfeited(entitlement):
            return events_pb2.EntitlementForfeited(
                team_id=entitlement.team, entitlement=entitlement_message(entitlement)
            )
        case EntitlementWithdrawn(entitlement):
            return events_pb2.EntitlementWithdrawn(
                team_id=entitlement.team, entitlement=entitlement_message(entitlement)
            )
        case EntitlementEnded(entitlement):
            return events_pb2.EntitlementEnded(team_id=entitlement.team, entitlement=entitlement_message(entitlement))
        case TransactionPosted(posted):
            return events_pb2.TransactionPosted(
                team_id=posted.transaction.team, transaction=transaction_message(posted)
            )
        case HoldPosted(job, team, gpu_seconds, entitlement_id):
            return events_pb2.HoldPosted(
                job_id=job, team_id=team, gpu_seconds=gpu_seconds, entitlement_id=entitlement_id
            )
        case HoldRefused(job, team, code, reason):
            return events_pb2.HoldRefused(job_id=job, team_id=team, code=code, reason=reason)
        case _:
            assert_never(event)


def _instant(message: Message, field: str, where: str) -> datetime:
    if not message.HasField(field):
        raise FieldInvalidError(f"{where}.{field}", "nothing", "must be an instant")
    found: Timestamp = getattr(message, field)
    return found.ToDatetime(tzinfo=UTC)

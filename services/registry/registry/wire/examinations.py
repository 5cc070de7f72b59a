"""Between messages of examinations and the registry's own shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.instants import stamp
from dokpamo.registry.v1 import examination_events_pb2, examination_rounds_pb2, examinations_pb2

from registry.domain.checkpoint import Digest, RegistryFieldError
from registry.domain.examination import AgainstKind, ExaminationState, Fingerprint, Reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from registry.domain.checkpoint import Checkpoint
    from registry.domain.examination import Examination, Report
    from registry.domain.examination_round import Round

_STATES: Final = {
    ExaminationState.QUEUED: examinations_pb2.EXAMINATION_STATE_QUEUED,
    ExaminationState.DONE: examinations_pb2.EXAMINATION_STATE_DONE,
    ExaminationState.NOT_MADE: examinations_pb2.EXAMINATION_STATE_NOT_MADE,
}
_KINDS: Final = {
    AgainstKind.OWN_PARENT: examinations_pb2.AGAINST_KIND_OWN_PARENT,
    AgainstKind.REFERENCE: examinations_pb2.AGAINST_KIND_REFERENCE,
}


def from_examination(examination: Examination) -> examinations_pb2.Examination:
    """Return `examination` as a message."""
    message = examinations_pb2.Examination(
        checkpoint_digest=examination.checkpoint_digest,
        number=examination.number,
        state=_STATES[examination.state],
        reason=examination.reason,
        seed=examination.seed,
        asked_at=stamp(examination.asked_at),
        reports=[
            examinations_pb2.ReportSummary(
                kind=_KINDS[each.kind], against=each.against, findings=dict(each.findings), report_sha256=each.sha256
            )
            for each in examination.reports
        ],
    )
    done_at = stamp(examination.done_at)
    if done_at is not None:
        message.done_at.CopyFrom(done_at)
    return message


def to_examination_state(state: int) -> ExaminationState | None:
    """Return a state; `None` for whichever. Raises `RegistryFieldError` for one that there is not."""
    if state == examinations_pb2.EXAMINATION_STATE_UNSPECIFIED:
        return None
    found = next((own for own, message in _STATES.items() if message == state), None)
    if found is None:
        raise RegistryFieldError("state", state, "must be a state of an examination")
    return found


def from_round(found: Round) -> examination_rounds_pb2.ExaminationRound:
    """Return a round as a message."""
    return examination_rounds_pb2.ExaminationRound(
        round_id=found.round_id,
        team_id=found.scope.team_id,
        model=found.scope.model,
        not_against=found.scope.not_against,
        asked_at=stamp(found.asked_at),
        to_come=found.to_come,
        queued=found.queued,
        done=found.done,
        not_made=found.not_made,
    )


def to_reference(message: examinations_pb2.AddReferenceRequest, object_key: str, added_at: datetime) -> Reference:
    """Return the model that `message` adds."""
    return Reference(
        message.reference_id,
        message.title,
        message.source,
        message.licence,
        Fingerprint(object_key, message.fingerprint_sha256, message.size_bytes),
        Digest(message.checkpoint_digest) if message.checkpoint_digest else None,
        confirmed=False,
        added_at=added_at,
    )


def from_reference(reference: Reference) -> examinations_pb2.Reference:
    """Return `reference` as a message."""
    withdrawal = reference.withdrawal
    return examinations_pb2.Reference(
        reference_id=reference.reference_id,
        title=reference.title,
        source=reference.source,
        licence=reference.licence,
        fingerprint_sha256=reference.fingerprint.sha256,
        size_bytes=reference.fingerprint.size_bytes,
        checkpoint_digest=reference.checkpoint_digest or "",
        confirmed=reference.confirmed,
        added_at=stamp(reference.added_at),
        withdrawn_at=None if withdrawal is None else stamp(withdrawal.withdrawn_at),
        withdrawn_reason="" if withdrawal is None else withdrawal.reason,
    )


def examined_event(
    checkpoint: Checkpoint, number: int, reports: Sequence[Report], not_made: str
) -> examination_events_pb2.CheckpointExamined:
    """Return the event that a checkpoint was examined."""
    return examination_events_pb2.CheckpointExamined(
        checkpoint_digest=checkpoint.checkpoint_digest,
        number=number,
        team_id=checkpoint.team_id,
        report_sha256=[report.sha256 for report in reports],
        not_made=not_made,
    )


def reference_confirmed_event(reference: Reference) -> examination_events_pb2.ReferenceConfirmed:
    """Return the event that checkpoints are examined against a known model from now on."""
    return examination_events_pb2.ReferenceConfirmed(
        reference_id=reference.reference_id,
        title=reference.title,
        source=reference.source,
        fingerprint_sha256=reference.fingerprint.sha256,
    )


def reference_withdrawn_event(reference_id: str, reason: str) -> examination_events_pb2.ReferenceWithdrawn:
    """Return the event that nothing is examined against a known model any more."""
    return examination_events_pb2.ReferenceWithdrawn(reference_id=reference_id, reason=reason)

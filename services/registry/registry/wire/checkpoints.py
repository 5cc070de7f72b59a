"""Between messages of checkpoints and uploads and the registry's own shapes."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from common.errors import FieldInvalidError
from common.instants import stamp
from dokpamo.registry.v1 import events_pb2, service_pb2
from weights.manifest import Declaration, FileEntry, LineageEdge, Signature

from registry.domain.checkpoint import Checkpoint, TeamId
from registry.domain.outcome import FinalDecision, Outcome
from registry.domain.parts import Part
from registry.domain.upload import Asked, UploadState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dokpamo.selection.v1 import events_pb2 as selection_pb2

    from registry.domain.checkpoint import Digest
    from registry.domain.upload import Progress, PutTarget, Upload


def to_files(messages: Iterable[service_pb2.CheckpointFile]) -> list[FileEntry]:
    """Return the files that `messages` list."""
    return [FileEntry(message.path, message.size_bytes, message.sha256) for message in messages]


def from_file(file: FileEntry) -> service_pb2.CheckpointFile:
    """Return `file` as a message."""
    return service_pb2.CheckpointFile(path=file.path, size_bytes=file.size_bytes, sha256=file.sha256)


def to_part(message: service_pb2.FilePart) -> Part:
    """Return the part that `message` declares."""
    return Part(message.path, message.offset_bytes, message.size_bytes, message.sha256.hex())


def from_part(part: Part) -> service_pb2.FilePart:
    """Return `part` as a message."""
    return service_pb2.FilePart(
        path=part.path,
        offset_bytes=part.offset_bytes,
        size_bytes=part.size_bytes,
        sha256=bytes.fromhex(part.sha256),
    )


def to_asked(message: service_pb2.CommitUploadRequest) -> Asked:
    """Return what a commit asks for."""
    given = message.signature
    return Asked(
        to_declaration(message.declaration),
        Signature(given.key_id, given.signature) if message.HasField("signature") else None,
        message.latest_version if message.HasField("latest_version") else None,
        message.unless_same,
    )


def to_declaration(message: service_pb2.Declaration) -> Declaration:
    """Return what the team says in `message`."""
    return Declaration(
        licence=message.licence,
        seed=message.seed,
        period=message.period,
        job_id=message.job_id,
        parameters=message.parameters,
        lineage=tuple(
            LineageEdge(
                edge.component, edge.owner, edge.kind, edge.parent, edge.frozen, edge.share, tuple(edge.evidence)
            )
            for edge in message.lineage
        ),
        training_log_sha256=message.training_log_sha256,
        initialisation_sha256=message.initialisation_sha256,
        dtype=message.dtype,
    )


def from_edge(edge: LineageEdge) -> service_pb2.LineageEdge:
    """Return an edge of lineage as a message."""
    return service_pb2.LineageEdge(
        component=edge.component,
        owner=edge.owner,
        kind=edge.kind,
        parent=edge.parent,
        frozen=edge.frozen,
        share=edge.share,
        evidence=edge.evidence,
    )


def from_declaration(declaration: Declaration) -> service_pb2.Declaration:
    """Return `declaration` as a message."""
    return service_pb2.Declaration(
        licence=declaration.licence,
        seed=declaration.seed,
        period=declaration.period,
        job_id=declaration.job_id,
        parameters=declaration.parameters,
        lineage=[from_edge(edge) for edge in declaration.lineage],
        training_log_sha256=declaration.training_log_sha256,
        initialisation_sha256=declaration.initialisation_sha256,
        dtype=declaration.dtype,
    )


def from_checkpoint(checkpoint: Checkpoint) -> service_pb2.Checkpoint:
    """Return `checkpoint` as a message."""
    message = service_pb2.Checkpoint(
        checkpoint_digest=checkpoint.checkpoint_digest,
        team_id=checkpoint.team_id,
        model=checkpoint.model,
        version=checkpoint.version,
        file_count=checkpoint.file_count,
        size_bytes=checkpoint.size_bytes,
        declaration=from_declaration(checkpoint.declaration),
        committed_at=stamp(checkpoint.committed_at),
        findings=[
            service_pb2.Finding(code=each.code, field=each.field, value=each.value, rule=each.rule)
            for each in checkpoint.findings
        ],
        mlflow_version=checkpoint.mlflow_version,
        outcomes=[
            service_pb2.StageOutcome(
                stage_id=each.stage_id, outcome=each.outcome.value, decision_version=each.decision_version
            )
            for each in checkpoint.outcomes
        ],
    )
    if checkpoint.signature is not None:
        message.signature.key_id = checkpoint.signature.key_id
        message.signature.signature = checkpoint.signature.signature
    return message


_STATES: Final = {
    UploadState.OPEN: service_pb2.UPLOAD_STATE_OPEN,
    UploadState.VERIFYING: service_pb2.UPLOAD_STATE_VERIFYING,
    UploadState.COMMITTED: service_pb2.UPLOAD_STATE_COMMITTED,
    UploadState.REFUSED: service_pb2.UPLOAD_STATE_REFUSED,
    UploadState.ABANDONED: service_pb2.UPLOAD_STATE_ABANDONED,
}


def from_upload(upload: Upload, progress: Progress, checkpoint: Checkpoint | None) -> service_pb2.Upload:
    """Return `upload` as a message, with the checkpoint that it became."""
    message = service_pb2.Upload(
        upload_id=upload.upload_id,
        team_id=upload.team_id,
        model=upload.model,
        state=_STATES[upload.state],
        verified_bytes=progress.verified_bytes,
        declared_bytes=progress.declared_bytes,
    )
    if upload.refusal is not None:
        told = upload.refusal
        message.refusal.CopyFrom(
            service_pb2.UploadRefusal(code=told.code, message=told.message, facts=dict(told.facts))
        )
    if checkpoint is not None:
        message.checkpoint.CopyFrom(from_checkpoint(checkpoint))
    return message


def from_target(target: PutTarget) -> service_pb2.PartTarget:
    """Return `target` as a message."""
    return service_pb2.PartTarget(
        sha256=bytes.fromhex(target.sha256),
        url=target.url,
        headers=dict(target.headers),
        expires_at=stamp(target.expires_at),
    )


def to_close(message: selection_pb2.StageOpened | selection_pb2.RuleSetChanged) -> datetime:
    """Return the last instant for scores (UTC). Raises `FieldInvalidError`."""
    if not message.HasField("closes_at"):
        raise FieldInvalidError("closes_at", "nothing", "must be an instant")
    return message.closes_at.ToDatetime(tzinfo=UTC)


def to_decision(message: selection_pb2.DecisionFinalized) -> FinalDecision:
    """Return how a stage ended for each of its teams."""
    outcomes = {TeamId(each.team_id): Outcome.ELIMINATED for each in message.eliminated}
    outcomes |= {TeamId(team): Outcome.ADVANCED for team in message.advanced}
    # An event from before there were versions is of the first.
    return FinalDecision(message.stage_id, message.rule_set_sha256, message.version or 1, outcomes)


def committed_event(checkpoint: Checkpoint) -> events_pb2.CheckpointCommitted:
    """Return the event that `checkpoint` is committed.

    It leaves findings out: they name tensors, and what a model that is not released is made of is its team's to tell.
    """
    told = from_checkpoint(checkpoint)
    told.ClearField("findings")
    return events_pb2.CheckpointCommitted(checkpoint_digest=checkpoint.checkpoint_digest, checkpoint=told)


def named_event(digest: Digest, mlflow_model: str, mlflow_version: str) -> events_pb2.CheckpointNamed:
    """Return the event that a checkpoint has its name."""
    return events_pb2.CheckpointNamed(
        checkpoint_digest=digest, mlflow_model=mlflow_model, mlflow_version=mlflow_version
    )

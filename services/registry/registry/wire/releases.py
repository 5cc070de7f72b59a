"""Between the contract's messages of releases and the registry's own shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from dokpamo.registry.v1 import release_events_pb2, releases_pb2

if TYPE_CHECKING:
    from registry.domain.release import Release


def from_release(release: Release) -> releases_pb2.Release:
    """Return `release` as a message."""
    message = releases_pb2.Release(
        checkpoint_digest=release.checkpoint_digest,
        team_id=release.team_id,
        model=release.model,
        version=release.version,
        gated=release.gated,
        licence=release.licence,
        licence_path=release.licence_path,
        licence_sha256=release.licence_sha256,
        file_count=release.file_count,
        size_bytes=release.size_bytes,
        released_at=stamp(release.released_at),
    )
    if release.withdrawal is not None:
        told = release.withdrawal
        message.withdrawal.CopyFrom(releases_pb2.Withdrawal(reason=told.reason, withdrawn_at=stamp(told.withdrawn_at)))
    return message


def released_event(release: Release) -> release_events_pb2.CheckpointReleased:
    """Return the event that a checkpoint is released."""
    return release_events_pb2.CheckpointReleased(
        checkpoint_digest=release.checkpoint_digest,
        team_id=release.team_id,
        model=release.model,
        version=release.version,
        gated=release.gated,
        licence=release.licence,
        licence_path=release.licence_path,
        licence_sha256=release.licence_sha256,
    )


def withdrawn_event(release: Release, reason: str) -> release_events_pb2.CheckpointWithdrawn:
    """Return the event that a release is withdrawn."""
    return release_events_pb2.CheckpointWithdrawn(
        checkpoint_digest=release.checkpoint_digest,
        team_id=release.team_id,
        model=release.model,
        version=release.version,
        reason=reason,
    )

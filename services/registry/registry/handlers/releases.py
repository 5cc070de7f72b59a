"""Releases: a checkpoint is given to everybody, withdrawn, and read by who accepted its licence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.errors import NotFoundError

from registry.domain.release import (
    Release,
    ReleasedOtherwiseError,
    ReleaseWithdrawnError,
    Revision,
    check_reason,
    check_terms,
    licence_file,
    may_read,
)
from registry.handlers.checkpoints import Wanted, find_checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from weights.manifest import FileEntry

    from registry.domain.checkpoint import Checkpoint, Digest, TeamId
    from registry.domain.parts import Part
    from registry.handlers.ports import Checkpoints


class Releases(Protocol):
    """What the registry remembers of releases, inside one transaction. It knows nothing of what is not released."""

    now: datetime

    async def lock(self, digest: Digest) -> Release | None:
        """Let nobody else release or withdraw the checkpoint until the transaction ends; return its release."""
        ...

    async def add(self, release: Release) -> None:
        """Keep a new release and publish it."""
        ...

    async def withdraw(self, release: Release, reason: str) -> None:
        """Keep that a release is withdrawn and publish it."""
        ...

    async def find(self, team_id: str, model: str, revision: Revision) -> Release | None:
        """Return a release of a model."""
        ...

    async def page(self, team_id: str, model: str, size: int, after: int) -> tuple[list[Release], int | None]:
        """Return up to `size` releases before position `after` (0: all), the last first, and where the next starts."""
        ...

    async def has_licence(self, team_id: str, model: str, licence_sha256: str) -> bool:
        """Return whether a gated release of the model has this licence."""
        ...

    async def accept(self, subject: str, team_id: str, model: str, licence_sha256: str) -> datetime:
        """Keep that `subject` accepts a licence of a model; return since when it has."""
        ...

    async def accepted(self, subject: str, release: Release) -> bool:
        """Return whether `subject` accepted the licence of `release`."""
        ...

    async def file(self, release: Release, path: str) -> FileEntry | None:
        """Return a file of a release."""
        ...

    async def files(self, release: Release, folder: str, size: int, after: int) -> tuple[list[FileEntry], int | None]:
        """Return up to `size` files in and below `folder` after the `after`-th, and where the next page starts."""
        ...

    async def parts(self, release: Release, sha256: str, first_byte: int, size: int) -> Sequence[Part]:
        """Return up to `size` parts of the bytes `sha256`, from the one on that holds `first_byte`."""
        ...


async def release_checkpoint(
    releases: Releases, checkpoints: Checkpoints, team_id: TeamId, digest: Digest, *, gated: bool, licence_path: str
) -> Release:
    """Release a team's checkpoint; to ask again for the same changes nothing.

    Raises `NotFoundError`, `RegistryFieldError`, `LicenceTextMissingError`, `ReleasedOtherwiseError` and
    `ReleaseWithdrawnError`.
    """
    checkpoint = await find_checkpoint(checkpoints, team_id, Wanted(digest))
    kept = await releases.lock(digest)
    files, _ = await checkpoints.files(digest, checkpoint.file_count, 0)
    by_path = {file.path: file.sha256 for file in files}
    path = licence_file(licence_path, by_path)
    check_terms(gated=gated, licence_path=path)
    if kept is None:
        release = _released(checkpoint, releases.now, gated=gated, path=path, sha256=by_path.get(path, ""))
        await releases.add(release)
        return release
    if kept.withdrawal is not None:
        raise ReleaseWithdrawnError(digest, kept.withdrawal.reason)
    if (kept.gated, kept.licence_path) != (gated, path):
        raise ReleasedOtherwiseError(digest)
    return kept


def _released(checkpoint: Checkpoint, now: datetime, *, gated: bool, path: str, sha256: str) -> Release:
    return Release(
        checkpoint_digest=checkpoint.checkpoint_digest,
        team_id=checkpoint.team_id,
        model=checkpoint.model,
        version=checkpoint.version,
        gated=gated,
        licence=checkpoint.declaration.licence,
        licence_path=path,
        licence_sha256=sha256,
        file_count=checkpoint.file_count,
        size_bytes=checkpoint.size_bytes,
        released_at=now,
    )


async def withdraw_release(releases: Releases, team_id: TeamId, digest: Digest, reason: str) -> Release:
    """Give the bytes of a team's release out no more; return the release as it is then.

    Raises `RegistryFieldError`, `NotFoundError` and `ReleaseWithdrawnError`.
    """
    check_reason(reason)
    kept = await releases.lock(digest)
    if kept is None or kept.team_id != team_id:
        raise NotFoundError("checkpoint_digest", digest)
    if kept.withdrawal is not None:
        raise ReleaseWithdrawnError(digest, kept.withdrawal.reason)
    await releases.withdraw(kept, reason)
    return await find_release(releases, kept.team_id, kept.model, Revision(digest=digest))


async def find_release(releases: Releases, team_id: str, model: str, revision: Revision) -> Release:
    """Return a release of a model. Raises `NotFoundError`, in the same words whatever there is that is not released."""
    found = await releases.find(team_id, model, revision)
    if found is None:
        raise NotFoundError("model", f"{team_id}/{model}")
    return found


async def accept_licence(releases: Releases, subject: str, team_id: str, model: str, licence_sha256: str) -> datetime:
    """Keep that `subject` accepts the licence of a gated model; return since when. Raises `NotFoundError`."""
    if not await releases.has_licence(team_id, model, licence_sha256):
        raise NotFoundError("licence_sha256", licence_sha256)
    return await releases.accept(subject, team_id, model, licence_sha256)


async def reads(releases: Releases, release: Release, subject: str, team_id: str | None) -> bool:
    """Return whether `subject`, who speaks for `team_id`, may read the bytes of `release`."""
    return may_read(release, team_id, accepted=release.gated and await releases.accepted(subject, release))

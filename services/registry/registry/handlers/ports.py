"""What the registry needs of the outside: an object store, a catalogue of names, and what it remembers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from registry.domain.checkpoint import Checkpoint, Digest, FileEntry, TeamId, Upload, UploadId
    from registry.domain.inspection import Content
    from registry.domain.upload import PutTarget

URL_LIFETIME: Final = timedelta(minutes=30)
"""How long a presigned URL holds: long enough for one file, short enough to be worthless soon."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that were read back and hold as `content`: nothing can change them any more."""

    sha256: str
    content: Content
    size_bytes: int
    parameters: int


class Objects(Protocol):
    """The object store. A key once verified is never written again."""

    def presign_put(self, key: str, file: FileEntry, lifetime: timedelta) -> PutTarget:
        """Return a URL by which exactly the bytes of `file` can be put at `key`, and no others."""
        ...

    def presign_get(self, key: str, lifetime: timedelta) -> str:
        """Return a URL to read `key`."""
        ...

    def expiry(self, lifetime: timedelta) -> datetime:
        """Return when a URL made now ends (UTC, wall clock)."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """Return the bytes at `key` in chunks; raise `NotFoundError` if there are none."""
        ...

    async def size(self, key: str) -> int | None:
        """Return the size in bytes of what is at `key`; `None` if there is nothing."""
        ...

    async def discard(self, key: str) -> None:
        """Remove what is at `key`, if anything."""
        ...

    async def write(self, key: str, data: bytes) -> str:
        """Put `data` at `key`; return its "s3://" address."""
        ...


class ModelNames(Protocol):
    """The catalogue of names that people know models by."""

    async def ensure_version(self, model: str, source: str, tags: Mapping[str, str]) -> str:
        """Return the version of `model` with these `tags`, made if it is missing; `source` says where it lies."""
        ...

    async def mark_version(self, model: str, version: str, alias: str, tags: Mapping[str, str]) -> None:
        """Let `version` of `model`, and no other of it, be found by `alias`; set `tags` on it beside those it has."""
        ...


class Checkpoints(Protocol):
    """What the registry remembers, inside one transaction."""

    now: datetime

    async def add_upload(self, upload: Upload) -> None:
        """Keep a new upload."""
        ...

    async def upload(self, upload_id: UploadId) -> Upload | None:
        """Return an upload, locked until the transaction ends."""
        ...

    async def verified(self, team_id: TeamId, digests: Sequence[str]) -> list[Verified]:
        """Return what of this team's bytes with these `digests` is verified, and as what."""
        ...

    async def add_verified(self, team_id: TeamId, verified: Verified) -> None:
        """Remember that these bytes hold; a second time changes nothing."""
        ...

    async def lock_job(self, team_id: TeamId, job_id: str) -> None:
        """Let nobody else commit a checkpoint of the team's job until the transaction ends."""
        ...

    async def lock_model(self, team_id: TeamId, model: str) -> int:
        """Hold the team's model until the transaction ends; return its next version."""
        ...

    async def add_checkpoint(self, checkpoint: Checkpoint, upload_id: UploadId) -> None:
        """Keep a new checkpoint, publish that it is committed, and have it named."""
        ...

    async def checkpoint(self, digest: Digest, team_id: TeamId | None) -> Checkpoint | None:
        """Return a checkpoint; only the team's own where `team_id` is given."""
        ...

    async def checkpoints_of_job(self, job_id: str, team_id: TeamId | None) -> list[Checkpoint]:
        """Return the checkpoints said to be made by a job, one a team; only the team's own where `team_id` is given."""
        ...

    async def page(self, team_id: TeamId | None, size: int, after: int) -> tuple[list[Checkpoint], int | None]:
        """Return up to `size` checkpoints committed after position `after`, and where the next page starts."""
        ...

    async def add_name(self, digest: Digest, mlflow_model: str, mlflow_version: str) -> None:
        """Keep the name of a checkpoint and publish it."""
        ...


def blob_key(team_id: TeamId, sha256: str) -> str:
    """Return the object key of a team's bytes."""
    return f"blobs/{team_id}/{sha256}"

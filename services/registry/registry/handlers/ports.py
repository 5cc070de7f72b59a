"""What the registry needs of the outside: an object store, a catalogue of names, a reader, and what it remembers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from weights.manifest import FileEntry

    from registry.domain.checkpoint import Checkpoint, Digest, Finding, TeamId, UploadId
    from registry.domain.inspection import Content
    from registry.domain.integrity import DamageKind, KeptPart, Reading
    from registry.domain.parts import Part, Stored
    from registry.domain.upload import Asked, Progress, PutTarget, Refusal, Upload
    from registry.handlers.naming import Named

URL_LIFETIME: Final = timedelta(minutes=30)
"""How long a presigned URL holds: long enough for a part at 40 kB/s, short enough to be worthless soon."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that were read back and hold as `content`; `findings` name no file, for it may have any name."""

    sha256: str
    content: Content
    size_bytes: int
    parameters: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Located:
    """A file, and the parts of it in order."""

    file: FileEntry
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """What holds of all files of a checkpoint together."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class WantedPart:
    """A declared part that no checkpoint holds whole.

    `perhaps` it has arrived: it cannot have where no upload declared it before this one. `damaged` is one of a
    checkpoint that the store does not give any more.
    """

    part: Stored
    perhaps: bool
    damaged: bool


class Objects(Protocol):
    """The object store. A key holds the bytes with the SHA-256 that it names, and no others."""

    def presign_put(self, key: str, part: Stored, lifetime: timedelta, *, over_damage: bool = False) -> PutTarget:
        """Return a URL by which exactly the bytes of `part` can be put at `key`, and no others.

        What lies there already stays as it is, except where it is known to be damaged.
        """
        ...

    def presign_get(self, key: str, lifetime: timedelta) -> str:
        """Return a URL to read `key`."""
        ...

    def expiry(self, lifetime: timedelta) -> datetime:
        """Return when a URL made now ends (UTC, wall clock)."""
        ...

    def read(self, key: str, first: int, end: int) -> AsyncGenerator[bytes, None]:
        """Return the bytes at `key` from `first` up to and without `end` in chunks.

        Raises `NotFoundError` if there are none, and `TransientError`.
        """
        ...

    async def size(self, key: str) -> int | None:
        """Return the size in bytes of what is at `key`; `None` if there is nothing."""
        ...

    async def discard(self, key: str) -> None:
        """Remove what is at `key`, if anything, with all its versions."""
        ...

    async def revert(self, key: str, part: Stored) -> bool:
        """Bring the bytes of `part` back from an earlier version of `key`, where there is one; return whether."""
        ...

    async def write(self, key: str, data: bytes) -> str:
        """Put `data` at `key`; return its "s3://" address."""
        ...

    def listing(self, prefix: str) -> AsyncGenerator[list[tuple[str, int]], None]:
        """Return pages of the objects whose keys begin with `prefix`, by key: key and size in bytes."""
        ...

    async def works(self) -> bool:
        """Return whether the store takes and gives a small object: what it does not give is that object's fault."""
        ...


class Inspector(Protocol):
    """Reads files back, apart from the service: what a file does to its reader, it does not do to the service."""

    def inspect(self, team_id: TeamId, files: Sequence[Located]) -> AsyncGenerator[list[Verified], None]:
        """Read `files` and say of each, in this order and some at a time, that it holds.

        Raises `ReadRefusedError` for the first that does not, `DamagedPartError` for a part that does not come back as
        it was put, and `TransientError` where the store or the reader is away.
        """
        ...

    async def inspect_whole(self, team_id: TeamId, files: Sequence[Located], declared: Asked) -> Whole:
        """Check the files of a checkpoint against one another, reading headers and small files. Raises as `inspect`."""
        ...

    async def read_back(self, parts: Sequence[KeptPart]) -> list[Reading]:
        """Read kept parts to their ends and say of each, in this order, what is wrong with it.

        Raises `TransientError` where the store or the reader is away.
        """
        ...


class Uploads(Protocol):
    """What the registry remembers of uploads, inside one transaction."""

    async def add(self, upload: Upload) -> None:
        """Keep a new upload."""
        ...

    async def upload(self, upload_id: UploadId, *, lock: bool = False) -> Upload | None:
        """Return an upload, locked until the transaction ends if asked for."""
        ...

    async def progress(self, upload_id: UploadId) -> Progress:
        """Return how much of an upload's files is verified."""
        ...

    async def declare_parts(self, upload: Upload, parts: Sequence[Part]) -> set[str]:
        """Note parts; return the SHA-256 of those that no checkpoint of the team holds whole."""
        ...

    async def note_damaged(self, team_id: TeamId, sha256: str, kind: DamageKind) -> bool:
        """Note a damaged part of a checkpoint; `False` where no checkpoint rests on it."""
        ...

    async def usage(self, team_id: TeamId) -> tuple[int, int]:
        """Return the bytes that a team stores, and those that its open uploads declare beyond that."""
        ...

    async def wanted(self, upload: Upload, sha256s: Sequence[str]) -> dict[str, WantedPart]:
        """Return of an upload's parts those of `sha256s` that no checkpoint holds whole."""
        ...

    async def declare_files(self, upload: Upload, files: Sequence[FileEntry]) -> int:
        """Note files; return how many the upload has. A size that contradicts bytes of the team is refused."""
        ...

    async def files(self, upload: Upload) -> list[FileEntry]:
        """Return an upload's files by path."""
        ...

    async def known(self, team_id: TeamId, sha256s: Sequence[str]) -> list[Verified]:
        """Return what of the team's bytes with these digests is in a checkpoint, and as what."""
        ...

    async def located(self, upload: Upload, files: Sequence[FileEntry]) -> list[Located]:
        """Return of each of `files` its parts: those of a checkpoint that has its bytes, or those declared."""
        ...

    async def verified(self, upload: Upload) -> list[Verified]:
        """Return what of the upload's files is verified, and as what."""
        ...

    async def note_verified(self, upload: Upload, verified: Sequence[Verified]) -> None:
        """Remember that files of an upload hold."""
        ...

    async def begin_verifying(self, upload: Upload, asked: Asked) -> None:
        """Have an upload verified and published."""
        ...

    async def refuse(self, upload: Upload, refusal: Refusal) -> None:
        """Note why an upload will not become a checkpoint."""
        ...

    async def close(self, upload: Upload, digest: Digest) -> None:
        """Note which checkpoint an upload became."""
        ...


class Checkpoints(Protocol):
    """What the registry remembers of checkpoints, inside one transaction."""

    now: datetime

    async def lock_job(self, team_id: TeamId, job_id: str) -> None:
        """Let nobody else commit a checkpoint of the team's job until the transaction ends."""
        ...

    async def lock_model(self, team_id: TeamId, model: str) -> int:
        """Hold the team's model until the transaction ends; return its latest version, 0 for none."""
        ...

    async def add(
        self, checkpoint: Checkpoint, manifest: bytes, files: Sequence[Located], verified: Sequence[Verified]
    ) -> None:
        """Keep a new checkpoint with its bytes, publish that it is committed, and have it named and examined."""
        ...

    async def checkpoint(self, digest: Digest, team_id: TeamId | None) -> Checkpoint | None:
        """Return a checkpoint; only the team's own where `team_id` is given."""
        ...

    async def of_version(self, team_id: TeamId, model: str, version: int) -> Checkpoint | None:
        """Return a version of a team's model; the latest for 0."""
        ...

    async def of_job(self, job_id: str, team_id: TeamId | None) -> list[Checkpoint]:
        """Return the checkpoints said to be made by a job, one a team; only the team's own where `team_id` is given."""
        ...

    async def page(
        self, team_id: TeamId | None, model: str, size: int, after: int, *, newest_first: bool
    ) -> list[tuple[int, Checkpoint]]:
        """Return up to `size` checkpoints beyond position `after` (0: all), each with its position."""
        ...

    async def manifest(self, digest: Digest) -> bytes:
        """Return the manifest of a checkpoint."""
        ...

    async def files(self, digest: Digest, size: int, after: int) -> tuple[list[FileEntry], int | None]:
        """Return up to `size` files, by path, after the `after`-th, and where the next page starts."""
        ...

    async def parts(
        self, digest: Digest, path: str, size: int, after: tuple[int, int]
    ) -> tuple[list[Part], tuple[int, int] | None]:
        """Return up to `size` parts after a place (number of the file, offset), and where the next page starts."""
        ...

    async def add_name(self, checkpoint: Checkpoint, named: Named) -> None:
        """Keep the name of a checkpoint, publish it and have aliases follow."""
        ...


def part_key(team_id: TeamId, sha256: str) -> str:
    """Return the object key of a team's bytes."""
    return f"blobs/{team_id}/{sha256}"

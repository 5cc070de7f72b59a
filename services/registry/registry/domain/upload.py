"""An upload on its way to a checkpoint: how far it is, where its bytes go, and why it may not become one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from weights.manifest import Declaration, Signature

    from registry.domain.checkpoint import Digest, TeamId, UploadId


class UploadState(Enum):
    """How far an upload is."""

    OPEN = "open"
    VERIFYING = "verifying"
    COMMITTED = "committed"
    REFUSED = "refused"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an upload was refused: a stable code, words, and facts by name."""

    code: str
    message: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a team asks for by a commit: its declaration and signature, and the version it wants to follow.

    `unless_same`: where the latest version says the same, that is it, and no other is made.
    """

    declaration: Declaration
    signature: Signature | None
    latest_version: int | None
    unless_same: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that was begun. `asked` is set from its commit on, `checkpoint_digest` once it is a checkpoint."""

    upload_id: UploadId
    team_id: TeamId
    model: str
    state: UploadState
    asked: Asked | None = None
    refusal: Refusal | None = None
    checkpoint_digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes of an upload's files: those that are verified, and all that are declared."""

    verified_bytes: int
    declared_bytes: int


class UploadClosedError(Exception):
    """An upload takes no more: it was committed, refused or abandoned."""

    def __init__(self, upload_id: UploadId, state: UploadState) -> None:
        """Keep the upload as `value` and its `state`."""
        super().__init__(f"upload {upload_id} is {state.value}")
        self.field = "upload_id"
        self.value = upload_id
        self.state = state.value
        self.rule = "must be open: begin a new upload, which finds what has arrived"


class UploadCommittedOtherwiseError(Exception):
    """An upload was committed already, with another declaration."""

    def __init__(self, upload_id: UploadId) -> None:
        """Keep the upload as `value`."""
        super().__init__(f"upload {upload_id} is committed with another declaration")
        self.field = "upload_id"
        self.value = upload_id
        self.rule = "a committed upload cannot be committed again with another declaration"


class JobHasCheckpointError(Exception):
    """A training job has a committed checkpoint already, with other bytes."""

    def __init__(self, job_id: str, checkpoint_digest: Digest) -> None:
        """Keep the job as `value` and the checkpoint that it made."""
        super().__init__(f"job {job_id} has checkpoint {checkpoint_digest} already")
        self.field = "declaration.job_id"
        self.value = job_id
        self.checkpoint_digest = checkpoint_digest
        self.rule = "a job makes one checkpoint"


class VersionMovedOnError(Exception):
    """Somebody else committed a version first."""

    def __init__(self, expected: int, actual: int) -> None:
        """Keep the `expected` version as `value` and the `actual` latest one."""
        super().__init__(f"the model is at version {actual}, not at {expected}")
        self.field = "latest_version"
        self.value = expected
        self.actual = actual
        self.rule = f"must be the model's latest version, which is {actual}"


class FileMissingError(Exception):
    """A part of a file never arrived in the object store."""

    def __init__(self, path: str, offset_bytes: int) -> None:
        """Keep the file as `field` and where in it bytes are missing as `value`."""
        super().__init__(f"{path}: the part at byte {offset_bytes} has not arrived in the object store")
        self.field = path
        self.value = f"missing from byte {offset_bytes} on"
        self.rule = "every part must be there before the commit"


class PartDamagedError(Exception):
    """A part does not come back from the object store as it was put there: it changed, went, or cannot be read."""

    def __init__(self, path: str, offset_bytes: int, sha256: str) -> None:
        """Keep the file as `field`, where in it the part begins, and the part's `sha256`."""
        super().__init__(f"{path}: the part at byte {offset_bytes} does not come back from the store as it was put")
        self.field = path
        self.value = f"damaged from byte {offset_bytes} on"
        self.sha256 = sha256
        self.rule = f"must have the SHA-256 {sha256}: push again, and the part is sent anew"


class QuotaExceededError(Exception):
    """A team would store more than it may."""

    def __init__(self, wanted_bytes: int, quota_bytes: int) -> None:
        """Keep what the team would store as `value` and its quota in the `rule`, both in bytes."""
        super().__init__(f"the team would store {wanted_bytes} bytes of the {quota_bytes} that it may")
        self.field = "parts"
        self.value = wanted_bytes
        self.quota_bytes = quota_bytes
        self.rule = f"what is stored and what open uploads declare must be at most {quota_bytes} bytes"


@dataclass(frozen=True, slots=True)
class PutTarget:
    """Where the bytes of a part go."""

    sha256: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime

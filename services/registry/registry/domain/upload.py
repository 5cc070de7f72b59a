"""An upload on its way to a checkpoint: where its bytes go, and why it may not become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from registry.domain.checkpoint import Digest, FileEntry, UploadId


class UploadCommittedOtherwiseError(Exception):
    """An upload was committed already, with another declaration."""

    def __init__(self, upload_id: UploadId, checkpoint_digest: Digest) -> None:
        """Keep the upload as `value` and the checkpoint that it became."""
        super().__init__(f"upload {upload_id} is committed as {checkpoint_digest} with another declaration")
        self.field = "upload_id"
        self.value = upload_id
        self.checkpoint_digest = checkpoint_digest
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


class FileMissingError(Exception):
    """A file of an upload never arrived in the object store."""

    def __init__(self, path: str) -> None:
        """Keep the file as `field`."""
        super().__init__(f"{path} has not arrived in the object store")
        self.field = path
        self.value = "missing"
        self.rule = "every listed file must be there before the commit"


@dataclass(frozen=True, slots=True)
class PutTarget:
    """Where the bytes of a missing file go."""

    path: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class GetSource:
    """Where the bytes of a file are read."""

    file: FileEntry
    url: str

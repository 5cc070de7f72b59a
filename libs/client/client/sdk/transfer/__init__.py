"""Moving a checkpoint's bytes between a folder and object stores, by presigned URLs of its parts: verified, resumed.

It knows no gRPC: who declares parts and tells where they are is handed in.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from client.sdk.transfer.errors import (
    TRANSFER_ERRORS,
    BytesDifferError,
    FileChangedError,
    FolderRefusedError,
    StoreAwayError,
    TransferRefusedError,
)
from client.sdk.transfer.fetching import Fetching, PartSource
from client.sdk.transfer.progress import Begun, Event, LeftOut, Moved, MovedAgain, Progress, Verifying, silent
from client.sdk.transfer.retrying import PATIENCE_SECONDS
from client.sdk.transfer.scanning import LocalFile
from client.sdk.transfer.sending import Sending, Target
from client.sdk.transfer.store import Store
from client.sdk.transfer.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence
    from pathlib import Path

__all__ = [
    "PATIENCE_SECONDS",
    "TRANSFER_ERRORS",
    "Begun",
    "BytesDifferError",
    "Event",
    "FileChangedError",
    "FolderRefusedError",
    "LeftOut",
    "LocalFile",
    "Moved",
    "MovedAgain",
    "PartSource",
    "Progress",
    "Sending",
    "Store",
    "StoreAwayError",
    "Target",
    "Throttle",
    "TransferRefusedError",
    "Verifying",
    "download",
    "file_sha256",
    "silent",
]


async def download(
    files: Sequence[LocalFile], parts: Sequence[PartSource], folder: Path, progress: Progress | None = None
) -> None:
    """Fetch `files` below `folder` from where their `parts` are said to be, by path and offset.

    Raises what `Fetching.fetch` raises; a URL that has ended is one of `TransferRefusedError`.
    """
    await Fetching(_Listed(parts), Store(), folder, progress or silent).fetch(files)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Listed:
    """Parts that are all known, whose URLs cannot be asked for again."""

    def __init__(self, parts: Sequence[PartSource]) -> None:
        self._parts = parts

    async def parts(self, paths: Collection[str]) -> AsyncIterator[PartSource]:
        """Give them."""
        del paths
        for part in self._parts:
            yield part

    async def again(self, part: PartSource) -> PartSource | None:
        """There is no other."""
        del part
        return None

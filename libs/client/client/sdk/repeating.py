"""Whether a push is one that was made before: who repeats it after a crash gets its version and makes no second one."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from dokpamo.registry.v1 import service_pb2 as pb

from client.sdk.checkpoints import Sources
from client.sdk.listing import files as listed_files
from client.sdk.references import Reference
from client.sdk.transfer import Begun, Moved
from client.sdk.transfer.scanning import scan

if TYPE_CHECKING:
    from pathlib import Path

    from common.grpc import Client

    from client.sdk.transfer import PartSource, Progress

WEIGHTS_OF_OWN = {"component": "model", "owner": "own", "kind": "weights"}
"""The edge of a model that was trained from an earlier one of its team."""


async def is_repeated(
    registry: Client, folder: Path, latest: pb.Checkpoint, declaration: pb.Declaration, progress: Progress
) -> bool:
    """Return whether a model's `latest` version is a push of `folder` whose parent was named by the model alone.

    The name means the version before the push, so what was made is recognised although the name now means that itself:
    it has the same files, its parent is an earlier version of the model, and all else of `declaration`, which is
    without that parent, is the same. Files are read until the first byte differs. Raises `Refused` and `OSError`.
    """
    own = latest.declaration.lineage[-1].parent if latest.declaration.lineage else ""
    said = with_parent(declaration, own)
    if not own or said != latest.declaration:
        return False
    parent = await Reference(digest=own).resolve(registry, latest.team_id)
    if parent.model != latest.model or parent.version >= latest.version:
        return False
    return await _same_files(registry, folder, latest, progress)


def with_parent(declaration: pb.Declaration, digest: str) -> pb.Declaration:
    """Return a declaration with one more edge: trained from the team's own checkpoint of this digest."""
    made = pb.Declaration()
    made.CopyFrom(declaration)
    made.lineage.add(**WEIGHTS_OF_OWN, parent=digest)
    return made


async def _same_files(registry: Client, folder: Path, latest: pb.Checkpoint, progress: Progress) -> bool:
    found, _ = await asyncio.to_thread(scan, folder)
    kept = await listed_files(registry, latest.checkpoint_digest, team_id=latest.team_id)
    if [(each.path, each.size_bytes) for each in found] != [(each.path, each.size_bytes) for each in kept]:
        return False
    where = {each.path: each.where for each in found}
    progress(Begun({each.path: each.size_bytes for each in found}))
    read: list[Moved] = []
    async for part in Sources(registry, latest.team_id, latest.checkpoint_digest).parts(list(where)):
        if not await asyncio.to_thread(_holds, where[part.path], part):
            for each in read:
                # The push begins anew, and counts for itself.
                progress(Moved(each.path, -each.bytes_moved, there_already=True))
            return False
        read.append(Moved(part.path, part.size, there_already=True))
        progress(read[-1])
    return True


def _holds(file: Path, part: PartSource) -> bool:
    with file.open("rb") as opened:
        opened.seek(part.offset)
        return hashlib.sha256(opened.read(part.size)).digest() == part.sha256

"""Uploads: begun, declared, and committed for verification."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from common.errors import NotFoundError

from registry.domain.checkpoint import RegistryFieldError, UploadId, check_declaration, check_model, own_parents
from registry.domain.listing import MOST_FILES, check_file, check_listing
from registry.domain.parts import check_part, check_tiles
from registry.domain.upload import (
    Asked,
    QuotaExceededError,
    Upload,
    UploadClosedError,
    UploadCommittedOtherwiseError,
    UploadState,
)
from registry.handlers.keys import check_signature
from registry.handlers.ports import URL_LIFETIME, part_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weights.manifest import FileEntry

    from registry.domain.checkpoint import TeamId
    from registry.domain.parts import Part
    from registry.domain.upload import PutTarget
    from registry.handlers.keys import TeamKeys
    from registry.handlers.ports import Checkpoints, Objects, Uploads, WantedPart

MOST_PARTS_AT_ONCE: Final = 1_000
MOST_FILES_AT_ONCE: Final = 2_000
_LOOKED_FOR_AT_ONCE: Final = 16


async def begin_upload(uploads: Uploads, team_id: TeamId, model: str) -> Upload:
    """Open an upload. Raises `RegistryFieldError`."""
    check_model(model)
    upload = Upload(UploadId(str(uuid4())), team_id, model, UploadState.OPEN)
    await uploads.add(upload)
    return upload


async def own_upload(uploads: Uploads, team_id: TeamId, upload_id: UploadId, *, lock: bool = False) -> Upload:
    """Return a team's upload; another team's does not exist for it. Raises `NotFoundError`."""
    upload = await uploads.upload(upload_id, lock=lock)
    if upload is None or upload.team_id != team_id:
        raise NotFoundError("upload_id", upload_id)
    return upload


async def declare_parts(uploads: Uploads, upload: Upload, parts: Sequence[Part], quota_bytes: int) -> set[str]:
    """Note parts of an open upload; return the SHA-256 of those that no checkpoint of the team holds.

    Raises `UploadClosedError`, `QuotaExceededError` and what `check_part` raises.
    """
    _require_open(upload)
    _at_most("parts", parts, MOST_PARTS_AT_ONCE)
    for part in parts:
        check_part(part)
    lacking = await uploads.declare_parts(upload, parts)
    stored, pending = await uploads.usage(upload.team_id)
    if stored + pending > quota_bytes:
        raise QuotaExceededError(stored + pending, quota_bytes)
    return lacking


async def part_targets(
    uploads: Uploads, objects: Objects, upload: Upload, sha256s: Sequence[str], *, again: bool
) -> list[PutTarget]:
    """Return where to put those declared parts that have not arrived; `again` where they were asked for before.

    Raises `UploadClosedError`, `NotFoundError` for what was not declared, and `TransientError`.
    """
    _require_open(upload)
    _at_most("sha256", sha256s, MOST_PARTS_AT_ONCE)
    wanted = await uploads.wanted(upload, sha256s)
    gate = asyncio.Semaphore(_LOOKED_FOR_AT_ONCE)

    async def arrived(each: WantedPart) -> bool:
        # What lies under the key of a damaged part may well have its size.
        if each.damaged or not (each.perhaps or again):
            return False
        async with gate:
            return await objects.size(part_key(upload.team_id, each.part.sha256)) == each.part.size_bytes

    there = await asyncio.gather(*map(arrived, wanted.values()))
    return [
        objects.presign_put(
            part_key(upload.team_id, each.part.sha256), each.part, URL_LIFETIME, over_damage=each.damaged
        )
        for each, is_there in zip(wanted.values(), there, strict=True)
        if not is_there
    ]


async def declare_files(uploads: Uploads, upload: Upload, files: Sequence[FileEntry]) -> int:
    """Note files of an open upload; return how many it has. Raises `UploadClosedError` and what `check_file` raises."""
    _require_open(upload)
    _at_most("files", files, MOST_FILES_AT_ONCE)
    for file in files:
        check_file(file)
    count = await uploads.declare_files(upload, files)
    if count > MOST_FILES:
        raise RegistryFieldError("files", count, f"must be at most {MOST_FILES} files")
    return count


async def commit_upload(
    uploads: Uploads, checkpoints: Checkpoints, keys: TeamKeys, upload: Upload, asked: Asked
) -> Upload:
    """Have an open upload verified and published; a repeat changes nothing. Return the upload as it is then.

    Nothing is read here: what can be told from what is declared is refused at once, the rest by verification. Raises
    `UploadClosedError`, `UploadCommittedOtherwiseError`, `NotFoundError` for a parent, `PartsIncompleteError`, and what
    `check_declaration`, `check_listing` and `check_signature` raise.
    """
    check_declaration(asked.declaration)
    if upload.asked is not None and upload.state is not UploadState.REFUSED:
        if upload.asked != asked:
            raise UploadCommittedOtherwiseError(upload.upload_id)
        return upload
    _require_open(upload)
    for parent in own_parents(asked.declaration):
        if await checkpoints.checkpoint(parent, upload.team_id) is None:
            raise NotFoundError("declaration.lineage.parent", parent)
    files = await uploads.files(upload)
    check_listing(files)
    for each in await uploads.located(upload, files):
        check_tiles(each.file, each.parts)
    await check_signature(keys, upload, files, asked)
    await uploads.begin_verifying(upload, asked)
    return await own_upload(uploads, upload.team_id, upload.upload_id)


def _require_open(upload: Upload) -> None:
    if upload.state is not UploadState.OPEN:
        raise UploadClosedError(upload.upload_id, upload.state)


def _at_most(field: str, given: Sequence[object], most: int) -> None:
    if len(given) > most:
        raise RegistryFieldError(field, len(given), f"must be at most {most} a call")

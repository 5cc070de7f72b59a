"""The tables of checkpoints can be made again from the object store: from manifests, layouts and the bytes themselves.

Source: requirement, registry and originality: restore test.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from weights.manifest import Declaration, FileEntry, LineageEdge, Signature, identity

from registry.domain.checkpoint import Checkpoint, Digest, Finding, TeamId
from registry.domain.inspection import Content, content_of
from registry.domain.listing import MOST_FILES
from registry.domain.parts import Part, check_tiles
from registry.handlers.ports import Located, Verified, part_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from registry.handlers.ports import Checkpoints, Objects, Uploads

    Open = Callable[[], AbstractAsyncContextManager["Restored"]]

LAYOUT_FORMAT: Final = "dokpamo.layout/1"
_MOST_PARTS: Final = 2**31


class NotRestorableError(Exception):
    """What lies in the object store is not enough to make a checkpoint again."""

    def __init__(self, key: str, problem: str) -> None:
        """Keep the object's `key` and the `problem` in words."""
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


@dataclass(frozen=True, slots=True)
class WholeCheckpoint:
    """A checkpoint with all that the tables have of it."""

    checkpoint: Checkpoint
    manifest: bytes
    files: tuple[Located, ...]
    verified: tuple[Verified, ...]


class Restored(Protocol):
    """Where checkpoints are made again, inside one transaction."""

    async def restore(self, whole: WholeCheckpoint) -> bool:
        """Keep a checkpoint that the tables do not have; `False` where they have it. Nobody is told: all know it."""
        ...


async def layout_of(checkpoint: Checkpoint, checkpoints: Checkpoints, uploads: Uploads) -> bytes:
    """Return the layout of a checkpoint: the parts of its files, and what was found when they were verified."""
    files, _ = await checkpoints.files(checkpoint.checkpoint_digest, MOST_FILES, 0)
    parts, _ = await checkpoints.parts(checkpoint.checkpoint_digest, "", _MOST_PARTS, (0, 0))
    by_path = defaultdict(list)
    for part in parts:
        by_path[part.path].append(part)
    contents = {(file.sha256, content_of(file.path)) for file in files}
    known = await uploads.known(checkpoint.team_id, [file.sha256 for file in files])
    document = {
        "format": LAYOUT_FORMAT,
        "checkpoint_digest": checkpoint.checkpoint_digest,
        "committed_at": checkpoint.committed_at.isoformat(),
        "findings": [asdict(finding) for finding in checkpoint.findings],
        # The same bytes have the same parts wherever they stand.
        "parts": {file.sha256: [[p.sha256, p.size_bytes] for p in by_path[file.path]] for file in files},
        "verified": [
            {
                "sha256": each.sha256,
                "content": each.content.value,
                "parameters": str(each.parameters),
                "findings": [asdict(finding) for finding in each.findings],
            }
            for each in sorted(known, key=lambda each: (each.sha256, each.content.value))
            if (each.sha256, each.content) in contents
        ],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


async def restore(team_id: TeamId | None, objects: Objects, opened: Open) -> AsyncIterator[tuple[Checkpoint, bool]]:
    """Make the checkpoints of a team (of all) again that the tables lack; yield each, and whether it was lacking.

    In the order in which they were committed. That the bytes are there is looked up; that they are whole is for the
    scrubber, which finds them unread. Raises `NotRestorableError` for the first that cannot be, and `TransientError`.
    """
    prefix = f"manifests/{team_id}/" if team_id else "manifests/"
    sizes = {key: size async for page in objects.listing(prefix) for key, size in page}
    there = {key: size async for page in objects.listing(f"blobs/{team_id or ''}") for key, size in page}
    found = []
    for key, size_bytes in sizes.items():
        folder, _, name = key.rpartition("/")
        if name == "manifest.json":
            layout_key = f"{folder}/layout.json"
            if layout_key not in sizes:
                raise NotRestorableError(layout_key, "is missing")
            manifest = await _read(objects, key, size_bytes)
            whole = _whole(key, manifest, await _read(objects, layout_key, sizes[layout_key]))
            _require_bytes(whole, there)
            found.append(whole)
    for whole in sorted(found, key=lambda each: (each.checkpoint.committed_at, each.checkpoint.version)):
        async with opened() as restored:
            lacking = await restored.restore(whole)
        yield whole.checkpoint, lacking


async def _read(objects: Objects, key: str, size_bytes: int) -> bytes:
    return b"".join([chunk async for chunk in objects.read(key, 0, size_bytes)])


def _whole(key: str, manifest: bytes, layout: bytes) -> WholeCheckpoint:
    digest = Digest(identity(manifest))
    if key.split("/")[-2] != digest:
        raise NotRestorableError(key, f"has the SHA-256 {digest}")
    said, laid = json.loads(manifest), json.loads(layout)
    if laid["format"] != LAYOUT_FORMAT or laid["checkpoint_digest"] != digest:
        raise NotRestorableError(key, "has a layout that is not its own")
    entries = [FileEntry(file["path"], int(file["size_bytes"]), file["sha256"]) for file in said["files"]]
    files = tuple(Located(entry, _parts(entry, laid["parts"][entry.sha256])) for entry in entries)
    for each in files:
        check_tiles(each.file, each.parts)
    sizes = {entry.sha256: entry.size_bytes for entry in entries}
    signature = said.get("signature")
    checkpoint = Checkpoint(
        checkpoint_digest=digest,
        team_id=TeamId(said["team_id"]),
        model=said["model"],
        version=int(said["version"]),
        file_count=len(entries),
        size_bytes=sum(entry.size_bytes for entry in entries),
        declaration=_declaration(said["declaration"]),
        committed_at=datetime.fromisoformat(laid["committed_at"]),
        signature=None if signature is None else Signature(signature["key_id"], bytes.fromhex(signature["ed25519"])),
        findings=_findings(laid["findings"]),
    )
    verified = tuple(
        Verified(
            each["sha256"],
            Content(each["content"]),
            sizes[each["sha256"]],
            int(each["parameters"]),
            _findings(each["findings"]),
        )
        for each in laid["verified"]
    )
    return WholeCheckpoint(checkpoint, manifest, files, verified)


def _require_bytes(whole: WholeCheckpoint, there: Mapping[str, int]) -> None:
    for each in whole.files:
        for part in each.parts:
            key = part_key(whole.checkpoint.team_id, part.sha256)
            if there.get(key) != part.size_bytes:
                raise NotRestorableError(key, f"must be there with {part.size_bytes} bytes, for {part.path}")


def _parts(file: FileEntry, laid: Sequence[Sequence[Any]]) -> tuple[Part, ...]:
    parts, offset = [], 0
    for sha256, size_bytes in laid:
        parts.append(Part(file.path, offset, size_bytes, sha256))
        offset += size_bytes
    return tuple(parts)


def _declaration(said: dict[str, Any]) -> Declaration:
    lineage = tuple(LineageEdge(**{**edge, "evidence": tuple(edge["evidence"])}) for edge in said["lineage"])
    numbers = {"seed": int(said["seed"]), "parameters": int(said["parameters"])}
    return Declaration(**{**said, **numbers, "lineage": lineage})


def _findings(told: Sequence[dict[str, str]]) -> tuple[Finding, ...]:
    return tuple(Finding(**each) for each in told)

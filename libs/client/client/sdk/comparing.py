"""How two checkpoints differ: files, and tensors wherever they lie, told without fetching what is the same.

Headers are read by range. A tensor is the same where it is made of the same parts; where its bytes share parts with
others, or were cut in another way, its own bytes are fetched and compared.
"""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from weights.safetensors import LENGTH_BYTES, header_length, read_header

from client.sdk.checkpoints import Sources
from client.sdk.listing import files as files_of
from client.sdk.transfer import Store
from client.sdk.transfer.remote import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.grpc import Client
    from dokpamo.registry.v1 import service_pb2 as pb
    from weights.safetensors import Tensor

_CONNECTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is in one, in the other, or in both and differs; what it is like before and after, if there."""

    name: str
    before: str
    after: str
    before_bytes: int = 0
    after_bytes: int = 0


@dataclass(slots=True)
class Difference:
    """Files and tensors that differ, by name; `same_files` and `same_tensors` are how many do not."""

    files: list[Change] = field(default_factory=list)
    tensors: list[Change] = field(default_factory=list)
    same_files: int = 0
    same_tensors: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A tensor of a file in the store; `start` is where the file's data begins."""

    file: RemoteFile
    tensor: Tensor
    start: int

    @property
    def like(self) -> str:
        return f"{self.tensor.dtype} {list(self.tensor.shape)}"

    @property
    def size(self) -> int:
        return self.tensor.end - self.tensor.begin

    def parts(self) -> list[tuple[int, int, bytes]]:
        return self.file.parts_of(self.start + self.tensor.begin, self.start + self.tensor.end)

    def sha256(self) -> bytes:
        digest = hashlib.sha256()
        for data in self.file.read(self.start + self.tensor.begin, self.size):
            digest.update(data)
        return digest.digest()


async def compare(registry: Client, before: pb.Checkpoint, after: pb.Checkpoint, *, team_id: str = "") -> Difference:
    """Return how `after` differs from `before`.

    Raises `Refused`, and what the store does: `TransferRefusedError`, `StoreAwayError`, `BytesDifferError`.
    """
    sides = [
        {file.path: file for file in await files_of(registry, each.checkpoint_digest, team_id=team_id)}
        for each in (before, after)
    ]
    found = Difference()
    changed: set[str] = set()
    for path in sorted(sides[0].keys() | sides[1].keys()):
        one, other = (side.get(path) for side in sides)
        if one and other and one.sha256 == other.sha256:
            found.same_files += 1
            continue
        changed.add(path)
        found.files.append(
            Change(
                path,
                one.sha256 if one else "",
                other.sha256 if other else "",
                one.size_bytes if one else 0,
                other.size_bytes if other else 0,
            )
        )
    store, threads = Store(), ThreadPoolExecutor(_CONNECTIONS, "diff")
    try:
        places = [
            await _places(
                registry, store, threads, each, team_id, (side[path] for path in sorted(changed & side.keys()))
            )
            for each, side in zip((before, after), sides, strict=True)
        ]
        await _tensors(places[0], places[1], threads, found)
    finally:
        store.close()
        threads.shutdown(cancel_futures=True)
    return found


async def _places(
    registry: Client,
    store: Store,
    threads: ThreadPoolExecutor,
    checkpoint: pb.Checkpoint,
    team_id: str,
    files: Iterable[pb.CheckpointFile],
) -> dict[str, _Place]:
    """Return the tensors of the weights among `files`, by name."""
    sources = Sources(registry, team_id, checkpoint.checkpoint_digest)
    found: dict[str, _Place] = {}
    loop = asyncio.get_running_loop()
    for file in files:
        if file.path.endswith(".safetensors"):
            parts = [part async for part in sources.parts((file.path,))]
            remote = RemoteFile(file.path, [part for part in parts if part.path == file.path], store)
            start, tensors = await loop.run_in_executor(threads, _header, remote, file.size_bytes)
            found |= {tensor.name: _Place(remote, tensor, start) for tensor in tensors}
    return found


def _header(file: RemoteFile, size_bytes: int) -> tuple[int, tuple[Tensor, ...]]:
    length = header_length(file.path, b"".join(file.read(0, LENGTH_BYTES)), size_bytes)
    header = b"".join(file.read(LENGTH_BYTES, length))
    return LENGTH_BYTES + length, read_header(file.path, header, size_bytes)


async def _tensors(
    before: dict[str, _Place], after: dict[str, _Place], threads: ThreadPoolExecutor, found: Difference
) -> None:
    loop = asyncio.get_running_loop()
    names = sorted(before.keys() | after.keys())
    asked = [
        loop.run_in_executor(threads, _same, before[name], after[name])
        for name in names
        if name in before and name in after
    ]
    same = dict(
        zip((name for name in names if name in before and name in after), await asyncio.gather(*asked), strict=True)
    )
    for name in names:
        if same.get(name):
            found.same_tensors += 1
            continue
        one, other = before.get(name), after.get(name)
        found.tensors.append(
            Change(
                name,
                one.like if one else "",
                other.like if other else "",
                one.size if one else 0,
                other.size if other else 0,
            )
        )


def _same(one: _Place, other: _Place) -> bool:
    if one.like != other.like:
        return False
    parts, others = one.parts(), other.parts()
    if parts == others:
        return True
    cuts, other_cuts = ([(offset, size) for offset, size, _ in each] for each in (parts, others))
    # Whole parts of nothing else, cut alike: other digests are other bytes.
    alone = bool(cuts) and cuts == other_cuts and cuts[0][0] == 0 and cuts[-1][0] + cuts[-1][1] == one.size
    return not alone and one.sha256() == other.sha256()

"""A store that fails to give one part and gives others: the part is damaged, and not the store away for ever."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from client.stack.ports import free_ports
from client.stack.seaweed import S3Access, SeaweedPorts, seaweed_part
from client.stack.single import SinglePart
from common.errors import TransientError
from registry.domain.checkpoint import TeamId
from registry.domain.integrity import DamageKind, KeptPart
from registry.domain.parts import Part
from registry.handlers import DamagedPartError, Located, part_key
from registry.store.inspector import ProcessInspector
from registry.store.objects import S3Objects
from weights.manifest import FileEntry

from tests.builders.part_store import PartStore, gives_half, hangs_up, is_at_fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import timedelta
    from pathlib import Path

TEAM = TeamId("upstage")
DATA = b"some text\n" * 1000
SHA256 = hashlib.sha256(DATA).hexdigest()
KEPT = KeptPart(TEAM, SHA256, len(DATA))
FILE = Located(FileEntry("a.txt", len(DATA), SHA256), (Part("a.txt", 0, len(DATA), SHA256),))


class Objects:
    """What the inspector asks an object store for."""

    def __init__(self, store: PartStore) -> None:
        self.store = store
        self.at_work = True

    def presign_get(self, key: str, _lifetime: timedelta) -> str:
        return self.store.url(bytes.fromhex(key.rpartition("/")[2]))

    async def works(self) -> bool:
        return self.at_work


@pytest.fixture
def objects() -> Iterator[Objects]:
    with PartStore() as store:
        store.objects[SHA256] = DATA
        yield Objects(store)


@pytest.fixture
async def inspector(objects: Objects) -> AsyncIterator[ProcessInspector]:
    async with ProcessInspector(objects, pauses=(0.01, 0.01)) as inspector:  # type: ignore[arg-type]  # what it asks for
        yield inspector


@pytest.mark.parametrize("fault", [is_at_fault, gives_half])
async def test_what_stays_unreadable_while_the_store_works_is_damaged(
    objects: Objects, inspector: ProcessInspector, fault: object
) -> None:
    faults = objects.store.faults["GET"]
    faults[:] = [fault] * 3  # type: ignore[list-item]  # a fault
    (reading,) = await inspector.read_back([KEPT])
    assert reading.damage is DamageKind.UNREADABLE
    assert reading.problem in {"HTTP 500", f"the answer ends {len(DATA) // 2} bytes early"}
    # The same while an upload is verified.
    faults[:] = [fault] * 4  # type: ignore[list-item]
    with pytest.raises(DamagedPartError) as damaged:
        [each async for each in inspector.inspect(TEAM, [FILE])]
    assert (damaged.value.kind, damaged.value.sha256) == (DamageKind.UNREADABLE, SHA256)
    assert faults == []


async def test_a_passing_fault_is_none(objects: Objects, inspector: ProcessInspector) -> None:
    objects.store.faults["GET"][:] = [is_at_fault, gives_half]
    (reading,) = await inspector.read_back([KEPT])
    assert reading.damage is None
    # A verification is begun anew, as for a store that was away.
    objects.store.faults["GET"][:] = [is_at_fault]
    with pytest.raises(TransientError):
        [each async for each in inspector.inspect(TEAM, [FILE])]
    assert [each.sha256 async for some in inspector.inspect(TEAM, [FILE]) for each in some] == [SHA256]


async def test_a_store_that_gives_nothing_else_either_is_away(objects: Objects, inspector: ProcessInspector) -> None:
    objects.at_work = False
    objects.store.faults["GET"][:] = [is_at_fault] * 3
    with pytest.raises(TransientError):
        await inspector.read_back([KEPT])
    objects.store.faults["GET"][:] = [is_at_fault] * 4
    with pytest.raises(TransientError):
        [each async for each in inspector.inspect(TEAM, [FILE])]
    # Who hangs up without an answer is away, whatever else works.
    objects.at_work = True
    objects.store.faults["GET"][:] = [hangs_up] * 2
    with pytest.raises(TransientError):
        await inspector.read_back([KEPT])


@pytest.mark.on_demand
async def test_a_needle_that_rots_in_the_volume_file_of_a_real_store_is_unreadable_until_it_is_put_anew(
    tmp_path: Path,
) -> None:
    """SeaweedFS has a checksum of each needle: it answers 500, or breaks off after the good ones, each after 13 s."""
    ports = SeaweedPorts.of(free_ports(8))
    access = S3Access(f"http://127.0.0.1:{ports.s3}", "test", "only-for-tests")
    parts = {name: os.urandom(size) for name, size in (("small", 300_000), ("large", 9_000_000), ("good", 200_000))}
    kept = {name: KeptPart(TEAM, hashlib.sha256(data).hexdigest(), len(data)) for name, data in parts.items()}
    with SinglePart(seaweed_part(tmp_path / "s3", ports, access), tmp_path / "s3.log"):
        async with (
            S3Objects(access.endpoint, "checkpoints", access.access_key, access.secret_key, region="us-east-1") as s3,
            ProcessInspector(s3, pauses=(0.1,)) as inspector,
        ):
            for name, data in parts.items():
                await s3.write(part_key(TEAM, kept[name].sha256), data)
            for name in ("small", "large"):
                assert rot(tmp_path / "s3" / "data", parts[name][-100_000:-99_900])
            readings = await inspector.read_back(list(kept.values()))
            assert [reading.damage for reading in readings] == [DamageKind.UNREADABLE, DamageKind.UNREADABLE, None]
            for name, data in parts.items():
                await s3.write(part_key(TEAM, kept[name].sha256), data)
            assert {reading.damage for reading in await inspector.read_back(list(kept.values()))} == {None}


def rot(folder: Path, mark: bytes) -> bool:
    """Change one byte at `mark` in the volume file that has it."""
    for path in folder.glob("*.dat"):
        at = path.read_bytes().find(mark)
        if at >= 0:
            with path.open("r+b") as file:
                file.seek(at)
                file.write(bytes([mark[0] ^ 1]))
            return True
    return False

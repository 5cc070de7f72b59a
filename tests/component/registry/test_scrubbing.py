"""What is kept is read back, and what is damaged is told and heals by the next push, on a real PostgreSQL and S3."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from common.errors import Refused
from registry.domain.checkpoint import Digest, TeamId
from registry.domain.integrity import DamageKind, Schedule
from registry.handlers import part_key, start_scrub
from registry.store.inspector import ProcessInspector
from registry.store.scrubs import ScrubStore
from registry.store.upkeep import Scrubber

from tests.builders.registry_service import TEAM, RawUpload, checkpoint_folder, declaration, files_of, put_all

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from registry.domain.integrity import Damage

    from tests.builders.registry_service import RunningRegistry

SCHEDULE = Schedule(every=timedelta(days=30), bytes_a_second=2**30)


@pytest.fixture
async def inspector(registry: RunningRegistry) -> AsyncIterator[ProcessInspector]:
    async with ProcessInspector(registry.objects, pauses=(0.01,)) as inspector:
        yield inspector


async def days_later(registry: RunningRegistry, days: int = 31) -> None:
    """As if so many days had passed since parts were read."""
    async with registry.database.transaction() as tx:
        await tx.execute("UPDATE part_reads SET read_at = read_at - $1::interval", timedelta(days=days))


async def scrub(registry: RunningRegistry, inspector: ProcessInspector) -> int:
    """Until no part's turn has come; return how many rounds it took."""
    scrubber, rounds = Scrubber(registry.database, inspector, registry.objects, SCHEDULE), 0
    while await scrubber.do() < 1:
        rounds += 1
    return rounds


async def damages(registry: RunningRegistry, *, only_open: bool = True) -> list[Damage]:
    async with registry.database.transaction() as tx:
        found, _ = await ScrubStore(tx).damages(TeamId(TEAM), 100, 0, only_open=only_open)
        return found


def key(data: bytes, team: str = TEAM) -> str:
    return part_key(TeamId(team), hashlib.sha256(data).hexdigest())


async def test_bit_rot_and_what_is_missing_are_found_named_and_healed_by_the_next_push(
    registry: RunningRegistry, inspector: ProcessInspector, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    weights, readme = files["model.safetensors"], files["README.md"]
    async with registry.client("consortium", team=TEAM) as team:
        first = await (await RawUpload.begin(team)).push(files, declaration())
        rotten = weights[:100] + bytes([weights[100] ^ 1]) + weights[101:]
        await registry.objects.write(key(weights), rotten)
        await registry.objects.discard(key(readme))
        # It was read when it was verified: its turn comes later.
        assert await scrub(registry, inspector) == 0
        assert await damages(registry) == []
        await days_later(registry)
        assert await scrub(registry, inspector) == 1
        found = {damage.kind: damage for damage in await damages(registry)}
        assert found.keys() == {DamageKind.DIFFERS, DamageKind.MISSING}
        assert hashlib.sha256(rotten).hexdigest() in found[DamageKind.DIFFERS].problem
        assert [(place.checkpoint_digest, place.path) for place in found[DamageKind.DIFFERS].places] == [
            (first.checkpoint_digest, "model.safetensors")
        ]
        assert [place.path for place in found[DamageKind.MISSING].places] == ["README.md"]
        assert (await registry.events()).count("PartDamaged") == 2
        # Known already, and told once.
        async with registry.database.transaction() as tx:
            await start_scrub(ScrubStore(tx), None, Digest(first.checkpoint_digest))
        await scrub(registry, inspector)
        assert (await registry.events()).count("PartDamaged") == 2
        again = await RawUpload.begin(team)
        await again.push(files, declaration())
        assert again.sent == len(weights) + len(readme)
        await scrub(registry, inspector)
        assert await damages(registry) == []
        assert len(await damages(registry, only_open=False)) == 2
        assert (await registry.events()).count("PartHealed") == 2
        third = await RawUpload.begin(team)
        await third.push(files, declaration())
        assert third.sent == 0


async def test_parts_are_read_oldest_first_a_few_at_a_time_and_by_one_reader_each(
    registry: RunningRegistry, inspector: ProcessInspector, tmp_path: Path
) -> None:
    folder = checkpoint_folder(tmp_path / "checkpoint")
    for number in range(9):
        (folder / f"{number}.txt").write_bytes(b"%d" % number * 10)
    async with registry.client("consortium", team=TEAM) as team:
        await put_all(team, folder, declaration())
    await days_later(registry)
    async with registry.database.transaction() as tx:
        old = hashlib.sha256(b"7" * 10).hexdigest()
        await tx.execute("UPDATE part_reads SET read_at = read_at - interval '1 day' WHERE sha256 = $1", old)
        first = await ScrubStore(tx).claim(SCHEDULE, 1)
        assert [part.sha256 for part in first] == [old]
    async with registry.database.transaction() as tx:
        others = await ScrubStore(tx).claim(SCHEDULE, 100)
        assert len(others) == 11
        assert first[0] not in others
        await ScrubStore(tx).release([*first, *others])
    assert await scrub(registry, inspector) == 2
    async with registry.database.transaction() as tx:
        assert await tx.fetchval("SELECT max(clock_timestamp() - read_at) < interval '1 minute' FROM part_reads")


async def test_what_an_upload_finds_damaged_in_a_checkpoint_is_sent_anew_by_the_next_push(
    registry: RunningRegistry, inspector: ProcessInspector, tmp_path: Path
) -> None:
    files = files_of(checkpoint_folder(tmp_path / "checkpoint"))
    notes = b"no tensors at all"
    async with registry.client("consortium", team=TEAM) as team:
        await (await RawUpload.begin(team)).push({**files, "notes.txt": notes}, declaration())
        await registry.objects.discard(key(notes))
        # The same bytes as another kind of content are read again.
        with pytest.raises(Refused) as refusal:
            await (await RawUpload.begin(team)).push({**files, "more.safetensors": notes}, declaration())
        assert refusal.value.code == "CHECKPOINT_PART_DAMAGED"
        (damage,) = await damages(registry)
        assert damage.kind is DamageKind.MISSING
        again = await RawUpload.begin(team)
        await again.push({**files, "notes.txt": notes}, declaration())
        assert again.sent == len(notes)
        await scrub(registry, inspector)
        assert await damages(registry) == []

"""The client against a real PostgreSQL and a real S3: what is pushed comes back, and nothing moves twice."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from client.sdk.background import BackgroundClosedError, PushInBackground
from client.sdk.blocking import Registry
from client.sdk.checkpoints import pull, push
from client.sdk.comparing import Change, compare
from client.sdk.declaring import declared
from client.sdk.transfer import BytesDifferError, Moved, MovedAgain, store
from common.errors import Refused
from dokpamo.registry.v1 import service_pb2 as pb
from registry.domain.checkpoint import Digest
from registry.store.checkpoints import CheckpointStore
from safetensors.numpy import save_file

from tests.builders.registry_service import BUCKET, TEAM, checkpoint_folder, files_of
from tests.builders.spoiling_proxy import SpoilingProxy

if TYPE_CHECKING:
    from pathlib import Path

    from client.sdk.transfer import Event
    from client.stack.seaweed import S3Access
    from common.grpc import Client

    from tests.builders.registry_service import RunningRegistry

MODEL = "solar"


def model_folder(folder: Path, seed: int | None = None, **changed: np.ndarray[Any, np.dtype[np.float32]]) -> Path:
    """A model of five tensors of 1.2 MB and one small one, in two shards.

    Its bytes are its own, as those of other tests lie in the same store.
    """
    folder.mkdir(exist_ok=True)
    chance = np.random.default_rng(seed)
    tensors = {f"w{n}": chance.random((300, 1000), dtype=np.float32) for n in range(5)}
    tensors |= {"small": chance.random(3, dtype=np.float32)} | changed
    for name, members in {
        "model-1.safetensors": ["w0", "w1", "small"],
        "model-2.safetensors": ["w2", "w3", "w4"],
    }.items():
        save_file({each: tensors[each] for each in members}, folder / name, {"of": str(chance.random())})
    (folder / "config.json").write_text(json.dumps({"architecture": "test", "of": str(chance.random())}))
    (folder / "README.md").write_text(f"# a model {chance.random()}\n")
    (folder / "empty.txt").touch()
    return folder


async def pushed(team: Client, folder: Path, events: list[Event] | None = None, **more: Any) -> pb.Checkpoint:
    said = declared(folder, licence="Apache-2.0", period="2025-h2", **more)
    tell = None if events is None else events.append
    return await push(team, folder, team_id=TEAM, model=MODEL, declaration=said, progress=tell)


def bytes_moved(events: list[Event]) -> int:
    return sum(each.bytes_moved for each in events if isinstance(each, Moved) and not each.there_already)


async def test_what_is_pushed_comes_back_and_only_what_differs_moves(registry: RunningRegistry, tmp_path: Path) -> None:
    seed = secrets.randbits(64)
    folder, back = model_folder(tmp_path / "model", seed), tmp_path / "back"
    total = sum(map(len, files_of(folder).values()))
    async with registry.client("consortium", team=TEAM) as team:
        events: list[Event] = []
        first = await pushed(team, folder, events)
        assert bytes_moved(events) == total == first.size_bytes
        await pull(team, first.checkpoint_digest, back, team_id=TEAM)
        assert files_of(back) == files_of(folder)
        events.clear()
        again = await pushed(team, folder, events)
        assert (bytes_moved(events), again.version) == (0, 2)
        model_folder(folder, seed, w3=np.zeros((300, 1000), np.float32))
        events.clear()
        second = await pushed(team, folder, events)
        assert bytes_moved(events) == 1_200_000
        events.clear()
        await pull(team, second.checkpoint_digest, back, team_id=TEAM, progress=events.append)
        assert bytes_moved(events) == 1_200_000
        assert files_of(back) == files_of(folder)
        found = await compare(team, first, second, team_id=TEAM)
    assert [each.name for each in found.files] == ["model-2.safetensors"]
    assert found.tensors == [Change("w3", "F32 [300, 1000]", "F32 [300, 1000]", 1_200_000, 1_200_000)]
    assert (found.same_files, found.same_tensors) == (4, 2)


async def test_small_tensors_that_share_a_part_are_told_apart(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "model")
    async with registry.client("consortium", team=TEAM) as team:
        first = await pushed(team, folder)
        save_file(
            {"w": np.ones((20, 8), np.float32), "b": np.zeros(8, np.float32), "c": np.zeros((2, 2), np.float32)},
            folder / "model.safetensors",
        )
        second = await pushed(team, folder)
        found = await compare(team, first, second, team_id=TEAM)
    assert {(each.name, bool(each.before), bool(each.after)) for each in found.tensors} == {
        ("w", True, True),
        ("c", False, True),
    }
    assert found.same_tensors == 1


async def test_a_push_that_is_cut_off_goes_on_with_what_has_arrived(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")
    total = sum(map(len, files_of(folder).values()))
    first: list[Event] = []
    async with registry.client("consortium", team=TEAM) as team:
        cut_off = asyncio.Event()

        def tell(event: Event) -> None:
            first.append(event)
            if bytes_moved(first) > total // 3:
                cut_off.set()

        said = declared(folder, licence="Apache-2.0", period="2025-h2")
        pushing = asyncio.create_task(
            push(team, folder, team_id=TEAM, model=MODEL, declaration=said, progress=tell, limit_rate=4_000_000)
        )
        await cut_off.wait()
        pushing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pushing
        assert (await team.ListCheckpoints(pb.ListCheckpointsRequest(team_id=TEAM))).checkpoints == []
        second: list[Event] = []
        done = await pushed(team, folder, second)
    assert done.version == 1
    assert bytes_moved(second) < total
    # What was under way then is all that may go twice.
    assert bytes_moved(first) + bytes_moved(second) <= total + 4 * 1_200_000


async def test_a_byte_changed_in_flight_is_noticed_and_sent_again_or_named(
    registry: RunningRegistry, tmp_path: Path, s3: S3Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_folder(tmp_path / "model")
    async with SpoilingProxy(s3.endpoint) as proxy, registry.client("consortium", team=TEAM) as team:
        monkeypatch.setattr(store, "HTTPConnection", proxy.between())
        proxy.spoil = 2
        events: list[Event] = []
        done = await pushed(team, folder, events)
        again = [each for each in events if isinstance(each, MovedAgain)]
        assert (proxy.spoil, len(again)) == (0, 2)
        assert "other bytes" in again[0].why
        proxy.spoil = 2
        events.clear()
        await pull(team, done.checkpoint_digest, tmp_path / "back", team_id=TEAM, progress=events.append)
        assert files_of(tmp_path / "back") == files_of(folder)
        assert any(isinstance(each, MovedAgain) for each in events)
        proxy.spoil = 10**6
        (folder / "config.json").write_text(json.dumps({"another": secrets.token_hex()}))
        with pytest.raises(BytesDifferError) as error:
            await pushed(team, folder)
        assert (error.value.path, error.value.offset_bytes) == ("config.json", 0)


async def test_a_byte_changed_at_rest_is_named_by_the_pull(
    registry: RunningRegistry, tmp_path: Path, s3: S3Access
) -> None:
    folder = model_folder(tmp_path / "model")
    async with registry.client("consortium", team=TEAM) as team:
        done = await pushed(team, folder)
        page = await team.ListParts(
            pb.ListPartsRequest(team_id=TEAM, checkpoint_digest=done.checkpoint_digest, path="model-2.safetensors")
        )
        part = page.parts[2]
        objects, key = s3.client(), part.url.split("?")[0].split(f"/{BUCKET}/")[1]
        data = bytearray(objects.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        data[77] ^= 1
        objects.put_object(Bucket=BUCKET, Key=key, Body=bytes(data))
        objects.close()
        with pytest.raises(BytesDifferError) as error:
            await pull(team, done.checkpoint_digest, tmp_path / "back", team_id=TEAM)
    assert (error.value.path, error.value.offset_bytes) == ("model-2.safetensors", part.part.offset_bytes)
    assert not (tmp_path / "back" / "model-2.safetensors").exists()


class _UndoneError(Exception):
    """Ends a transaction without a trace."""


async def test_a_page_of_parts_costs_what_it_holds_also_where_nothing_is_known_of_the_tables(
    registry: RunningRegistry, tmp_path: Path
) -> None:
    """A checkpoint of many files was read n² times right after its commit: PostgreSQL has no statistics then."""
    files, parts_each = 300, 2
    async with registry.client("consortium", team=TEAM) as team:
        digest = Digest((await pushed(team, model_folder(tmp_path / "model"))).checkpoint_digest)
    with suppress(_UndoneError):
        async with registry.database.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO checkpoint_files SELECT $1, 1000 + n, 'many/' || n, 2, lpad(n::text, 64, '0')
                FROM generate_series(1, $2::integer) AS n
                """,
                digest,
                files,
            )
            await tx.execute(
                """
                INSERT INTO blob_parts
                SELECT $1, lpad(n::text, 64, '0'), o, 1, (SELECT min(sha256) FROM parts WHERE team_id = $1)
                FROM generate_series(1, $2::integer) AS n, generate_series(0, $3::integer - 1) AS o
                """,
                TEAM,
                files,
                parts_each,
            )
            reads = "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
            before = await tx.fetchval(reads)
            found, after = await CheckpointStore(tx).parts(digest, "", 55, (1000, 0))
            read = await tx.fetchval(reads) - before
            place: tuple[int, int] | None = after
            while place is not None:
                more, place = await CheckpointStore(tx).parts(digest, "", 55, place)
                found += more
            raise _UndoneError
    assert [(part.path, part.offset_bytes) for part in found] == [
        (f"many/{n}", offset) for n in range(1, files + 1) for offset in range(parts_each)
    ]
    assert read < 2 * files * parts_each


async def test_programs_without_a_loop_push_list_and_pull(registry: RunningRegistry, tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")
    token = registry.issuer.issue("someone", ["consortium"], TEAM)

    def program() -> None:
        team = Registry(registry.address, token, team_id=TEAM)
        done = team.push(folder, model=MODEL, declaration=declared(folder, licence="MIT", period="2025-h2", job_id="j"))
        assert team.checkpoint(f"{TEAM}/{MODEL}").checkpoint_digest == done.checkpoint_digest
        of_job = team.checkpoint_of_job("j")
        assert of_job is not None
        assert of_job.version == 1
        assert [each.version for each in team.checkpoints(MODEL)] == [1]
        assert [file.path for file in team.files(done.checkpoint_digest)] == sorted(files_of(folder))
        team.pull(f"{TEAM}/{MODEL}@1", tmp_path / "back")
        with pytest.raises(Refused, match="NOT_FOUND"):
            team.checkpoint(f"{TEAM}/{MODEL}@2")

    await asyncio.to_thread(program)
    assert files_of(tmp_path / "back") == files_of(folder)


async def test_a_training_hands_folders_over_and_goes_on(registry: RunningRegistry, tmp_path: Path) -> None:
    token = registry.issuer.issue("someone", ["consortium"], TEAM)
    said: dict[str, Any] = {"licence": "MIT", "period": "2025-h2"}
    folders = [checkpoint_folder(tmp_path / str(n), seed=n) for n in range(4)]
    began, may_end = threading.Event(), threading.Event()

    def held(_: Event) -> None:
        began.set()
        assert may_end.wait(60)

    def training() -> list[int]:
        with PushInBackground(registry.address, lambda: token, team_id=TEAM, model=MODEL, progress=held) as background:
            first = background.submit(folders[0], declared(folders[0], **said))
            assert began.wait(60)
            skipped = background.submit(folders[1], declared(folders[1], **said))
            last = background.submit(folders[2], declared(folders[2], **said))
            assert skipped.cancelled()
            with pytest.raises(TimeoutError):
                background.wait(0.01)
            may_end.set()
            background.wait()
            wrong = declared(folders[3], **said)
            wrong.parameters += 1
            failed = background.submit(folders[3], wrong)
            with pytest.raises(Refused, match="PARAMETERS_DIFFER"):
                background.wait()
            assert isinstance(failed.exception(), Refused)
        with pytest.raises(BackgroundClosedError):
            background.submit(folders[0], declared(folders[0], **said))
        return [first.result().version, last.result().version]

    assert await asyncio.to_thread(training) == [1, 2]

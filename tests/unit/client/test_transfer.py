"""A push and a pull over a store that fails in every way: what arrives is whole, what cannot is named."""

from __future__ import annotations

import hashlib
import os
import socket
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pytest
from client.sdk import checkpoints
from client.sdk.checkpoints import ManifestDiffersError, pull, push
from client.sdk.transfer import (
    Begun,
    BytesDifferError,
    FileChangedError,
    FolderRefusedError,
    LeftOut,
    Moved,
    MovedAgain,
    StoreAwayError,
    TransferRefusedError,
    retrying,
)
from client.sdk.transfer.scanning import PARTIAL_FOLDER, inside, scan
from client.sdk.transfer.sending import CONNECTIONS
from common.errors import Refused
from dokpamo.registry.v1 import service_pb2 as pb
from safetensors.numpy import save_file

from tests.builders import part_store as faults
from tests.builders.part_store import PartStore, RegistryInMemory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from client.sdk.transfer import Event

MIB = 2**20


@pytest.fixture
def store() -> Iterator[PartStore]:
    with PartStore() as store:
        yield store


@pytest.fixture
def registry(store: PartStore) -> RegistryInMemory:
    return RegistryInMemory(store)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two shards of some megabytes, small files, an empty one, and the same bytes in two places."""
    folder = tmp_path / "checkpoint"
    (folder / "tokenizer").mkdir(parents=True)
    chance = np.random.default_rng(7)
    for shard in ("a", "b"):
        weights = {f"{shard}{n}": chance.random((300, 1000), dtype=np.float32) for n in range(4)}
        save_file(weights | {"small": np.ones(3, np.float32)}, folder / f"{shard}.safetensors")
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer" / "vocab.txt").write_bytes(b"word\n" * 1000)
    (folder / "copy.txt").write_bytes(b"word\n" * 1000)
    (folder / "empty.txt").touch()
    return folder


async def pushed(registry: RegistryInMemory, folder: Path, events: list[Event] | None = None) -> str:
    tell = None if events is None else events.append
    done = await push(registry, folder, team_id="a", model="m", declaration=pb.Declaration(), progress=tell)  # type: ignore[arg-type]  # it has the calls that are made
    return done.checkpoint_digest


async def pulled(registry: RegistryInMemory, digest: str, folder: Path, events: list[Event] | None = None) -> None:
    await pull(registry, digest, folder, progress=None if events is None else events.append)  # type: ignore[arg-type]  # as above


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def moved(events: list[Event], *, there: bool) -> int:
    return sum(each.bytes_moved for each in events if isinstance(each, Moved) and each.there_already == there)


def again(events: list[Event]) -> list[MovedAgain]:
    return [each for each in events if isinstance(each, MovedAgain)]


async def test_what_is_pushed_comes_back_and_is_neither_sent_nor_fetched_twice(
    registry: RegistryInMemory, store: PartStore, folder: Path, tmp_path: Path
) -> None:
    events: list[Event] = []
    digest = await pushed(registry, folder, events)
    total = sum(map(len, contents(folder).values()))
    assert events[0] == Begun({path: len(data) for path, data in sorted(contents(folder).items())})
    # The copy of the vocabulary is not sent, nor the second shard's part with the same small tensor.
    assert store.bytes_in == moved(events, there=False) == sum(map(len, store.objects.values()))
    assert moved(events, there=False) + moved(events, there=True) == total
    assert moved(events, there=True) >= 5000
    assert store.most_at_once <= CONNECTIONS
    await pulled(registry, digest, tmp_path / "back")
    assert contents(tmp_path / "back") == contents(folder)
    assert not (tmp_path / "back" / PARTIAL_FOLDER).exists()
    before, fetched = store.bytes_in, store.bytes_out
    events.clear()
    assert await pushed(registry, folder, events) == digest
    await pulled(registry, digest, tmp_path / "back")
    assert (store.bytes_in, store.bytes_out) == (before, fetched)
    assert moved(events, there=True) == total


@pytest.mark.parametrize(
    "fault",
    [
        faults.hangs_up,
        faults.is_at_fault,
        faults.refuses_the_url,
        faults.gets_other_bytes,
        faults.loses_the_answer,
    ],
)
async def test_a_part_that_fails_is_sent_again_and_each_byte_is_counted_once(
    registry: RegistryInMemory, store: PartStore, folder: Path, fault: faults.Fault
) -> None:
    store.faults["PUT"] = [fault, lambda _: False, fault, fault]
    events: list[Event] = []
    await pushed(registry, folder, events)
    total = sum(map(len, contents(folder).values()))
    assert moved(events, there=False) + moved(events, there=True) == total
    assert again(events)


async def test_bytes_that_always_arrive_wrong_are_named_by_file_and_offset(
    registry: RegistryInMemory, store: PartStore, folder: Path
) -> None:
    for name in ("b.safetensors", "config.json", "copy.txt", "tokenizer/vocab.txt"):
        (folder / name).unlink()
    whole = contents(folder)["a.safetensors"]
    header = 8 + int.from_bytes(whole[:8], "little")
    wanted = hashlib.sha256(whole[header : header + 300 * 1000 * 4]).hexdigest()

    def spoils(request: faults._Request) -> bool:
        return request.key == wanted and faults.gets_other_bytes(request)

    store.faults["PUT"] = [spoils] * 100
    with pytest.raises(BytesDifferError) as error:
        await pushed(registry, folder)
    found = error.value
    assert (found.path, found.offset_bytes, found.size_bytes) == ("a.safetensors", header, 1_200_000)
    assert found.declared == wanted
    assert registry.calls["CommitUpload"] == 0


async def test_a_store_that_refuses_every_url_or_stays_away_ends_the_push(
    registry: RegistryInMemory, store: PartStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.faults["PUT"] = [faults.refuses_the_url] * 1000
    with pytest.raises(TransferRefusedError) as refused:
        await pushed(registry, folder)
    assert (refused.value.status, refused.value.answer) == (403, "AccessDenied")
    monkeypatch.setattr(retrying, "PATIENCE_SECONDS", 0.1)
    store.faults["PUT"] = [faults.is_at_fault] * 1000
    with pytest.raises(StoreAwayError):
        await pushed(registry, folder)


async def test_a_second_push_after_a_crash_sends_only_what_did_not_arrive(
    registry: RegistryInMemory, store: PartStore, folder: Path
) -> None:
    await pushed(registry, folder)
    registry.committed.clear()
    lost = dict(list(store.objects.items())[::3])
    for key in lost:
        del store.objects[key]
    before = store.bytes_in
    await pushed(registry, folder)
    assert store.bytes_in - before == sum(map(len, lost.values()))


async def test_a_registry_that_refuses_is_told_by_its_code(registry: RegistryInMemory, folder: Path) -> None:
    registry.refusal = pb.UploadRefusal(code="PARAMETERS_DIFFER", message="no", facts={"field": "parameters"})
    with pytest.raises(Refused) as refusal:
        await pushed(registry, folder)
    assert (refusal.value.code, refusal.value.facts) == ("PARAMETERS_DIFFER", {"field": "parameters"})
    registry.away = [Refused("QUOTA_EXCEEDED", "too much")]
    with pytest.raises(Refused, match="QUOTA_EXCEEDED"):
        await pushed(registry, folder)


@pytest.mark.parametrize("what", ["written to", "gone", "new"])
async def test_a_folder_that_changes_while_it_is_pushed_is_named_and_not_committed(
    registry: RegistryInMemory, store: PartStore, folder: Path, what: str
) -> None:
    def changes(_: object) -> bool:
        if what == "written to":
            with (folder / "config.json").open("a") as file:
                file.write(" ")
        elif what == "gone":
            (folder / "config.json").unlink()
        else:
            (folder / "late.json").write_text("{}")
        return False

    store.faults["PUT"] = [changes]
    with pytest.raises(FileChangedError) as error:
        await pushed(registry, folder)
    assert (error.value.path, what in error.value.how) == ("late.json" if what == "new" else "config.json", True)
    assert registry.calls["CommitUpload"] == 0


def test_a_folder_is_scanned_by_the_names_that_a_checkpoint_has(tmp_path: Path) -> None:
    korean = "가중치.json"
    (tmp_path / unicodedata.normalize("NFD", korean)).touch()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").touch()
    found, left_out = scan(tmp_path)
    assert ([file.path for file in found], left_out) == ([korean], [".git"])
    (tmp_path / korean).touch()
    with pytest.raises(FolderRefusedError, match="two Unicode forms"):
        scan(tmp_path)


async def test_what_is_left_out_is_said(registry: RegistryInMemory, folder: Path) -> None:
    (folder / ".gitattributes").touch()
    events: list[Event] = []
    await pushed(registry, folder, events)
    assert LeftOut(".gitattributes") in events


@pytest.mark.parametrize("kind", ["link", "folder link", "pipe", "socket", "nothing", "no folder"])
def test_what_is_no_file_is_refused_by_name(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = tmp_path / "odd"
    if kind == "link":
        odd.symlink_to("/etc/hostname")
    elif kind == "folder link":
        odd.symlink_to("/etc")
    elif kind == "pipe":
        os.mkfifo(odd)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("odd")
    with pytest.raises(FolderRefusedError) as error:
        scan(tmp_path if kind != "no folder" else odd)
    assert kind.startswith("no") or error.value.value == "odd"


@pytest.mark.parametrize(
    "path", ["../a", "/a", "a/../../b", "a//b", "a/.", "", "a\\b", "a\0b", "link/a", "file/a", "sub"]
)
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "into"
    (folder / "sub").mkdir(parents=True)
    (folder / "file").touch()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(FolderRefusedError):
        inside(folder, path)
    assert inside(folder, "sub/a") == folder / "sub" / "a"


async def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(
    registry: RegistryInMemory, folder: Path, tmp_path: Path
) -> None:
    digest = await pushed(registry, folder)
    (tmp_path / "outside").write_text("keep")
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "config.json").symlink_to(tmp_path / "outside")
    await pulled(registry, digest, tmp_path / "back")
    assert (tmp_path / "outside").read_text() == "keep"
    assert contents(tmp_path / "back") == contents(folder)


@pytest.mark.parametrize(
    "fault", [faults.hangs_up, faults.is_at_fault, faults.refuses_the_url, faults.gives_half, faults.gives_other_bytes]
)
async def test_a_part_that_fails_is_fetched_again(
    registry: RegistryInMemory, store: PartStore, folder: Path, tmp_path: Path, fault: faults.Fault
) -> None:
    digest = await pushed(registry, folder)
    store.faults["GET"] = [fault, lambda _: False, fault]
    events: list[Event] = []
    await pulled(registry, digest, tmp_path / "back", events)
    assert contents(tmp_path / "back") == contents(folder)
    assert moved(events, there=False) + moved(events, there=True) == sum(map(len, contents(folder).values()))
    assert again(events)


async def test_a_byte_that_is_wrong_at_rest_is_named_and_the_file_does_not_appear(
    registry: RegistryInMemory, store: PartStore, folder: Path, tmp_path: Path
) -> None:
    digest = await pushed(registry, folder)
    part = max(registry.committed[digest][1], key=lambda part: (part.size_bytes, part.path))
    data = bytearray(store.objects[part.sha256.hex()])
    data[1234] ^= 1
    store.objects[part.sha256.hex()] = bytes(data)
    with pytest.raises(BytesDifferError) as error:
        await pulled(registry, digest, tmp_path / "back")
    assert (error.value.path, error.value.offset_bytes) == (part.path, part.offset_bytes)
    assert hashlib.sha256(data).hexdigest() in error.value.actual
    assert part.path not in contents(tmp_path / "back")
    data[1234] ^= 1
    store.objects[part.sha256.hex()] = bytes(data)
    await pulled(registry, digest, tmp_path / "back")
    assert contents(tmp_path / "back") == contents(folder)


async def test_a_pull_goes_on_where_it_was_cut_off(
    registry: RegistryInMemory, store: PartStore, folder: Path, tmp_path: Path
) -> None:
    digest = await pushed(registry, folder)
    store.faults["GET"] = [lambda _: False] * 5 + [faults.refuses_the_url] * 100
    with pytest.raises(TransferRefusedError):
        await pulled(registry, digest, tmp_path / "back")
    before = store.bytes_out
    assert before > 0
    store.faults["GET"].clear()
    await pulled(registry, digest, tmp_path / "back")
    # What several connections had under way when the first gave up is all that may be fetched twice.
    assert store.bytes_out < sum(map(len, contents(folder).values())) + CONNECTIONS * 1_200_000
    assert store.bytes_out - before < sum(map(len, contents(folder).values()))
    assert contents(tmp_path / "back") == contents(folder)


async def test_another_version_over_a_folder_fetches_only_the_parts_that_differ(
    registry: RegistryInMemory, store: PartStore, folder: Path, tmp_path: Path
) -> None:
    first = await pushed(registry, folder)
    weights = {f"a{n}": np.zeros((300, 1000), np.float32) if n == 2 else None for n in range(4)}
    from safetensors.numpy import load_file

    changed = load_file(folder / "a.safetensors") | {name: each for name, each in weights.items() if each is not None}
    save_file(changed, folder / "a.safetensors", metadata={"a header": "of another length"})
    second = await pushed(registry, folder)
    await pulled(registry, second, tmp_path / "back")
    before = store.bytes_out
    await pulled(registry, first, tmp_path / "back")
    assert 1_200_000 <= store.bytes_out - before < 1_210_000


async def test_a_manifest_that_is_not_the_one_asked_for_is_refused(
    registry: RegistryInMemory, folder: Path, tmp_path: Path
) -> None:
    digest = await pushed(registry, folder)
    document, parts = registry.committed[digest]
    registry.committed[digest] = document.replace(b"config", b"c0nfig"), parts
    with pytest.raises(ManifestDiffersError):
        await pulled(registry, digest, tmp_path / "back")
    registry.committed[digest] = document, parts[1:]
    with pytest.raises(BytesDifferError):
        await pulled(registry, digest, tmp_path / "back")


async def test_a_rate_is_kept(registry: RegistryInMemory, folder: Path) -> None:
    import time

    for name in ("b.safetensors", "a.safetensors"):
        (folder / name).unlink()
    (folder / "notes.txt").write_bytes(os.urandom(300_000))
    began = time.monotonic()
    await push(
        registry,  # type: ignore[arg-type]  # as above
        folder,
        team_id="a",
        model="m",
        declaration=pb.Declaration(),
        limit_rate=1_000_000,
    )
    assert time.monotonic() - began >= 0.2


async def test_thousands_of_small_files_take_few_calls(
    registry: RegistryInMemory, store: PartStore, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2_500):
        data = str(number).encode()
        (folder / f"{number}.txt").write_bytes(data)
        store.objects[hashlib.sha256(data).hexdigest()] = data
    await pushed(registry, folder)
    assert registry.calls["DeclareParts"] <= 25
    assert registry.calls["DeclareFiles"] == 2
    assert len(registry.files) == 2_500
    assert checkpoints.files_of(registry.committed.popitem()[1][0])[0].path == "0.txt"

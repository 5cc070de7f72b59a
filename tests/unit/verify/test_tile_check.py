"""Tiles of an export say what its entries say."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from dokpamo.selection.v1 import events_pb2 as selection
from verify import note
from verify.check import check
from verify.checkpoint import checkpoint_of
from verify.export import write
from verify.merkle import hash_leaf
from verify.tiles import TileRefusedError, bundle, entries_of
from verify.withheld import Withheld

from tests.builders.public_record import LogBuilder, manifest_again, places, record_of
from tests.builders.watched_record import KEY, long_record

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiles") / "export"
    write(long_record(), folder, bundles=True)
    return folder


@pytest.fixture
def copy(export: Path, tmp_path: Path) -> Path:
    return shutil.copytree(export, tmp_path / "copy")


def test_an_export_has_the_files_that_mirrors_and_programs_for_any_log_expect(export: Path) -> None:
    assert check(export).findings == []
    found = {path.relative_to(export).as_posix() for path in (export / "tile").rglob("*") if path.is_file()}
    hashes = {"tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"}
    assert found == hashes | {"tile/entries/000", "tile/entries/001.p/44"}
    assert (export / "tile/0/000").stat().st_size == 8_192
    assert checkpoint_of(note.parse((export / "checkpoint").read_bytes()).text).tree_size == 300


def test_bundles_are_left_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    write(long_record(), tmp_path / "export")
    assert check(tmp_path / "export").findings == []
    assert not (tmp_path / "export/tile/entries").exists()


def test_an_entry_that_no_bundle_takes_is_named(tmp_path: Path) -> None:
    log = LogBuilder()
    log.add(selection.RuleSetPublished(rule_set_sha256="0" * 64, rule_set_json=b"x" * 70_000))
    with pytest.raises(TileRefusedError):
        write(record_of(log, KEY, [1]), tmp_path / "export", bundles=True)
    write(record_of(log, KEY, [1]), tmp_path / "export")


@pytest.mark.parametrize(
    ("path", "at", "told"),
    [
        ("tile/0/000", 32 * 7, "tile/0/000, hash 7: is not that of entries 7 to 7"),
        ("tile/0/001.p/44", 40, "tile/0/001.p/44, hash 1: is not that of entries 257 to 257"),
        ("tile/1/000.p/1", 0, "tile/1/000.p/1, hash 0: is not that of entries 0 to 255"),
        ("tile/entries/001.p/44", 90, "tile/entries/001.p/44, entry 0: is not entry 256"),
    ],
)
def test_a_changed_tile_is_named_with_its_entries(copy: Path, path: str, at: int, told: str) -> None:
    data = bytearray((copy / path).read_bytes())
    data[at] ^= 1
    (copy / path).write_bytes(data)
    manifest_again(copy)
    (place,) = places(copy)
    assert place.startswith(told)


@pytest.mark.parametrize("path", ["tile/0/000", "tile/1/000.p/1", "tile/entries/000", "checkpoint"])
def test_a_missing_tile_is_named(copy: Path, path: str) -> None:
    (copy / path).unlink()
    manifest_again(copy)
    assert any(place.startswith(f"{path}: ") and "missing" in place for place in places(copy))


@pytest.mark.parametrize("path", ["tile/0/002", "tile/0/001.p/43", "tile/2/000.p/1", "tile/entries/002"])
def test_a_tile_that_the_tree_does_not_have_is_named(copy: Path, path: str) -> None:
    (copy / path).parent.mkdir(exist_ok=True, parents=True)
    (copy / path).write_bytes(b"\x00" * 32)
    manifest_again(copy)
    assert f"{path}: a tree of 300 entries has no such tile" in places(copy)


def test_every_changed_hash_of_a_tile_is_named(copy: Path) -> None:
    data = bytearray((copy / "tile/0/000").read_bytes())
    for number in range(0, 256, 8):
        data[32 * number] ^= 1
    (copy / "tile/0/000").write_bytes(data)
    manifest_again(copy)
    found = places(copy)
    assert len(found) == 32
    assert found[1] == "tile/0/000, hash 8: is not that of entries 8 to 8 of the log"


def test_a_bundle_has_nothing_else_in_the_place_of_an_entry_that_is_withheld(copy: Path) -> None:
    entries = (copy / "entries/000000.jsonl").read_bytes().split(b"\n")
    hidden = entries[5]
    entries[5] = Withheld(hash_leaf(hidden), "a court", "kim", "lee").encode()
    (copy / "entries/000000.jsonl").write_bytes(b"\n".join(entries))
    bundled = entries_of((copy / "tile/entries/000").read_bytes(), 256)
    (copy / "tile/entries/000").write_bytes(bundle([*bundled[:5], b"{}", *bundled[6:]]))
    manifest_again(copy)
    assert "tile/entries/000, entry 5: is not entry 5 of the log" in places(copy)

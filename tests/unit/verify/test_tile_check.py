"""Tiles and checkpoints of an export say what its entries say, and witnesses saw that very log."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from dokpamo.selection.v1 import events_pb2 as selection
from verify import note
from verify.check import check
from verify.checkpoint import Checkpoint, checkpoint_of, sign_checkpoint
from verify.cosignature import cosign
from verify.export import write
from verify.head import TreeHead, log_id
from verify.note import KeyKind, Note, VerifierKey
from verify.tiles import TileRefusedError
from verify.tree import Tree

from tests.builders.public_record import LogBuilder, manifest_again, places, private_key, record_of

if TYPE_CHECKING:
    from pathlib import Path

    from verify.export import Record

KEY = private_key()
NOW = datetime(2026, 1, 10, tzinfo=UTC)
ONE, TWO, THREE = (
    VerifierKey.of(f"example.org/{seed}", KeyKind.COSIGNATURE, private_key(seed)) for seed in (11, 12, 13)
)
SIZES = [100, 256, 300]


def long_record() -> Record:
    """A log of more than a tile; one witness saw 100 entries, one 100 and 300, one nothing."""
    log = LogBuilder()
    for number in range(300):
        log.add(selection.RuleSetFrozen(rule_set_sha256=f"{number:064x}"))
    record = record_of(log, KEY, SIZES)
    heads = {signed.head.tree_size: signed.head for signed in record.heads}
    return replace(
        record, checkpoint=cosigned(heads[300], 12), cosigned=[cosigned(heads[100], 11, 12), cosigned(heads[300], 12)]
    )


def cosigned(head: TreeHead, *seeds: int) -> bytes:
    bare = sign_checkpoint(head, KEY)
    lines = [cosign(Checkpoint.of(head), f"example.org/{seed}", private_key(seed), NOW) for seed in seeds]
    return Note(bare.text, (*bare.signatures, *lines)).encode()


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


def test_what_each_witness_saw_is_said(export: Path) -> None:
    report = check(export, witnesses=[ONE, TWO])
    assert report.findings == []
    assert [(seen.name, seen.tree_size, seen.signed_at) for seen in report.witnessed] == [
        (ONE.name, 100, NOW),
        (TWO.name, 300, NOW),
    ]
    # Both saw the first hundred entries, one of them all.
    assert (report.quorum, report.witnessed_size) == (2, 100)
    assert check(export, witnesses=[ONE, TWO], quorum=1).witnessed_size == 300
    assert check(export).witnessed_size == 0


def test_a_witness_that_saw_nothing_is_missed_unless_a_quorum_is_enough(export: Path) -> None:
    (finding,) = check(export, witnesses=[ONE, TWO, THREE]).findings
    assert finding.rule == "2 of 3 witnesses cosigned, 3 are wanted; not seen: example.org/13"
    assert check(export, witnesses=[ONE, TWO, THREE], quorum=2).holds
    assert not check(export, witnesses=[ONE], quorum=2).holds


def test_a_cosignature_that_is_not_the_witnesss_is_named(copy: Path) -> None:
    """Somebody with the log's key makes the line of a witness: without that key it cannot be right."""
    signed = note.parse((copy / "checkpoint").read_bytes())
    forged = cosign(checkpoint_of(signed.text), TWO.name, private_key(99), NOW)
    line = replace(forged, key_id=TWO.key_id)
    (copy / "checkpoint").write_bytes(Note(signed.text, (signed.signatures[0], line)).encode())
    manifest_again(copy)
    assert check(copy).holds
    (place,) = [str(finding) for finding in check(copy, witnesses=[TWO]).findings]
    assert place.startswith("checkpoint, example.org/12: the signature of example.org/12 is not its key's")


@pytest.mark.parametrize("size", [100, 256])
def test_a_checkpoint_of_another_history_is_the_proof_of_a_fork(copy: Path, size: int) -> None:
    """What a witness kept of a log that showed it something else, laid beside the log that all others see."""
    other = Tree()
    for number in range(size):
        other.append(b"%d" % number)
    head = TreeHead(log_id(KEY.public_key()), size, other.root(), NOW)
    (copy / f"checkpoints/{size:012}").write_bytes(cosigned(head, 11))
    manifest_again(copy)
    (place,) = [place for place in places(copy) if "checkpoints" in place]
    assert f"the log forked: it signed another history of {size} entries" in place


def test_a_checkpoint_that_is_none_or_misplaced_is_named(copy: Path) -> None:
    (copy / "checkpoints/000000000256").write_bytes((copy / "checkpoints/000000000100").read_bytes())
    (copy / "checkpoints/000000000001").write_bytes(b"no note")
    (copy / "checkpoint").write_bytes((copy / "checkpoints/000000000100").read_bytes())
    manifest_again(copy)
    found = "\n".join(places(copy))
    assert "checkpoints/000000000256: is of 100 entries, and the file is named otherwise" in found
    assert "checkpoints/000000000001: a text, an empty line" in found
    assert "checkpoint: is not that of the newest head, of 300 entries" in found

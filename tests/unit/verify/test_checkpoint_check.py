"""Checkpoints of an export are of the log that its entries give, and witnesses saw that very log."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from dokpamo.notary.v1.events_pb2 import WitnessRetired
from dokpamo.selection.v1 import events_pb2 as selection
from verify import note
from verify.check import check
from verify.checkpoint import checkpoint_of
from verify.cosignature import cosign
from verify.export import write
from verify.findings import Retired
from verify.head import TreeHead, log_id
from verify.note import Note
from verify.tree import Tree
from verify.words import Language, lines

from tests.builders.public_record import LogBuilder, manifest_again, places, private_key, record_of
from tests.builders.watched_record import KEY, NOW, ONE, THREE, TWO, cosigned, long_record

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints") / "export"
    write(long_record(), folder)
    return folder


@pytest.fixture
def copy(export: Path, tmp_path: Path) -> Path:
    return shutil.copytree(export, tmp_path / "copy")


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


def with_retirement(tmp_path: Path, *, seeds: tuple[int, ...] = (11, 12), confirmed_by: str = "lee") -> Path:
    """A log of 300 entries, of which entry 150 says that witness 11 is retired; these witnesses saw 100 and 300."""
    log = LogBuilder()
    for number in range(300):
        if number == 150:
            log.add(
                WitnessRetired(
                    name=ONE.name, verifier_key=str(ONE), reason="stolen", requested_by="kim", confirmed_by=confirmed_by
                )
            )
        log.add(selection.RuleSetFrozen(rule_set_sha256=f"{number:064x}"))
    record = record_of(log, KEY, [100, 301])
    heads = {signed.head.tree_size: signed.head for signed in record.heads}
    last = cosigned(heads[301], *seeds)
    write(replace(record, checkpoint=last, cosigned=[cosigned(heads[100], *seeds), last]), tmp_path / "export")
    return tmp_path / "export"


def test_of_a_retired_witness_only_what_it_cosigned_before_that_counts(tmp_path: Path) -> None:
    folder = with_retirement(tmp_path)
    report = check(folder, witnesses=[ONE, TWO])
    assert report.findings == []
    assert [(seen.name, seen.tree_size) for seen in report.witnessed] == [(ONE.name, 100), (TWO.name, 301)]
    assert report.retired == {ONE.name: Retired(150, "kim", "lee", "stolen")}
    assert report.document()["retired"] == {
        ONE.name: {"index": 150, "requested_by": "kim", "confirmed_by": "lee", "reason": "stolen"}
    }
    for language, words in (
        (Language.EN, "retired by kim and lee (entry 150): stolen"),
        (Language.KO, "두 사람이 그만두게 함"),
    ):
        assert any(words in line for line in lines(report, language, key_known=True))
    assert check(folder, witnesses=[TWO]).retired == {}


def test_a_witness_that_one_person_alone_retired_is_named(tmp_path: Path) -> None:
    (finding,) = check(with_retirement(tmp_path, confirmed_by="kim"), witnesses=[ONE]).findings
    assert str(finding) == f"entries/000000.jsonl, line 151: witness {ONE.name} was retired by one person alone"

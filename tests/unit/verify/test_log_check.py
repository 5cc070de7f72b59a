"""The log of an export: nothing can be taken out, put in or rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dokpamo.selection.v1 import events_pb2 as selection
from verify.check import check
from verify.export import write

from tests.builders.public_record import LogBuilder, manifest_again, places, private_key, record_of, small_record

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    write(small_record(), tmp_path / "copy")
    return tmp_path / "copy"


def test_a_rewritten_entry_is_noticed_between_the_heads_around_it(copy: Path) -> None:
    tile = copy / "entries/000000.jsonl"
    lines = tile.read_bytes().split(b"\n")
    lines[4] = lines[4].replace(b"/dokpamo/selection", b"/dokpamo/selectiom")
    tile.write_bytes(b"\n".join(lines))
    manifest_again(copy)
    assert "entries/000000.jsonl, line 4: between here and entries/000000.jsonl line 9" in "\n".join(places(copy))


def test_an_entry_taken_out_is_noticed(copy: Path) -> None:
    tile = copy / "entries/000000.jsonl"
    lines = tile.read_bytes().split(b"\n")
    del lines[7]
    tile.write_bytes(b"\n".join(lines))
    manifest_again(copy)
    assert not check(copy).holds


def test_an_entry_that_no_head_covers_is_noticed(copy: Path) -> None:
    log = LogBuilder()
    log.leaves = (copy / "entries/000000.jsonl").read_bytes().split(b"\n")[:-1]
    log.add(selection.RuleSetFrozen(rule_set_sha256="0" * 64))
    (copy / "entries/000000.jsonl").write_bytes(b"".join(leaf + b"\n" for leaf in log.leaves))
    manifest_again(copy)
    assert any("no head covers" in place for place in places(copy))


def test_an_event_that_nobody_can_read_is_no_part_of_what_the_log_says(tmp_path: Path) -> None:
    log = LogBuilder()
    log.add(selection.DecisionFinalized(), payload=b"\xff\xff not a message")
    log.add(selection.RuleSetFrozen(rule_set_sha256="0" * 64))
    write(record_of(log, private_key()), tmp_path / "export")
    report = check(tmp_path / "export")
    assert report.holds
    assert report.unreadable == [0]


def test_who_has_broken_into_one_service_cannot_speak_for_another(tmp_path: Path) -> None:
    log = LogBuilder()
    log.add(selection.DecisionFinalized(stage_id="trial"), topic="dokpamo.training.job.v1")
    log.add(selection.RuleSetFrozen(rule_set_sha256="0" * 64))
    write(record_of(log, private_key()), tmp_path / "export")
    report = check(tmp_path / "export")
    assert (report.findings, report.unreadable, report.not_verified) == ([], [0], {})


@pytest.mark.parametrize("stage_id", ["../../etc/passwd", "a/b", "", "\n", "x" * 300])
def test_an_id_that_is_no_name_of_a_file_is_no_way_out_of_the_folder(tmp_path: Path, stage_id: str) -> None:
    log = LogBuilder()
    sha256 = "../" + "a" * 61
    log.add(selection.DecisionProvisional(stage_id=stage_id, rule_set_sha256=sha256, decision_sha256="c", version=1))
    log.add(selection.DecisionFinalized(stage_id=stage_id, rule_set_sha256=sha256, decision_sha256="c", version=1))
    log.add(selection.ResultsReleased(stage_id=stage_id, decision_sha256="c"))
    log.add(
        selection.ResultsPublished(stage_id=stage_id, rule_set_sha256=sha256, decision_sha256="c", audience="public")
    )
    write(record_of(log, private_key()), tmp_path / "export")
    report = check(tmp_path / "export")
    assert report.decisions == []
    assert not report.holds or report.not_verified


def test_an_event_that_is_twice_in_the_log_is_noticed(tmp_path: Path) -> None:
    log = LogBuilder()
    log.add(selection.RuleSetFrozen(rule_set_sha256="0" * 64))
    log.leaves.append(log.leaves[0])
    write(record_of(log, private_key()), tmp_path / "export")
    assert any("twice" in place for place in places(tmp_path / "export"))

"""The openings of an export: each opens its own seal, none that is due is missing, what is sealed is never verified."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import rules
from dokpamo.evaluation.v1.events_pb2 import MeasurementsRecorded, ScoreSheetSubmitted
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from dokpamo.notary.v1.events_pb2 import OpeningsErased
from verify import canonical
from verify.check import check
from verify.entry import decode
from verify.export import Opened, Record, write
from verify.sealing import Opening, Seal, SealClass
from verify.words import Language, lines

from tests.builders.public_record import (
    ASSESSORS,
    STAGE,
    TEAMS,
    LogBuilder,
    decide,
    decided_record,
    found_in,
    freeze,
    manifest_again,
    open_stage,
    places,
    private_key,
    publish,
    record_of,
    scored,
    submit,
)

if TYPE_CHECKING:
    from pathlib import Path

    from verify.findings import Report

SHEETS = (3, 4, 5)
"""Entries of the sheets of kim, lee and park."""


def decided() -> tuple[LogBuilder, rules.Inputs, rules.Decision]:
    log = LogBuilder()
    publish(log)
    freeze(log)
    open_stage(log)
    inputs = scored(log)
    return log, inputs, decide(log, inputs)


def report_of(record: Record, folder: Path) -> Report:
    write(record, folder / "export")
    return check(folder / "export")


def without(record: Record, index: int, *paths: str) -> Record:
    return replace(record, openings=[o for o in record.openings if o.index != index or o.path not in paths])


def changed(record: Record, index: int, path: str, **changes: object) -> Record:
    """A record in which one opening is another."""
    openings = [
        replace(o, **changes) if (o.index, o.path) == (index, path) else o  # type: ignore[arg-type] # a field each
        for o in record.openings
    ]
    return replace(record, openings=openings)


def test_after_the_decision_every_opening_that_it_rests_on_is_checked(tmp_path: Path) -> None:
    log, inputs, decision = decided()
    report = report_of(decided_record(log, inputs, decision), tmp_path)
    assert report.findings == []
    assert report.decisions == [STAGE]
    assert report.opened == len(log.released()) > 0
    assert report.sealed == len(log.openings()) - report.opened
    assert report.not_verified == {}


@pytest.mark.parametrize("path", ["/payload/rows", "/payload/assessor_id", "/place"])
def test_an_opening_that_is_due_and_kept_back_is_noticed(path: str, tmp_path: Path) -> None:
    log, inputs, decision = decided()
    found = found_in(without(decided_record(log, inputs, decision), 4, path), tmp_path)
    assert f"openings/000000.jsonl: {path} of entry 4 is sealed, although its embargo ended with entry 12" in found


def test_a_decision_whose_scores_nobody_opened_is_not_verified(tmp_path: Path) -> None:
    log, inputs, decision = decided()
    report = report_of(without(decided_record(log, inputs, decision), 4, "/payload/rows"), tmp_path)
    assert not report.holds
    assert report.decisions == []
    assert report.not_verified == {STAGE: f"/payload/rows of event {log.recorded[4].entry.event_id} is sealed"}


def test_a_value_that_was_not_committed_to_is_refused(tmp_path: Path) -> None:
    log, inputs, decision = decided()
    record = decided_record(log, inputs, decision)
    opening = next(o.opening for o in record.openings if (o.index, o.path) == (4, "/payload/rows"))
    raised = [{**row, "value": "60"} for row in opening.value]
    found = found_in(changed(record, 4, "/payload/rows", opening=Opening(opening.salt, raised)), tmp_path)
    event_id = log.recorded[4].entry.event_id
    assert found[0] == (
        "openings/000000.jsonl, line 6: /payload/rows of entry 4: "
        f"salt and value are not what was committed to at /payload/rows of event {event_id}"
    )


def test_openings_of_two_fields_that_are_swapped_are_refused_by_name(tmp_path: Path) -> None:
    log, inputs, decision = decided()
    record = decided_record(log, inputs, decision)
    rows, who = (
        next(o.opening for o in record.openings if (o.index, o.path) == (4, path))
        for path in ("/payload/rows", "/payload/assessor_id")
    )
    swapped = changed(changed(record, 4, "/payload/rows", opening=who), 4, "/payload/assessor_id", opening=rows)
    found = found_in(swapped, tmp_path)
    assert "openings/000000.jsonl, line 5: /payload/assessor_id of entry 4: is the opening of /payload/rows" in found
    assert "openings/000000.jsonl, line 6: /payload/rows of entry 4: is the opening of /payload/assessor_id" in found


def test_an_opening_of_another_entry_is_refused_also_where_the_value_is_the_same(tmp_path: Path) -> None:
    log, inputs, decision = decided()
    record = decided_record(log, inputs, decision)
    other = next(o.opening for o in record.openings if (o.index, o.path) == (3, "/payload/rows"))
    found = found_in(changed(record, 4, "/payload/rows", opening=other), tmp_path)
    assert any(place.startswith("openings/000000.jsonl, line 6: /payload/rows of entry 4: salt and") for place in found)


def test_an_opening_of_what_is_open_or_not_there_is_refused(tmp_path: Path) -> None:
    log, inputs, decision = decided()
    record = decided_record(log, inputs, decision)
    extra = [Opened(4, "/payload/stage_id", Opening(bytes(32), STAGE)), *record.openings]
    found = found_in(replace(record, openings=extra), tmp_path)
    assert found == ["openings/000000.jsonl, line 8: /payload/stage_id of entry 4: nothing is sealed there"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    log, inputs, decision = decided()
    write(decided_record(log, inputs, decision), tmp_path / "copy")
    return tmp_path / "copy"


def lines_changed(folder: Path, change: object) -> list[str]:
    """What is found where the lines of the openings are others and the manifest fits them."""
    file = folder / "openings/000000.jsonl"
    lines = file.read_bytes().split(b"\n")[:-1]
    file.write_bytes(b"".join(line + b"\n" for line in change(lines)))  # type: ignore[operator] # a function
    manifest_again(folder)
    return places(folder)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda lines: [lines[0], *lines], "twice or out of order"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "twice or out of order"),
        (lambda lines: [lines[0].replace(b'{"leaf_index":3', b'{"leaf_index":300'), *lines[1:]], "another file"),
        (lambda lines: [*lines, lines[0].replace(b'{"leaf_index":3', b'{"leaf_index":99')], "no entry 99"),
        (lambda lines: [b"{}", *lines], "exactly the members"),
        (lambda lines: [b"", *lines], "not JSON"),
        (lambda lines: [lines[0].replace(b'"salt":"', b'"salt":"zz'), *lines[1:]], "64 digits"),
        (lambda lines: [lines[0].replace(b'{"leaf_index":3', b'{"leaf_index":-3'), *lines[1:]], "is no count"),
        (lambda lines: [lines[0].replace(b":", b": ", 1), *lines[1:]], "canonical"),
        (lambda _lines: [], "no line feed"),
    ],
)
def test_a_file_of_openings_that_is_not_as_it_must_be_is_noticed(copy: Path, change: object, rule: str) -> None:
    assert any(rule in place for place in lines_changed(copy, change))


def test_an_erased_assessor_is_told_and_the_sheet_is_known_by_its_scores(tmp_path: Path) -> None:
    log, inputs, decision = decided()
    erased = ["/payload/assessor_id", "/payload/sheet_id", "/place"]
    log.add(OpeningsErased(event_id=log.recorded[4].entry.event_id, paths=erased, reason="asked", erasure_id="e"))
    report = report_of(without(decided_record(log, inputs, decision), 4, *erased), tmp_path)
    assert report.findings == []
    assert report.erased == 3
    assert report.decisions == [STAGE]


def test_a_sheet_of_an_erased_assessor_that_was_left_out_is_noticed(tmp_path: Path) -> None:
    log, inputs, _ = decided()
    fewer = rules.collect(
        STAGE, TEAMS, scores=[s for s in inputs.scores() if s.assessor != ASSESSORS[1]],
        measurements=inputs.measurements, verdicts=inputs.verdicts,
    )  # fmt: skip
    decision = decide(log, fewer)
    erased = ["/payload/assessor_id", "/payload/sheet_id", "/place"]
    log.add(OpeningsErased(event_id=log.recorded[4].entry.event_id, paths=erased, reason="asked", erasure_id="e"))
    found = found_in(without(decided_record(log, fewer, decision), 4, *erased), tmp_path)
    assert "score of panel, somebody in entry 4, alpha, plan: is in the log and was left out" in "\n".join(found)


def test_what_is_blind_is_not_erased_whatever_the_log_tells(tmp_path: Path) -> None:
    log, inputs, decision = decided()
    log.add(OpeningsErased(event_id=log.recorded[4].entry.event_id, paths=["/payload/rows"], reason="no"))
    found = found_in(without(decided_record(log, inputs, decision), 4, "/payload/rows"), tmp_path)
    assert (
        "entries/000000.jsonl, line 15: tells of the erasure of a value that is not personal, or is not there" in found
    )
    assert (
        "openings/000000.jsonl: /payload/rows of entry 4 is sealed, although its embargo ended with entry 12" in found
    )


def test_before_the_decision_what_is_blind_is_sealed_and_said_to_be(tmp_path: Path) -> None:
    log = LogBuilder()
    open_stage(log)
    row = ScoreRow(team_id="alpha", criterion="plan", value="41")
    log.add(ScoreSheetSubmitted(stage_id=STAGE, source_id="panel", assessor_id="kim", rows=[row]))
    report = report_of(record_of(log, private_key()), tmp_path)
    assert report.findings == []
    assert (report.opened, report.sealed, report.erased) == (0, len(log.openings()), 0)


def test_a_field_that_the_contract_leaves_open_cannot_be_hidden(tmp_path: Path) -> None:
    """Or a notary could keep back a sheet by sealing to which stage it belongs, or by calling its scores personal."""
    log, inputs, decision = decided()
    entry = log.recorded[4].entry
    payload = {name: value for name, value in entry.content["payload"].items() if name != "stage_id"}
    seal = Seal(SealClass.BLIND, "0" * 64)
    hidden = replace(
        entry, content={**entry.content, "payload": payload}, sealed={**entry.sealed, "/payload/stage_id": seal}
    )
    log.leaves[4] = hidden.encode()
    found = found_in(replace(decided_record(log, inputs, decision), openings=()), tmp_path)
    where = "entries/000000.jsonl, line 5"
    assert f"{where}: /payload/stage_id is sealed otherwise than the contract says, and not opened" in found
    renamed = replace(entry, sealed={**entry.sealed, "/payload/rows": Seal(SealClass.PERSONAL, "0" * 64)})
    log.leaves[4] = renamed.encode()
    found = found_in(replace(decided_record(log, inputs, decision), openings=()), tmp_path / "again")
    assert f"{where}: /payload/rows is sealed otherwise than the contract says, and not opened" in found


def test_a_receipt_is_checked_as_far_as_its_application_is_open(tmp_path: Path) -> None:
    log = LogBuilder()
    receipt = submit(log, "alpha")
    freeze(log)
    record = replace(record_of(log, private_key()), receipts=[receipt])
    assert report_of(record, tmp_path).receipts == 1
    opened = [o for o in log.openings() if o.path == "/payload/receipt/application_json"]
    assert found_in(replace(record, openings=opened), tmp_path / "opened") == []
    other = replace(log.recorded[0], entry=decode(log.leaves[0]))
    assert other.entry.content["payload"]["receipt"]["application_sha256"] == receipt.application_sha256


def test_default_values_are_sealed_as_others_are() -> None:
    """That a team failed, which protobuf leaves out, must not be told by what is not there."""
    log = LogBuilder()
    log.add(MeasurementsRecorded(stage_id=STAGE))
    assert log.recorded[0].openings["/payload/rows"].value is None
    assert canonical.decode(log.leaves[0])["sealed"].keys() == {"/actor", "/payload/rows"}


def test_a_record_with_what_nobody_can_read_or_verify_does_not_simply_hold(tmp_path: Path) -> None:
    log, inputs, decision = decided()
    whole = report_of(decided_record(log, inputs, decision), tmp_path)
    assert lines(whole, Language.EN, key_known=True)[-1] == "The record holds."
    log.add(ScoreSheetSubmitted(), payload=b"\xff no message")
    report = report_of(decided_record(log, inputs, decision), tmp_path / "again")
    assert report.findings == []
    said = lines(report, Language.EN, key_known=True)
    assert said[-1] == "The record holds as far as it is open."
    assert any(line.startswith("– entry 14: is not the event that it says to be") for line in said)
    assert any(line.startswith(f"– sealed: {report.sealed} values") for line in said)

"""An entry that two people withheld: every proof holds, it is said who did it and why, and never done in silence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from dokpamo.notary.v1 import events_pb2 as notary
from dokpamo.selection.v1 import events_pb2 as selection
from verify.check import check
from verify.entry import EntryRefusedError
from verify.export import write
from verify.merkle import hash_leaf
from verify.tiles import TileRefusedError
from verify.withheld import Withheld, untold, withheld_of
from verify.words import Language, lines

from tests.builders.public_record import (
    LogBuilder,
    decide,
    decided_record,
    freeze,
    open_stage,
    places,
    private_key,
    publish,
    record_of,
    scored,
)

if TYPE_CHECKING:
    from pathlib import Path

    from verify.export import Record

REASON = "court order 2026-17"
SCORES = 3
"""Index of the first score sheet of the decided record."""


def told(log: LogBuilder, index: int, restored: bool = False, **changed: Any) -> None:
    """The log says that an entry was withheld, or given back."""
    event = notary.EntryRestored if restored else notary.EntryWithheld
    said = {"reason": REASON, "requested_by": "kim", "confirmed_by": "lee"} | changed
    leaf_hash = said.pop("leaf_hash", hash_leaf(log.leaves[index]).hex())
    log.add(event(event_id="00000000-0000-0000-0000-000000000001", leaf_index=index, leaf_hash=leaf_hash, **said))


def without(record: Record, *indexes: int) -> Record:
    """The record as the notary gives it once these entries are withheld."""
    entries = [
        Withheld(hash_leaf(entry), REASON, "kim", "lee") if index in indexes and isinstance(entry, bytes) else entry
        for index, entry in enumerate(record.entries)
    ]
    openings = [opened for opened in record.openings if opened.index not in indexes]
    return replace(record, entries=entries, openings=openings)


def some_record(**changed: Any) -> Record:
    """Four entries, of which the second is withheld as the log says."""
    log = LogBuilder()
    for number in range(4):
        log.add(selection.RuleSetFrozen(rule_set_sha256=f"{number:064x}"))
    told(log, 1, **changed)
    return without(record_of(log, private_key()), 1)


def test_every_proof_holds_and_it_is_said_who_withheld_what_and_why(tmp_path: Path) -> None:
    write(some_record(), tmp_path / "export")
    report = check(tmp_path / "export")
    assert report.findings == []
    assert report.tree_size == 5
    said = lines(report, Language.EN, key_known=True)
    assert f"– entry 1: withheld by kim and lee: {REASON}; what it was cannot be verified" in said
    assert said[-1] == "The record holds as far as it is open."
    assert report.document()["withheld"] == [
        {"leaf_index": 1, "requested_by": "kim", "confirmed_by": "lee", "reason": REASON}
    ]


@pytest.mark.parametrize(
    ("changed", "told_so"),
    [
        ({"leaf_hash": "0" * 64}, "says so of another hash"),
        ({"reason": "another reason"}, "names other people or another reason"),
        ({"confirmed_by": "park"}, "names other people or another reason"),
    ],
)
def test_a_withholding_that_the_log_does_not_bear_is_named(
    tmp_path: Path, changed: dict[str, str], told_so: str
) -> None:
    write(some_record(**changed), tmp_path / "export")
    (place,) = places(tmp_path / "export")
    assert place.startswith("entries/000000.jsonl, line 2: entry 1 is withheld, and entry 4 ")
    assert place.endswith(told_so)


def test_nobody_withholds_in_silence_alone_or_after_it_was_given_back(tmp_path: Path) -> None:
    log = LogBuilder()
    for number in range(3):
        log.add(selection.RuleSetFrozen(rule_set_sha256=f"{number:064x}"))
    write(without(record_of(log, private_key()), 1), tmp_path / "silence")
    assert "nothing in the log says so" in places(tmp_path / "silence")[0]
    told(log, 1)
    told(log, 1, restored=True)
    write(without(record_of(log, private_key()), 1), tmp_path / "given-back")
    assert "entry 4 says that it was given back" in places(tmp_path / "given-back")[0]
    write(record_of(log, private_key()), tmp_path / "whole")
    assert places(tmp_path / "whole") == []
    told(log, 2, confirmed_by="kim")
    record = without(record_of(log, private_key()), 2)
    alone = [replace(each, confirmed_by="kim") if isinstance(each, Withheld) else each for each in record.entries]
    write(replace(record, entries=alone), tmp_path / "alone")
    assert "one person alone did it" in places(tmp_path / "alone")[0]


def test_another_hash_in_its_place_does_not_give_the_roots(tmp_path: Path) -> None:
    record = some_record()
    other = [replace(each, leaf_hash=b"\x00" * 32) if isinstance(each, Withheld) else each for each in record.entries]
    write(replace(record, entries=other), tmp_path / "export")
    assert any("the log is not the one signed" in place for place in places(tmp_path / "export"))


def test_a_decision_that_rests_on_a_withheld_entry_is_not_verified_and_not_called_false(tmp_path: Path) -> None:
    log = LogBuilder()
    publish(log)
    freeze(log)
    open_stage(log)
    inputs = scored(log)
    decision = decide(log, inputs)
    told(log, SCORES)
    record = replace(decided_record(log, inputs, decision), heads=record_of(log, private_key()).heads)
    write(without(record, SCORES), tmp_path / "export")
    report = check(tmp_path / "export")
    assert report.findings == []
    assert report.decisions == []
    assert report.not_verified["trial"].startswith("score of panel, kim, alpha, plan: is not in the log")
    assert len(report.not_shown) == 3
    # What the log has and the decision does not is no less false.
    write(record, tmp_path / "whole")
    assert check(tmp_path / "whole").decisions == ["trial"]


def test_no_bundle_has_a_withheld_entry(tmp_path: Path) -> None:
    with pytest.raises(TileRefusedError, match="entry 1 is withheld"):
        write(some_record(), tmp_path / "export", bundles=True)


@pytest.mark.parametrize(
    "line",
    [
        b'{"withheld":1}',
        b'{"withheld":{}}',
        b'{"withheld":{"confirmed_by":"","leaf_hash":"","reason":"","requested_by":""}}',
        b'{"withheld":{"confirmed_by":"a","leaf_hash":"b","reason":"c","requested_by":"d"}}',
        b'{"withheld":',
        b'{"withheld":{},"more":1}',
    ],
)
def test_a_line_that_is_neither_an_entry_nor_in_the_place_of_one_is_refused(line: bytes) -> None:
    with pytest.raises(EntryRefusedError):
        withheld_of(line)


def test_what_stands_in_place_of_an_entry_is_read_as_it_was_written() -> None:
    withheld = Withheld(b"\x07" * 32, "이유", "kim", "lee")
    assert withheld_of(withheld.encode()) == withheld
    assert withheld_of(b'{"actor":"kim"}') is None


def test_an_entry_that_was_withheld_a_moment_ago_is_known_by_nothing_telling_of_it_yet() -> None:
    record = some_record()
    assert untold(list(record.entries)) == set()
    assert untold(list(record.entries)[:4]) == {1}

"""The rules of log entries: an event has one leaf, and no other bytes are taken for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify.entry import EntryRefusedError, Unopened, decode
from verify.sealing import Opening

from tests.builders.public_record import LogBuilder, leaves_of, small_record

SEAL = {"class": "personal", "commitment": "0" * 64}


def a_leaf() -> bytes:
    return leaves_of(small_record())[0]


def changed(**members: object) -> bytes:
    document = json.loads(a_leaf()) | members
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_an_entry_is_the_same_after_writing_and_reading() -> None:
    for leaf in leaves_of(small_record()):
        assert decode(leaf).encode() == leaf
    assert LogBuilder().leaves == []


@pytest.mark.parametrize(
    "members",
    [
        {"event_id": "00000000-0000-0000-0000-00000000000A"},
        {"event_id": 1},
        {"place": {"key": "k", "offset": -1, "partition": 0}},
        {"place": {"key": "k", "offset": True, "partition": 0}},
        {"place": {"key": "k", "offset": 1, "partition": "0"}},
        {"place": {"key": None, "offset": 1, "partition": 0}},
        {"place": {"key": "k", "offset": 1}},
        {"place": None},
        {"payload": "QQ"},
        {"payload": None},
        {"actor": "staff:한"},
        {"sealed": None},
        {"sealed": {}},
        {"sealed": {"/actor": "0" * 64}},
        {"sealed": {"/actor": {"class": "personal", "commitment": "0" * 63}}},
        {"sealed": {"/actor": {"class": "open", "commitment": "0" * 64}}},
        {"sealed": {"/actor": {"class": ["blind"], "commitment": "0" * 64}}},
        {"sealed": {"/actor": SEAL, "/time": SEAL}},
        {"sealed": {"/actor": SEAL, "/event_id": SEAL}},
        {"sealed": {"/actor": SEAL, "/actor/name": SEAL}},
        {"sealed": {"/actor": SEAL, "/payload/application_id": SEAL}},
        {"sealed": {"/actor": SEAL, "/payload/nowhere/name": SEAL}},
        {"sealed": {"/actor": SEAL, "/payload/names/1": SEAL}},
        {"sealed": {"/actor": SEAL, "payload/x": SEAL}},
        {"sealed": {"/actor": SEAL, "/payload/~x": SEAL}},
        {"time": "2026-01-10T01:01:00+00:00"},
        {"time": None},
        {"more": ""},
        {"source": 1},
    ],
)
def test_an_entry_of_another_spelling_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(EntryRefusedError):
        decode(changed(**members))


def test_what_is_sealed_is_where_its_path_says_and_nothing_else_is_there() -> None:
    entry = decode(changed(sealed={"/actor": SEAL, **{f"/payload/names/{at}": SEAL for at in range(11)}}))
    content = entry.opened({f"/payload/names/{at}": Opening(b"", at) for at in range(10)})
    assert content["payload"]["names"] == [*range(10), Unopened(entry.event_id, "/payload/names/10")]
    assert content["actor"] == Unopened(entry.event_id, "/actor")
    assert "names" not in entry.content["payload"]


@given(st.binary(max_size=80))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with pytest.raises(EntryRefusedError):
        decode(data)

"""The rules of log entries: an event has one leaf, and no other bytes are taken for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify.entry import EntryRefusedError, decode

from tests.builders.public_record import LogBuilder, small_record


def a_leaf() -> bytes:
    return next(iter(small_record().entries))


def changed(**members: object) -> bytes:
    document = json.loads(a_leaf()) | members
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_an_entry_is_the_same_after_writing_and_reading() -> None:
    for leaf in small_record().entries:
        assert decode(leaf).encode() == leaf
    assert LogBuilder().leaves == []


@pytest.mark.parametrize(
    "members",
    [
        {"event_id": "00000000-0000-0000-0000-00000000000A"},
        {"event_id": 1},
        {"offset": -1},
        {"offset": True},
        {"partition": "0"},
        {"payload": "QQ"},
        {"payload": "QR=="},
        {"payload": "Q Q="},
        {"time": "2026-01-10T01:01:00+00:00"},
        {"time": None},
        {"more": ""},
        {"key": None},
    ],
)
def test_an_entry_of_another_spelling_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(EntryRefusedError):
        decode(changed(**members))


@given(st.binary(max_size=80))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with pytest.raises(EntryRefusedError):
        decode(data)

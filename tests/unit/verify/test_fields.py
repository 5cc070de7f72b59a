"""The rules of the protobuf reader: it reads what protobuf wrote, and refuses the rest."""

from __future__ import annotations

import contextlib

import pytest
from dokpamo.evaluation.v1.events_pb2 import ScoreSheetSubmitted
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from dokpamo.intake.v1.service_pb2 import Receipt
from dokpamo.selection.v1.events_pb2 import GateVerdictRecorded
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from verify.fields import PayloadRefusedError, read

texts = st.text(max_size=20)


@given(texts, st.lists(st.tuples(texts, texts, texts), max_size=4))
def test_what_protobuf_wrote_is_read(stage: str, rows: list[tuple[str, str, str]]) -> None:
    sent = [ScoreRow(team_id=team, criterion=criterion, value=value) for team, criterion, value in rows]
    fields = read(ScoreSheetSubmitted(stage_id=stage, rows=sent).SerializeToString())
    assert fields.text(2) == stage
    assert [(row.text(1), row.text(2), row.text(3)) for row in fields.messages(5)] == rows


@given(st.booleans())
def test_a_flag_is_read(passed: bool) -> None:
    assert read(GateVerdictRecorded(passed=passed).SerializeToString()).flag(4) == passed


@given(st.integers(-62135596800, 253402300799), st.integers(0, 999_999), st.integers(0, 2**32 - 1))
def test_an_instant_and_a_number_are_read(seconds: int, microseconds: int, version: int) -> None:
    receipt = Receipt(version=version)
    receipt.received_at.seconds, receipt.received_at.nanos = seconds, microseconds * 1000
    fields = read(receipt.SerializeToString())
    assert fields.microseconds(4) == seconds * 1_000_000 + microseconds
    assert fields.integer(2) == version


@pytest.mark.parametrize("payload", [b"\x0a", b"\x0a\x05abc", b"\x0b", b"\x80" * 11, b"\x0d\x01", b"\x0f"])
def test_bytes_that_are_no_message_are_refused(payload: bytes) -> None:
    with pytest.raises(PayloadRefusedError):
        read(payload)
    with pytest.raises(DecodeError):
        ScoreSheetSubmitted.FromString(payload)


@given(st.binary(max_size=60))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with contextlib.suppress(PayloadRefusedError):
        fields = read(data)
        fields.text(1)
        fields.messages(5)
        fields.microseconds(4)

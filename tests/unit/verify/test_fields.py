"""The rules of the payload reader: it reads what protobuf wrote as JSON, refuses the rest, and guesses no secret."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from dokpamo.evaluation.v1.events_pb2 import ScoreSheetSubmitted
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from dokpamo.grants.v1.service_pb2 import Posting
from dokpamo.intake.v1.service_pb2 import Receipt
from dokpamo.selection.v1.events_pb2 import GateVerdictRecorded
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st
from verify.entry import Unopened
from verify.fields import Fields, NotOpenError, PayloadRefusedError

if TYPE_CHECKING:
    from google.protobuf.message import Message

texts = st.text(max_size=20)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | st.just(Unopened("e", "/payload/x")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def read(message: Message) -> Fields:
    return Fields(MessageToDict(message, preserving_proto_field_name=True))


@given(texts, st.lists(st.tuples(texts, texts, texts), max_size=4))
def test_what_protobuf_wrote_is_read(stage: str, rows: list[tuple[str, str, str]]) -> None:
    sent = [ScoreRow(team_id=team, criterion=criterion, value=value) for team, criterion, value in rows]
    fields = read(ScoreSheetSubmitted(stage_id=stage, rows=sent))
    assert fields.text("stage_id") == stage
    found = [(row.text("team_id"), row.text("criterion"), row.text("value")) for row in fields.messages("rows")]
    assert found == rows


@given(st.booleans(), st.lists(texts, max_size=3), st.binary(max_size=40), st.integers(-(2**63), 2**63 - 1))
def test_flags_lists_bytes_and_large_numbers_are_read(
    passed: bool, evidence: list[str], document: bytes, amount: int
) -> None:
    fields = read(GateVerdictRecorded(passed=passed, evidence=evidence))
    assert (fields.flag("passed"), fields.texts("evidence")) == (passed, evidence)
    assert read(Receipt(application_json=document)).blob("application_json") == document
    assert read(Posting(amount=amount)).integer("amount") == amount


@given(st.integers(-62135596800, 253402300799), st.integers(0, 999_999), st.integers(0, 2**32 - 1))
def test_an_instant_and_a_number_are_read(seconds: int, microseconds: int, version: int) -> None:
    receipt = Receipt(version=version)
    receipt.received_at.seconds, receipt.received_at.nanos = seconds, microseconds * 1000
    fields = read(receipt)
    assert fields.microseconds("received_at") == seconds * 1_000_000 + microseconds
    assert fields.integer("version") == version


READERS = ("text", "texts", "blob", "integer", "flag", "message", "messages", "microseconds")


@pytest.mark.parametrize("reader", READERS)
def test_what_is_not_there_or_opened_as_null_is_the_default(reader: str) -> None:
    assert getattr(Fields(), reader)("x") == getattr(Fields({"x": None}), reader)("x")
    assert not getattr(Fields(), reader)("x") or getattr(Fields(), reader)("x") == Fields()


@pytest.mark.parametrize("reader", READERS)
def test_what_is_sealed_is_never_read_as_a_value(reader: str) -> None:
    fields = Fields({"x": Unopened("e", "/payload/x")})
    assert not fields.is_open("x")
    with pytest.raises(NotOpenError):
        getattr(fields, reader)("x")


def test_a_list_with_a_sealed_element_is_not_read() -> None:
    fields = Fields({"x": ["kim", Unopened("e", "/payload/x/1")]})
    assert not fields.is_open("x")
    with pytest.raises(NotOpenError):
        fields.texts("x")


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        ("text", 1),
        ("texts", "a"),
        ("texts", [1]),
        ("blob", "QQ"),
        ("blob", "QR=="),
        ("blob", "Q Q="),
        ("integer", "1.0"),
        ("integer", "01"),
        ("integer", True),
        ("integer", 1.5),
        ("flag", 1),
        ("message", []),
        ("messages", {}),
        ("messages", [1]),
        ("microseconds", "2026-01-10"),
        ("microseconds", "2026-02-30T00:00:00Z"),
        ("microseconds", "2026-01-10T00:00:00.12Z"),
    ],
)
def test_what_protobuf_would_not_write_is_refused(reader: str, value: Any) -> None:
    with pytest.raises(PayloadRefusedError):
        getattr(Fields({"x": value}), reader)("x")


@given(anything, st.sampled_from(READERS))
def test_no_value_crashes_the_reader(value: Any, reader: str) -> None:
    with contextlib.suppress(PayloadRefusedError, NotOpenError):
        getattr(Fields({"x": value}), reader)("x")

"""Receipts of an export: in the log, and saying what the log says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.builders.public_record import found_in, small_record

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("application_sha256", "0" * 64),
        ("event_id", "00000000-0000-0000-0000-0000000000ff"),
        ("received_at", small_record().receipts[0].received_at + timedelta(microseconds=1)),
    ],
)
def test_a_receipt_that_says_something_else_than_the_log_is_named(tmp_path: Path, member: str, value: object) -> None:
    record = small_record()
    forged = replace(record.receipts[0], **{member: value})  # type: ignore[arg-type] # each is a field of its type
    found = found_in(replace(record, receipts=[forged, *record.receipts[1:]]), tmp_path)
    assert found
    assert all(place.startswith(f"receipts/call/alpha/1.json, {member}") for place in found)


def test_an_application_without_a_receipt_is_noticed(tmp_path: Path) -> None:
    record = small_record()
    found = found_in(replace(record, receipts=record.receipts[1:]), tmp_path)
    assert found == ["receipts: application call/alpha version 1 is in the log and has no receipt"]

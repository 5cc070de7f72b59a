"""The rules of signed tree heads: one signature, one spelling, one key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from verify.head import (
    HeadRefusedError,
    TreeHead,
    check_signature,
    instant_of,
    instant_text,
    log_id,
    sign,
    signed_head_of,
)

from tests.builders.public_record import private_key

KEY = private_key()
HEAD = TreeHead(log_id(KEY.public_key()), 7, b"\x0b" * 32, datetime(2026, 1, 15, 1, 2, 3, 40, tzinfo=UTC))
SIGNED = sign(HEAD, KEY)


def test_a_signed_head_is_accepted_from_its_document() -> None:
    again = signed_head_of(SIGNED.document())
    assert again == SIGNED
    check_signature(again, KEY.public_key())


@pytest.mark.parametrize(
    "changed",
    [
        replace(HEAD, tree_size=8),
        replace(HEAD, root_hash=b"\x0c" * 32),
        replace(HEAD, timestamp=HEAD.timestamp + timedelta(microseconds=1)),
        replace(HEAD, log_id="0" * 64),
    ],
)
def test_a_signature_is_over_every_field(changed: TreeHead) -> None:
    with pytest.raises(HeadRefusedError):
        check_signature(replace(SIGNED, head=changed), KEY.public_key())


def test_a_head_of_another_key_is_refused() -> None:
    with pytest.raises(HeadRefusedError):
        check_signature(SIGNED, private_key(8).public_key())
    with pytest.raises(HeadRefusedError):
        sign(HEAD, private_key(8))


def test_a_signature_with_the_group_order_added_is_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(SIGNED.signature[32:], "little") + order
    twin = SIGNED.signature[:32] + scalar.to_bytes(32, "little")
    with pytest.raises(HeadRefusedError):
        check_signature(replace(SIGNED, signature=twin), KEY.public_key())


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("root_hash", "0B" * 32),
        ("root_hash", "0b" * 31),
        ("root_hash", None),
        ("tree_size", -1),
        ("tree_size", True),
        ("tree_size", "7"),
        ("timestamp", "2026-01-15T01:02:03Z"),
        ("timestamp", "2026-13-15T01:02:03.000040Z"),
        ("timestamp", "2026-01-15T01:02:03.000040Z\n"),
        ("signature", SIGNED.signature.hex().upper()),
        ("more", 1),
    ],
)
def test_a_head_has_one_spelling(member: str, value: object) -> None:
    with pytest.raises(HeadRefusedError):
        signed_head_of(SIGNED.document() | {member: value})


@pytest.mark.parametrize("year", [1, 26, 999, 2026, 9999])
def test_an_instant_is_the_same_after_writing_and_reading(year: int) -> None:
    instant = HEAD.timestamp.replace(year=year)
    assert instant_of(instant_text(instant)) == instant
    assert instant_text(instant) == f"{year:04}-01-15T01:02:03.000040Z"

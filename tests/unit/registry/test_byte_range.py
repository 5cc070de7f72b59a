"""Ranges of bytes, as RFC 9110 has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from registry.domain.byte_range import ByteRange, RangeNotSatisfiableError, parse_range


@pytest.mark.parametrize(
    ("header", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-9", 0, 10),
        ("bytes=3-5", 3, 6),
        ("bytes=3-", 3, 10),
        ("bytes=9-99", 9, 10),
        ("bytes=-3", 7, 10),
        ("bytes=-99", 0, 10),
        (" Bytes=3- ", 3, 10),
    ],
)
def test_a_range_is_the_bytes_that_it_names(header: str, first: int, end: int) -> None:
    found = parse_range(header, 10)
    assert found == ByteRange(first, end, 10)
    assert found.length == end - first
    assert found.content_range == f"bytes {first}-{end - 1}/10"


@pytest.mark.parametrize(
    "header",
    ["", "bytes", "bytes=", "bytes=-", "bytes=5-3", "bytes=a-b", "lines=0-3", "bytes=0-1,3-4", "bytes=0 - 3",
     "bytes=+1-3", "bytes=٣-", "bytes=" + "9" * 20 + "-"],
)  # fmt: skip
def test_what_is_no_range_means_the_whole(header: str) -> None:
    assert parse_range(header, 10) is None


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=99-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_a_range_of_no_bytes_is_refused(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiableError) as refusal:
        parse_range(header, size)
    assert refusal.value.size_bytes == size


@given(some.text(max_size=40) | some.from_regex(r"bytes=[0-9]{0,20}-[0-9]{0,20}", fullmatch=True), some.integers(0, 99))
def test_whatever_is_asked_for_lies_in_the_file(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except RangeNotSatisfiableError:
        return
    assert found is None or 0 <= found.first < found.end <= size

"""The same bytes are cut the same way, at tensors, and the arithmetic holds for files that no test could write."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import numpy as np
from client.sdk.transfer.cutting import (
    GROUP_BYTES,
    LARGEST_PART_BYTES,
    OWN_PART_BYTES,
    Span,
    cut_at_tensors,
    cut_evenly,
    spans_of,
)
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 2**20
SIZES = st.lists(st.one_of(st.integers(0, 3 * MIB), st.integers(0, 40 * MIB)), min_size=1, max_size=30)


def tensors(start: int, sizes: list[int]) -> Iterator[tuple[int, int]]:
    for size in sizes:
        yield start, start + size
        start += size


def cut(start: int, sizes: list[int]) -> list[Span]:
    return list(cut_at_tensors(start, tensors(start, sizes)))


@given(st.integers(10, 20 * MIB), SIZES)
def test_parts_make_up_the_file_without_a_gap_and_none_is_too_large(start: int, sizes: list[int]) -> None:
    end = 0
    for span in cut(start, sizes):
        assert span.offset == end
        assert 0 < span.size <= LARGEST_PART_BYTES
        end += span.size
    assert end == start + sum(sizes)


@given(st.integers(10, MIB), st.integers(10, MIB), SIZES)
def test_a_header_of_another_size_moves_the_parts_and_changes_none(one: int, other: int, sizes: list[int]) -> None:
    moved = [Span(span.offset - one + other, span.size) for span in cut(one, sizes)]
    assert moved[1:] == cut(other, sizes)[1:]


@given(SIZES, SIZES)
def test_what_comes_before_a_large_tensor_does_not_change_how_it_and_what_follows_are_cut(
    before: list[int], after: list[int]
) -> None:
    large = 5 * MIB
    start = 10 + sum(before)
    with_more = [span for span in cut(10, [*before, large, *after]) if span.offset >= start]
    alone = [Span(span.offset - 10 + start, span.size) for span in cut(10, [large, *after])[1:]]
    assert with_more == alone


def test_a_large_tensor_begins_a_part_of_its_own_and_small_neighbours_share_one() -> None:
    small = OWN_PART_BYTES - 1
    parts = cut(100, [OWN_PART_BYTES, *[small] * 6, 2 * LARGEST_PART_BYTES + 5])
    assert [span.size for span in parts] == [
        100,
        OWN_PART_BYTES,
        4 * small,
        2 * small,
        LARGEST_PART_BYTES,
        LARGEST_PART_BYTES,
        5,
    ]
    assert 4 * small <= GROUP_BYTES < 5 * small


def test_five_terabytes_are_cut_as_they_are_asked_for() -> None:
    size = 5 * 10**12
    parts = cut_evenly(0, size)
    assert list(itertools.islice(parts, 2)) == [
        Span(0, LARGEST_PART_BYTES),
        Span(LARGEST_PART_BYTES, LARGEST_PART_BYTES),
    ]
    ends = {span.offset + span.size for span in parts}
    assert len(ends) + 2 == -(-size // LARGEST_PART_BYTES) == 298_024
    assert max(ends) == size
    # One tensor for each 500 MB, as a model of this size has.
    spans = cut_at_tensors(1000, tensors(1000, [500_000_000] * 10_000))
    assert sum(span.size for span in spans) == size + 1000


def test_a_sparse_file_of_five_terabytes_is_opened_and_cut(tmp_path: Path) -> None:
    path = tmp_path / "weights.jsonl"
    with path.open("wb") as file:
        file.truncate(5 * 10**12)
        spans = spans_of(path.name, file.fileno(), 5 * 10**12)
        assert next(spans) == Span(0, LARGEST_PART_BYTES)
        assert sum(1 for _ in spans) == 298_023


def test_weights_are_cut_at_their_tensors_and_what_only_seems_so_evenly(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a": np.zeros(MIB // 2, np.float32), "b": np.zeros(10, np.float32)}, path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        header, large, rest = spans_of(path.name, file.fileno(), size)
        assert (header.offset, large.size, rest.offset + rest.size) == (0, 2 * MIB, size)
        os.pwrite(file.fileno(), b"X", 8)
        assert list(spans_of(path.name, file.fileno(), size)) == [Span(0, size)]
        assert list(spans_of("notes.txt", file.fileno(), size)) == [Span(0, size)]
        assert list(spans_of("empty.safetensors", file.fileno(), 0)) == []

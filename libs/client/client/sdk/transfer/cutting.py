"""A file cut into parts: the same bytes are cut the same way, wherever they lie, so that they are never sent twice.

In a safetensors file the header is a part, so a changed header costs no tensor; a tensor begins a part of its own
where it is large, and small neighbours share one.

The numbers were measured on two cores against the local S3. Parts of 4, 16 and 64 MiB are sent at the same rate, about
210 MiB/s, which is the store's own limit, and parts of 1 MiB too, for a quarter of a CPU second more a gigabyte: so a
tensor of a megabyte is worth a request of its own. 16 MiB keeps what is under way on four connections, and is lost by
a kill, at 64 MiB, and a file of 5 TB at 300,000 parts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from weights.safetensors import (
    LENGTH_BYTES,
    CheckpointFileTruncatedError,
    SafetensorsRefusedError,
    header_length,
    read_header,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST_PART_BYTES: Final = 16 * 2**20
OWN_PART_BYTES: Final = 2**20
"""A tensor of this size begins a part of its own."""
GROUP_BYTES: Final = 4 * 2**20
"""Smaller neighbours share a part up to this size."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes of a file."""

    offset: int
    size: int


def cut_evenly(begin: int, end: int) -> Iterator[Span]:
    """Give the parts of `begin` to `end` (exclusive): as large as a part may be, and the rest."""
    for offset in range(begin, end, LARGEST_PART_BYTES):
        yield Span(offset, min(LARGEST_PART_BYTES, end - offset))


def cut_at_tensors(data_start: int, tensors: Iterable[tuple[int, int]]) -> Iterator[Span]:
    """Give the parts of a file whose data begins at `data_start`, header first.

    `tensors` are the begin and end of each, counted from the start of the file, one after another without a gap.
    """
    yield from cut_evenly(0, data_start)
    group = end = data_start
    for tensor, tensor_end in tensors:
        if tensor_end - tensor >= OWN_PART_BYTES:
            yield from cut_evenly(group, tensor)
            yield from cut_evenly(tensor, tensor_end)
            group = tensor_end
        elif tensor_end - group > GROUP_BYTES:
            yield from cut_evenly(group, tensor)
            group = tensor
        end = tensor_end
    yield from cut_evenly(group, end)


def spans_of(name: str, descriptor: int, size_bytes: int) -> Iterator[Span]:
    """Give the parts of an open file of `size_bytes`; weights that cannot be read as such are cut evenly.

    That they cannot is for the registry to say, which names what is wrong.
    """
    found = _tensors(name, descriptor, size_bytes) if name.endswith(".safetensors") else None
    return cut_evenly(0, size_bytes) if found is None else cut_at_tensors(*found)


def _tensors(name: str, descriptor: int, size_bytes: int) -> tuple[int, list[tuple[int, int]]] | None:
    try:
        length = header_length(name, os.pread(descriptor, LENGTH_BYTES, 0), size_bytes)
        start = LENGTH_BYTES + length
        header = os.pread(descriptor, length, LENGTH_BYTES)
        return start, [(start + each.begin, start + each.end) for each in read_header(name, header, size_bytes)]
    except (SafetensorsRefusedError, CheckpointFileTruncatedError):
        return None

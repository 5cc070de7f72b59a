"""Which bytes of a file a request asks for (RFC 9110, section 14): one range, or all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `first` up to and without `end` of `size_bytes`."""

    first: int
    end: int
    size_bytes: int

    @property
    def length(self) -> int:
        """How many bytes that are."""
        return self.end - self.first

    @property
    def content_range(self) -> str:
        """The header that says so."""
        return f"bytes {self.first}-{self.end - 1}/{self.size_bytes}"


class RangeNotSatisfiableError(Exception):
    """A range begins behind the end of the file, or asks for no bytes."""

    def __init__(self, size_bytes: int) -> None:
        """Keep the `size_bytes` of the file."""
        super().__init__(f"the range asks for no byte of the {size_bytes} that there are")
        self.size_bytes = size_bytes


def parse_range(header: str, size_bytes: int) -> ByteRange | None:
    """Return the range of `header` in a file of `size_bytes`; `None` for what a server answers with the whole file.

    That is no header, one that is not understood, and several ranges at once. Raises `RangeNotSatisfiableError`.
    """
    found = _RANGE.fullmatch(header.strip())
    if found is None or found[0].endswith("=-"):
        return None
    first, last = found[1], found[2]
    if not first:
        begin, end = max(0, size_bytes - int(last)), size_bytes
    elif last and int(last) < int(first):
        return None
    else:
        begin, end = int(first), min(size_bytes, int(last) + 1) if last else size_bytes
    if begin >= end:
        raise RangeNotSatisfiableError(size_bytes)
    return ByteRange(begin, end, size_bytes)

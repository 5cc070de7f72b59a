"""Ranges of a file that lies in a store in parts."""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import TYPE_CHECKING

from client.sdk.transfer.errors import BytesDifferError
from client.sdk.transfer.retrying import Attempts
from client.sdk.transfer.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from client.sdk.transfer.fetching import PartSource
    from client.sdk.transfer.store import Store

_CHUNK_BYTES = 2**18


class RemoteFile:
    """A file by its parts, in order. Used by many threads."""

    def __init__(self, path: str, parts: Sequence[PartSource], store: Store) -> None:
        """Read from `store`; the URLs of `parts` must last as long as it is used."""
        self.path = path
        self._parts = parts
        self._begins = [part.offset for part in parts]
        self._store = store

    def parts_of(self, begin: int, end: int) -> list[tuple[int, int, bytes]]:
        """Return the parts that hold the bytes `begin` to `end`: offset from `begin`, size and SHA-256 of each."""
        return [(part.offset - begin, part.size, part.sha256) for part in self._overlapping(begin, end)]

    def read(self, offset: int, size: int) -> Iterator[bytes]:
        """Give the bytes of a range. Raises `BytesDifferError`, `TransferRefusedError` and `StoreAwayError`."""
        end = offset + size
        for part in self._overlapping(offset, end):
            begin, until = max(offset, part.offset), min(end, part.offset + part.size)
            yield self._range(part, begin - part.offset, until - begin)
            offset = until
        if offset != end:
            raise BytesDifferError(self.path, offset, end - offset, f"{end - offset} bytes", "no part of them")

    def _overlapping(self, begin: int, end: int) -> Iterator[PartSource]:
        for number in range(max(0, bisect_right(self._begins, begin) - 1), len(self._parts)):
            part = self._parts[number]
            if part.offset >= end:
                return
            if part.offset + part.size > begin:
                yield part

    def _range(self, part: PartSource, begin: int, size: int) -> bytes:
        attempts = Attempts(self.path, part.offset, part.size, part.sha256)
        found = bytearray(size)

        def into(offset: int, data: memoryview) -> None:
            found[offset : offset + len(data)] = data

        while True:
            try:
                self._store.get(part.url, memoryview(bytearray(_CHUNK_BYTES)), size, into, begin=begin)
                return bytes(found)
            except StoreError as error:
                time.sleep(attempts.after(error)[1])

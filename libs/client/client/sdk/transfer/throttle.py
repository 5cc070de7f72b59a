"""No more bytes a second than somebody wants, over all connections together."""

from __future__ import annotations

import threading
import time
from typing import Final

_BURST_SECONDS: Final = 0.1


class Throttle:
    """Lets so many bytes a second through; `None` lets all through. Used by many threads."""

    def __init__(self, bytes_per_second: int | None) -> None:
        """Take the limit; raise `ValueError` where it is none."""
        if bytes_per_second is not None and bytes_per_second <= 0:
            raise ValueError(f"a rate of {bytes_per_second} bytes a second lets nothing through")
        self._rate = bytes_per_second
        self._lock = threading.Lock()
        self._free_at = time.monotonic()

    def chunk(self, usual: int) -> int:
        """Return how many bytes to move at a time, where `usual` is what suits the connection."""
        return usual if self._rate is None else max(1, min(usual, int(self._rate * _BURST_SECONDS)))

    def take(self, count: int) -> None:
        """Wait until `count` more bytes may be moved."""
        if self._rate is None:
            return
        with self._lock:
            now = time.monotonic()
            # What was not used is not saved up: a rate is a rate.
            begins = max(self._free_at, now - _BURST_SECONDS)
            self._free_at = begins + count / self._rate
            wait = self._free_at - now
        if wait > 0:
            time.sleep(wait)

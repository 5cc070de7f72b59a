"""How often and how long a part is moved again: with longer and longer pauses, while nothing gets through."""

from __future__ import annotations

import random
import time
from typing import Final

from client.sdk.transfer.errors import BytesDifferError, StoreAwayError, TransferRefusedError
from client.sdk.transfer.store import AnswerError, StoreError, UrlRefusedError, WrongBytesError

PATIENCE_SECONDS: Final = 120.0
"""How long a store or service may be away before a transfer gives up."""

_MOST_WRONG: Final = 4
"""Attempts after which bytes that arrive wrong each time are given up."""
_MOST_REFUSED: Final = 3
"""Fresh URLs that are refused one after another: it is not their time then."""
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 3.0


class Attempts:
    """The attempts at moving one part."""

    def __init__(self, path: str, offset: int, size: int, sha256: bytes) -> None:
        """Keep what an error names."""
        self._path, self._offset, self._size, self._sha256 = path, offset, size, sha256
        self._wrong = self._refused = 0
        self._pause = _FIRST_PAUSE_SECONDS
        self._give_up_at = time.monotonic() + PATIENCE_SECONDS

    def after(self, error: StoreError) -> tuple[str, float]:
        """Return why the part is moved again and the seconds to wait before, or raise what ends the attempts."""
        if isinstance(error, UrlRefusedError):
            self._refused += 1
            if self._refused == _MOST_REFUSED:
                raise self.refused(error) from error
            return f"its URL was refused: {error}", self._answered()
        if isinstance(error, WrongBytesError):
            self._wrong += 1
            if self._wrong == _MOST_WRONG:
                found = f"other bytes {self._wrong} times, the last {error}"
                raise BytesDifferError(self._path, self._offset, self._size, self._sha256.hex(), found) from error
            return f"other bytes arrived: {error}", self._answered()
        if isinstance(error, AnswerError):
            raise self.refused(error) from error
        # Spread out, or all that wait for a store that was away come back at the same instant.
        wait = self._pause * random.uniform(0.5, 1.0)  # noqa: S311  nothing secret
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        if time.monotonic() + wait >= self._give_up_at:
            raise StoreAwayError(self._path, str(error)) from error
        return str(error), wait

    def refused(self, error: AnswerError) -> TransferRefusedError:
        """Return what says that the store refused for good."""
        return TransferRefusedError(self._path, self._offset, error.status, error.answer)

    def _answered(self) -> float:
        """The store is not away: begin to count anew, and wait for nothing."""
        self._pause = _FIRST_PAUSE_SECONDS
        self._give_up_at = time.monotonic() + PATIENCE_SECONDS
        return 0.0

"""Waits for what is due by a clock that may be virtual, without asking the database all the time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from common.clock import Clock

# Reading the clock is a memory read, so a jump of a virtual clock is seen within this.
_LOOK_SECONDS: Final = 0.02
# What another process of the same service wrote, and a lease that ended, is seen within this.
_POLL_SECONDS: Final = 1.0


class DueWatch:
    """Wakes when the clock reaches an instant, when something is written in this process, and now and then."""

    def __init__(self, clock: Clock) -> None:
        """Watch `clock`."""
        self._clock = clock
        self._written = False
        self._again_at: float | None = None

    def written(self) -> None:
        """Say that something may be due earlier than was known."""
        self._written = True

    def again_in(self, seconds: float) -> None:
        """Say that something failed and is tried again after `seconds` of real time."""
        at = asyncio.get_running_loop().time() + seconds
        self._again_at = at if self._again_at is None else min(at, self._again_at)

    async def wait(self, next_due: datetime | None) -> None:
        """Return when it is worth asking the database again; `next_due` is what it last said."""
        loop = asyncio.get_running_loop()
        until = min(loop.time() + _POLL_SECONDS, self._again_at or float("inf"))
        while loop.time() < until and not self._written:
            await asyncio.sleep(_LOOK_SECONDS)
            if next_due is not None and self._clock.now() >= next_due:
                break
        self._written = False
        if self._again_at is not None and loop.time() >= self._again_at:
            self._again_at = None


class _Watches:
    """The watches of this process, by schema and table."""

    def __init__(self) -> None:
        self._watches: dict[tuple[str, str], set[DueWatch]] = {}

    def add(self, schema: str, table: str, watch: DueWatch) -> None:
        """Tell `watch` what is written to `table` of `schema`."""
        self._watches.setdefault((schema, table), set()).add(watch)

    def remove(self, schema: str, table: str, watch: DueWatch) -> None:
        """Tell it no more."""
        self._watches.get((schema, table), set()).discard(watch)

    def written(self, schema: str, table: str) -> None:
        """Something of `table` was committed."""
        for watch in self._watches.get((schema, table), ()):
            watch.written()


WATCHES: Final = _Watches()

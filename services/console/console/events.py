"""The live feed: every event of every topic, from the beginning, in memory."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from common.sealed import Sealing, sealing_of_key
from dokpamo.intake.v1.events_pb2 import ApplicationSubmitted

from console import wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from common.consumer import Received

    from console.domain.facts import TeamName
    from console.domain.feed import Feed


class LiveFeed:
    """Adds what arrives to the feed, keeps the names of teams, and wakes every page that listens."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.names: dict[str, TeamName] = {}
        self._arrived = asyncio.Condition()

    async def on_event(self, received: Received[Any]) -> None:
        """Take an event from Kafka."""
        # Everyone sees the feed: a key that names a person or tells of what is blind is not shown.
        key = received.key if sealing_of_key(received.type) is Sealing.OPEN else ""
        self.feed.add(received.time, received.type, key)
        if isinstance(received.message, ApplicationSubmitted):
            team, name = wire.team_name(received.message.application)
            self.names[team] = name
        async with self._arrived:
            self._arrived.notify_all()

    async def totals(self, *, pause_seconds: float, quiet_seconds: float) -> AsyncIterator[int]:
        """The number of events so far: at once, after every burst of arrivals, at most once a pause.

        It is told again after ``quiet_seconds`` without an arrival: heads are signed and services come and go without
        an event.
        """
        seen = -1
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(quiet_seconds), self._arrived:
                    while self.feed.total == seen:
                        await self._arrived.wait()
            seen = self.feed.total
            yield seen
            await asyncio.sleep(pause_seconds)

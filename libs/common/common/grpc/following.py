"""Streams that follow: what was there first, then what each commit that publishes adds, in order, until the end.

Every stream reads by places that only grow, so that who was cut off goes on after the last place that he got. Between
two commits a stream waits for the database's word; it holds no transaction while its reader is slow, and one page at
most.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import grpc
import structlog

from common.errors import DatabaseUnavailableError, Refused
from common.outages import DRIVER_ERRORS
from common.service import BackgroundPart

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from common.auth import Actor
    from common.clock import Clock
    from common.database import Database, Transaction

log = structlog.get_logger()
T = TypeVar("T")

PAGE: Final = 100
"""How many entries a stream reads at once."""

_MOST_STREAMS: Final = 100
# A notification that was lost on its way costs no more than this.
_LOOK_AGAIN_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 1.0


class News(BackgroundPart):
    """A part: lets streams wait for the next commit that publishes, on one connection for all; ends them at its end."""

    def __init__(self, database: Database) -> None:
        """Listen to the outbox of `database`."""
        super().__init__("news")
        self._database = database
        self._turn = asyncio.Event()
        self._ending = False
        self.streams = 0
        """How many streams follow now."""

    async def run(self) -> None:
        """Listen for ever; the database may be away."""
        while True:
            try:
                await self._listen()
            except (DatabaseUnavailableError, *DRIVER_ERRORS) as error:
                log.warning("news.waiting", service=self._database.schema, error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _listen(self) -> None:
        lost = asyncio.Event()
        async with self._database.dedicated() as connection:
            connection.add_termination_listener(lambda *_: lost.set())
            await connection.add_listener(f"{self._database.schema}.outbox", lambda *_: self.wake())
            # Commits from before it listened.
            self.wake()
            await lost.wait()

    def wake(self) -> None:
        """Let every stream look again."""
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    def end(self) -> None:
        """End every stream, and begin none."""
        self._ending = True
        self.wake()

    def turn(self) -> asyncio.Event:
        """Return what is set at the next commit; taken before a look, so that none is missed."""
        return self._turn

    def enter(self) -> None:
        """Count one stream more. Raises `Refused` where there are too many, or the server ends."""
        self.require_going_on()
        if self.streams >= _MOST_STREAMS:
            message = f"at most {_MOST_STREAMS} streams at once; try again later"
            raise Refused("TOO_MANY_STREAMS", message, status=grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.streams += 1

    def leave(self) -> None:
        """Count one stream less."""
        self.streams -= 1

    def require_going_on(self) -> None:
        """Raise `Refused` once the server ends: who follows goes on with another one, or later."""
        if self._ending:
            message = "the server stops: go on after the last place that you have"
            raise Refused("SERVER_STOPPING", message, status=grpc.StatusCode.UNAVAILABLE)


class Following:
    """What a streaming RPC gets beside its request."""

    def __init__(self, actor: Actor, clock: Clock, database: Database, news: News) -> None:
        """Read `database` for `actor`, whenever there is `news`."""
        self.actor = actor
        self.clock = clock
        self._database = database
        self._news = news

    async def after(
        self, place: int, read: Callable[[Transaction, int, int], Awaitable[tuple[Sequence[T], int]]]
    ) -> AsyncGenerator[T, None]:
        """Yield what `read` finds after `place`, in order, and then what is added, for ever.

        `read(tx, place, limit)` returns up to `limit` entries and the place that it has looked up to, which is past all
        that it saw where it found fewer.
        """
        while True:
            turn = self._news.turn()
            self._news.require_going_on()
            async with self._database.transaction(actor=self.actor.subject, readonly=True) as tx:
                found, place = await read(tx, place, PAGE)
            for each in found:
                yield each
            if len(found) < PAGE:
                with suppress(TimeoutError):
                    await asyncio.wait_for(turn.wait(), _LOOK_AGAIN_SECONDS)

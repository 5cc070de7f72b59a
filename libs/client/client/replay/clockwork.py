"""The virtual clock's hand: it moves only when everything due at the present instant has fired and settled.

The stack is settled when every service says that nothing is pending, and says exactly the same once more a moment
later: with nothing pending and no counter moved between two rounds, no message can have been on its way.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc
from common.errors import Refused
from dokpamo.common.v1 import platform_pb2

from client.session import Caller

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from common.clock import VirtualClockFile

    from client.session import Session

_ROUND_SECONDS = 0.05
_PATIENCE_SECONDS = 600.0
_AWAY = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


class UnsettledError(Exception):
    """The stack did not settle in time; ``waiting`` says what each service still had to do."""

    def __init__(self, seconds: float, waiting: Mapping[str, str]) -> None:
        self.seconds = seconds
        self.waiting = dict(waiting)
        what = "; ".join(f"{service}: {why}" for service, why in waiting.items())
        super().__init__(f"not settled within {seconds:.0f} s: {what}")


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one service says; ``next_due_at`` is UTC and None where nothing is planned."""

    outbox: int
    inbox: int
    tasks: int
    processes: int
    published: int
    consumed: int
    next_due_at: datetime | None

    @property
    def waiting(self) -> str:
        """What is pending, in words; empty where nothing is."""
        counts = {"outbox": self.outbox, "inbox": self.inbox, "tasks": self.tasks, "processes": self.processes}
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


class Clockwork:
    """Settles the services and moves the clock file that they all read."""

    def __init__(self, session: Session, services: Sequence[str], clock: VirtualClockFile) -> None:
        self._session = session
        self._services = tuple(services)
        self._clock = clock

    def now(self) -> datetime | None:
        """The virtual instant; None before the replay has begun."""
        return self._clock.read()

    async def settle(self, *, patience_seconds: float = _PATIENCE_SECONDS) -> Mapping[str, Settlement]:
        """Wait until nothing due is undone. Raises UnsettledError, naming who waits for what, after the patience."""
        end = time.monotonic() + patience_seconds
        before: Mapping[str, Settlement | str] = {}
        while True:
            now = await self._ask(self._services)
            waiting = _waiting(now)
            if now == before and not waiting:
                return {name: answer for name, answer in now.items() if isinstance(answer, Settlement)}
            before = now
            # To answer takes the machine's time from the work that is waited for: only those who have some are asked.
            while waiting and time.monotonic() < end:
                await asyncio.sleep(_ROUND_SECONDS)
                waiting = _waiting(await self._ask(waiting))
            if time.monotonic() >= end:
                raise UnsettledError(patience_seconds, waiting or dict.fromkeys(now, "still changing"))
            await asyncio.sleep(_ROUND_SECONDS)

    async def advance_to(self, instant: datetime) -> None:
        """Move to the instant, stopping to settle at everything that falls due on the way."""
        while True:
            settled = await self.settle()
            planned = [s.next_due_at for s in settled.values() if s.next_due_at is not None]
            following = min([instant, *(due for due in planned if due <= instant)])
            present = self._clock.read()
            if present is not None and following <= present:
                if present >= instant:
                    return
                following = instant
            self._clock.advance(following)

    async def _ask(self, services: Collection[str]) -> Mapping[str, Settlement | str]:
        answers = await asyncio.gather(*(self._ask_one(service) for service in services))
        return dict(zip(services, answers, strict=True))

    async def _ask_one(self, service: str) -> Settlement | str:
        request = platform_pb2.GetSettlementRequest()
        try:
            answer = await self._session.platform(Caller.staff("replay"), service, "GetSettlement", request)
        except Refused as refused:
            if refused.status in _AWAY:
                return "does not answer"
            raise
        return Settlement(
            outbox=answer.outbox_pending,
            inbox=answer.inbox_pending,
            tasks=answer.tasks_due,
            processes=answer.processes_due,
            published=answer.published_total,
            consumed=answer.consumed_total,
            next_due_at=answer.next_due_at.ToDatetime(tzinfo=UTC) if answer.HasField("next_due_at") else None,
        )


def _waiting(answers: Mapping[str, Settlement | str]) -> dict[str, str]:
    """Who has something to do, or does not answer, and what that is."""
    why = {name: answer if isinstance(answer, str) else answer.waiting for name, answer in answers.items()}
    return {name: words for name, words in why.items() if words}

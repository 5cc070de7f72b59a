"""What the delivery tests send and where it goes: real contracts, schemas of their own, topics of their own cluster."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from common.clock import Clock, SystemClock
from common.consumer import Consumers, Limits, Subscriptions
from common.database import Database
from common.outbox import Relay, pending
from common.settings import PlatformSettings
from common.topics import TopicProvisioner
from dokpamo.training.v1 import events_pb2

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from common.consumer import Received
    from common.database import Transaction

JobStarted = events_pb2.JobStarted
TOPIC = "dokpamo.training.job.v1"
TABLE = """
CREATE TABLE effect (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    key text NOT NULL,
    number bigint NOT NULL
);
"""
QUICK = Limits(
    attempts=5,
    patience=timedelta(0),
    unexpected_attempts=2,
    first_pause=timedelta(milliseconds=10),
    longest_pause=timedelta(milliseconds=200),
)


def platform(bootstrap: list[str], replication: int = 1) -> PlatformSettings:
    """Return settings that name the cluster, whose topics have `replication` copies."""
    return PlatformSettings(
        environment="embedded", kafka_bootstrap=bootstrap, token_keys=Path("unused"), topic_replication=replication
    )


def migrations(folder: Path) -> Path:
    """Return a folder with the table that the effects go to."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "0001_effect.sql").write_text(TABLE)
    return folder


def started(key: str, number: int) -> JobStarted:
    """Return the `number`-th event of `key`."""
    return JobStarted(job_id=key, attempt=number)


async def apply(event: Received[JobStarted], tx: Transaction) -> None:
    """Record the effect of `event`."""
    await tx.execute(
        "INSERT INTO effect (event_id, key, number) VALUES ($1, $2, $3)", event.id, event.key, event.message.attempt
    )


async def effects(database: Database) -> list[tuple[str, int]]:
    """Return what was applied, in that order."""
    async with database.transaction() as tx:
        return [(row["key"], row["number"]) for row in await tx.fetch("SELECT key, number FROM effect ORDER BY seq")]


def in_order(applied: list[tuple[str, int]]) -> bool:
    """Whether the numbers of each key only rise."""
    last: dict[str, int] = {}
    for key, number in applied:
        if number <= last.get(key, -1):
            return False
        last[key] = number
    return True


async def eventually(holds: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> Any:
    """Return the first true answer of `holds`; raise `AssertionError` if there is none in time."""
    until = time.monotonic() + seconds
    while True:
        answer = await holds()
        if answer:
            return answer
        assert time.monotonic() < until, f"{holds} stayed {answer!r} for {seconds} s"
        await asyncio.sleep(0.02)


class World:
    """A publishing service ("training") and a consuming one ("grants"), started and stopped part by part."""

    def __init__(
        self, bootstrap: list[str], url: str, folder: Path, clock: Clock | None = None, *, replication: int = 1
    ) -> None:
        """Use a fresh database, a fresh or shared cluster, and `clock` (default: the machine's)."""
        self.settings = platform(bootstrap, replication)
        self.url = url
        self.folder = migrations(folder)
        self.clock = clock or SystemClock()
        self.stack = AsyncExitStack()
        self.team = secrets.token_hex(6)
        """Whose events are this world's: a shared cluster has those of other tests, too."""
        self.publisher = Database(url, "training", self.folder, self.clock)
        self.consumer = Database(url, "grants", self.folder, self.clock)

    async def __aenter__(self) -> Self:
        """Open the databases; create the topics."""
        await self.stack.enter_async_context(self.publisher)
        await self.stack.enter_async_context(self.consumer)
        await self.stack.enter_async_context(TopicProvisioner(self.settings))
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close all."""
        await self.stack.aclose()

    def relay(self, database: Database | None = None) -> Relay:
        """Return a relay of the publisher."""
        return Relay(self.settings, database or self.publisher)

    def subscriptions(
        self, handler: Callable[[Received[JobStarted], Transaction], Awaitable[None]] = apply, service: str = "grants"
    ) -> Subscriptions:
        """Return the subscription of the consumer (or of another `service`), for events of this test only."""

        async def of_this_test(event: Received[JobStarted], tx: Transaction) -> None:
            if event.message.team_id == self.team:
                await handler(event, tx)

        subscriptions = Subscriptions(service)
        subscriptions.on(JobStarted, of_this_test)
        return subscriptions

    def consumers(
        self,
        subscriptions: Subscriptions | None = None,
        *,
        limits: Limits = QUICK,
        database: Database | None = None,
    ) -> Consumers:
        """Return the consumer's runtime, or one on another `database`; `ValueError` is what it refuses."""
        return Consumers(
            self.settings,
            database or self.consumer,
            subscriptions or self.subscriptions(),
            REASONS,
            self.clock,
            limits=limits,
        )

    async def publish(self, events: list[JobStarted]) -> None:
        """Say `events` in one transaction."""
        async with self.publisher.transaction() as tx:
            for event in events:
                await self.say(tx, event)

    async def say(self, tx: Transaction, event: JobStarted) -> None:
        """Say `event` when `tx` commits, as one of this world's."""
        event.team_id = self.team
        await tx.publish(event)

    async def outbox_empty(self, database: Database | None = None) -> bool:
        """Whether everything said is published."""
        async with (database or self.publisher).transaction() as tx:
            return await pending(tx) == 0


def _reasons() -> dict[type[Exception], Any]:
    import grpc
    from common.errors import Reason

    return {ValueError: Reason(grpc.StatusCode.INVALID_ARGUMENT, "NUMBER_REFUSED")}


REASONS = _reasons()

"""Applies messages: effect and inbox row in one transaction, and a closed set of outcomes when that fails."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

import structlog

from common import inbox, parked, parked_line, tracing
from common.errors import DatabaseUnavailableError, TransactionConflictError, TransientError, as_refused
from common.metrics import CONSUMED_TOTAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.consumer.subscriptions import Delivery, Gatherer, Subscriptions
    from common.database import Database, Transaction
    from common.errors import Reasons, Refused

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limits:
    """When a message is given up and when the line stops; all times are real.

    A transient failure is given up only when it was tried `attempts` times and for `patience`: an event of another
    topic may be long in coming while its service is away. An exception that nobody foresaw is a fault of the program
    and given up after `unexpected_attempts`. `parked` messages within `parked_window` stop the line. A member of
    the group that is silent for a `session` is dead: until then nobody has its partitions.
    """

    attempts: int = 20
    patience: timedelta = timedelta(minutes=5)
    unexpected_attempts: int = 4
    first_pause: timedelta = timedelta(milliseconds=20)
    longest_pause: timedelta = timedelta(seconds=3)
    parked: int = 50
    parked_window: timedelta = timedelta(seconds=60)
    poll_interval: timedelta = timedelta(minutes=5)
    session: timedelta = timedelta(seconds=10)
    batch: int = 500
    transactions: int = 4

    def pause_seconds(self, attempt: int) -> float:
        """Return how long to wait after the `attempt`-th failure (1 is the first): doubling, with jitter."""
        longest = self.longest_pause.total_seconds()
        full = min(self.first_pause.total_seconds() * 2 ** min(attempt - 1, 30), longest)
        return float(full * random.uniform(0.5, 1.0))  # noqa: S311  spreads retries, guards nothing


class Failure(Enum):
    """Why an application failed."""

    REFUSED = "refused"
    TRANSIENT = "transient"
    UNEXPECTED = "unexpected"
    # Never charged to the message: it is not its fault.
    DATABASE_AWAY = "database away"


@dataclass(frozen=True, slots=True)
class Failed:
    """An application that had no effect; `index` is the message whose handler raised, if one did."""

    failure: Failure
    error: Exception
    index: int | None


class Application:
    """Applies the messages of one service's subscriptions."""

    def __init__(self, database: Database, subscriptions: Subscriptions, reasons: Reasons, limits: Limits) -> None:
        """Write to `database`; an exception of `reasons` is a refusal."""
        self.consumer = subscriptions.service
        self.limits = limits
        self._database = database
        self._reasons = reasons
        # Many partitions must not take every connection of the pool from the API.
        self._turns = asyncio.Semaphore(limits.transactions)

    async def apply(self, deliveries: Sequence[Delivery]) -> Failed | None:
        """Apply messages of one partition in one transaction, each once; return the failure if nothing was applied."""
        at: int | None = None
        started = time.monotonic()
        record = deliveries[0].record
        try:
            async with self._turns, self._database.transaction() as tx:
                fresh = await inbox.enter(tx, self.consumer, record.topic, record.partition, deliveries)
                count = len(fresh)
                new: list[tuple[int, Delivery]] = []
                for index, delivery in enumerate(deliveries):
                    if delivery.event_id in fresh:
                        # The same event twice in one batch is one event.
                        fresh.discard(delivery.event_id)
                        new.append((index, delivery))
                # All are of one topic, so that all have the gatherer or none has.
                if new and (gatherer := deliveries[0].gatherer) is not None:
                    await _gather(gatherer, [delivery for _, delivery in new], tx)
                else:
                    for at, delivery in new:  # noqa: B007  read where an exception is told
                        await _handle(delivery, tx)
                at = None
        except Exception as error:  # noqa: BLE001  the outcomes are a closed set: whatever a handler raises is one
            failed = Failed(self._failure(error), error, at)
            log.debug("events.failed", topic=record.topic, partition=record.partition, failure=failed.failure.value)
            return failed
        CONSUMED_TOTAL.labels(record.topic, "done").inc(count)
        CONSUMED_TOTAL.labels(record.topic, "duplicate").inc(len(deliveries) - count)
        # One line a transaction: a batch of messages is one unit of work, and the inbox names each of them.
        log.info(
            "events.applied",
            topic=record.topic,
            partition=record.partition,
            first_offset=deliveries[0].offset,
            last_offset=deliveries[-1].offset,
            applied=count,
            duplicates=len(deliveries) - count,
            types=sorted({delivery.event.type for delivery in deliveries if delivery.event is not None}),
            duration_ms=round(1000 * (time.monotonic() - started), 2),
        )
        return None

    async def park(self, delivery: Delivery, refusal: Refused, attempts: int) -> bool:
        """Park one message; return whether that stopped the line. Raises `DatabaseUnavailableError`."""
        record = delivery.record
        async with self._turns, self._database.transaction() as tx:
            if not await inbox.enter(tx, self.consumer, record.topic, record.partition, [delivery]):
                # It was applied or parked before.
                return False
            await parked.park(tx, self.consumer, delivery, refusal, attempts)
            stops = await parked_line.stops(tx, self.consumer, self.limits.parked, self.limits.parked_window)
        CONSUMED_TOTAL.labels(record.topic, "refused").inc()
        return stops

    async def line_stopped(self) -> str | None:
        """Return why the line stands, or `None`. Raises `DatabaseUnavailableError`."""
        async with self._database.transaction() as tx:
            return await parked_line.stopped(tx, self.consumer)

    def refusal(self, failed: Failed) -> Refused:
        """Return what to park a message with after `failed`."""
        return parked.refusal_of(failed.error, self._reasons)

    def _failure(self, error: Exception) -> Failure:
        # Another transaction that won is the database's business, not the message's.
        if isinstance(error, DatabaseUnavailableError | TransactionConflictError):
            return Failure.DATABASE_AWAY
        if isinstance(error, TransientError):
            return Failure.TRANSIENT
        if as_refused(error, self._reasons) is not None:
            return Failure.REFUSED
        return Failure.UNEXPECTED


async def _handle(delivery: Delivery, tx: Transaction) -> None:
    if delivery.handler is None or delivery.event is None:
        return
    with tracing.span(f"consume {delivery.event.type}", delivery.event.headers):
        await delivery.handler(delivery.event, tx)


async def _gather(gatherer: Gatherer, deliveries: Sequence[Delivery], tx: Transaction) -> None:
    events = [delivery.event for delivery in deliveries if delivery.event is not None]
    with tracing.span(f"consume {len(events)} events", events[0].headers):
        await gatherer(events, tx)

"""One partition's messages, applied strictly in order by a task of their own."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

import structlog

from common.consumer.application import Failed, Failure
from common.errors import DatabaseUnavailableError, TransactionConflictError
from common.metrics import CONSUMED_TOTAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiokafka import ConsumerRecord, TopicPartition

    from common.consumer.application import Application
    from common.consumer.subscriptions import Delivery, Subscriptions
    from common.errors import Refused

log = structlog.get_logger()

# More than this waiting: take no more from the broker until half is done.
_FULL: Final = 2000


class Gate:
    """Open while messages may be applied."""

    def __init__(self) -> None:
        """Begin open."""
        self._open = asyncio.Event()
        self._open.set()

    @property
    def closed(self) -> bool:
        """Whether the line stands."""
        return not self._open.is_set()

    def close(self) -> None:
        """Stop the line."""
        self._open.clear()

    def open(self) -> None:
        """Let it go on."""
        self._open.set()

    async def wait(self) -> None:
        """Return when it is open."""
        await self._open.wait()


class PartitionLine:
    """Takes records of one partition and applies them in order; what it has done is `done_offset`."""

    def __init__(
        self,
        place: TopicPartition,
        subscriptions: Subscriptions,
        application: Application,
        gate: Gate,
        progressed: Callable[[], None],
    ) -> None:
        """Apply records of `place` while `gate` is open; call `progressed` whenever more is done."""
        self.place = place
        self.done_offset: int | None = None
        """The offset after the last message that is done, once there is one."""
        self._subscriptions = subscriptions
        self._application = application
        self._gate = gate
        self._progressed = progressed
        self._waiting: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        # Size of the next transaction: whole batches until one fails, then singly and doubling.
        self._size = application.limits.batch
        self._attempts = 0
        self._first_failed_at = 0.0

    @property
    def first_waiting(self) -> int | None:
        """The offset of the first message that is not done, or `None` if all that came are done."""
        return self._waiting[0].offset if self._waiting else None

    @property
    def full(self) -> bool:
        """Whether no more should be put."""
        return len(self._waiting) > _FULL

    @property
    def half_full(self) -> bool:
        """Whether there is plenty to do."""
        return len(self._waiting) > _FULL // 2

    def put(self, records: Iterable[ConsumerRecord]) -> None:
        """Add `records`, which follow those put before."""
        self._waiting.extend(self._subscriptions.delivery(record) for record in records)
        self._arrived.set()

    async def run(self) -> None:
        """Apply what comes, for ever."""
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            await self._gate.wait()
            await self._step()

    async def _step(self) -> None:
        """Do the next few messages, or wait a while for the first of them."""
        if self._waiting[0].skipped:
            self._done(self._count_while(lambda delivery: delivery.skipped, len(self._waiting)))
            return
        if (defect := self._waiting[0].defect) is not None:
            await self._park(self._waiting[0], defect)
            return
        count = self._count_while(lambda delivery: delivery.handler is not None, self._size)
        chunk = list(islice(self._waiting, count))
        failed = await self._application.apply(chunk)
        if failed is None:
            self._done(count)
            self._size = min(2 * max(self._size, count), self._application.limits.batch)
        else:
            await self._narrow_or_settle(chunk, failed)

    def _count_while(self, wanted: Callable[[Delivery], bool], most: int) -> int:
        count = 0
        for delivery in islice(self._waiting, most):
            if not wanted(delivery):
                break
            count += 1
        return count

    def _done(self, count: int) -> None:
        for _ in range(count):
            self.done_offset = self._waiting.popleft().offset + 1
        self._attempts = 0
        self._progressed()

    async def _narrow_or_settle(self, chunk: Sequence[Delivery], failed: Failed) -> None:
        if failed.failure is Failure.DATABASE_AWAY:
            await self._pause(failed)
        elif len(chunk) > 1:
            # Nothing of the batch was applied: do what comes before the culprit, then the culprit alone.
            self._size = failed.index or 1
        elif failed.failure is Failure.REFUSED or self._given_up(failed):
            await self._park(chunk[0], self._application.refusal(failed))
        else:
            CONSUMED_TOTAL.labels(self.place.topic, "transient").inc()
            await self._pause(failed)

    def _given_up(self, failed: Failed) -> bool:
        """Count a try of the first message; return whether it was the last."""
        limits = self._application.limits
        if self._attempts == 0:
            self._first_failed_at = time.monotonic()
        self._attempts += 1
        if failed.failure is Failure.UNEXPECTED:
            log.error("event.unexpected", place=str(self.place), offset=self.first_waiting, exc_info=failed.error)
            return self._attempts >= limits.unexpected_attempts
        waited = time.monotonic() - self._first_failed_at
        return self._attempts >= limits.attempts and waited >= limits.patience.total_seconds()

    async def _park(self, delivery: Delivery, refusal: Refused) -> None:
        """Park the first message; wait as long as the database is away."""
        tries = 0
        while True:
            try:
                stops = await self._application.park(delivery, refusal, max(1, self._attempts))
            except (DatabaseUnavailableError, TransactionConflictError) as error:
                tries += 1
                log.warning("event.park_waits", place=str(self.place), error=str(error))
                await asyncio.sleep(self._application.limits.pause_seconds(tries))
            else:
                break
        if stops:
            self._gate.close()
        self._size = 1
        self._done(1)

    async def _pause(self, failed: Failed) -> None:
        """Wait in place, so that the order is kept; the other partitions go on."""
        seconds = self._application.limits.pause_seconds(max(1, self._attempts))
        log.warning(
            "event.waits",
            place=str(self.place),
            offset=self.first_waiting,
            attempt=self._attempts,
            why=failed.failure.value,
            error=str(failed.error),
            seconds=round(seconds, 3),
        )
        await asyncio.sleep(seconds)

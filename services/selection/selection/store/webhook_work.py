"""What selection does with webhooks by itself: it turns events into deliveries, and deliveries into attempts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog
from common.errors import DatabaseUnavailableError, TransactionConflictError
from common.outages import DRIVER_ERRORS
from common.received import storable
from common.service import BackgroundPart

from selection.handlers import webhook_deliveries
from selection.handlers.webhook_records import DELIVERING
from selection.store.webhooks import WebhookStore
from selection.wire import webhook_events

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from common.database import Database, Transaction
    from common.tasks import Task

    from selection.domain.webhook import Answer
    from selection.handlers.webhook_deliveries import Attempt
    from selection.store.webhook_keys import WebhookKeys

    Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Answer]]

log = structlog.get_logger()

# NOTIFY wakes at once; this catches a notification lost with its connection.
_POLL_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 1.0


class WebhookFeed(BackgroundPart):
    """A part: records the deliveries of every event once it is committed. Of several, one works at a time."""

    def __init__(self, database: Database) -> None:
        """Read the outbox of `database`."""
        super().__init__("webhook feed")
        self._database = database
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Go on for ever; the database may be away."""
        while True:
            try:
                await self._follow()
            except (DatabaseUnavailableError, TransactionConflictError, *DRIVER_ERRORS) as error:
                log.warning("webhooks.waiting", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _follow(self) -> None:
        async with self._database.dedicated() as connection:
            await connection.add_listener(f"{self._database.schema}.outbox", lambda *_: self._wake.set())
            while not connection.is_closed():
                self._wake.clear()
                while await self._step():
                    pass
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _POLL_SECONDS)

    async def _step(self) -> bool:
        async with self._database.transaction() as tx:
            return await webhook_deliveries.feed(WebhookStore(tx))


class WebhookWork:
    """The attempts, each a task: between the answer and its record a death repeats it, with the same `webhook-id`."""

    def __init__(self, database: Database, keys: WebhookKeys, post: Post) -> None:
        """Sign with `keys`, send with `post`."""
        self._database = database
        self._keys = keys
        self._post = post

    def handlers(self) -> dict[str, Callable[[Task], Awaitable[None]]]:
        """What to do, by kind of task."""
        return {DELIVERING: self._deliver}

    def on_failed(self) -> dict[str, Callable[[Task, str, Transaction], Awaitable[None]]]:
        """What to do when an attempt could not even be made, by kind of task."""
        return {DELIVERING: self._give_up}

    async def _deliver(self, task: Task) -> None:
        async with self._database.transaction() as tx:
            records = WebhookStore(tx)
            attempt = await webhook_deliveries.next_attempt(task.payload["delivery_id"], task.payload["turn"], records)
            body = await self._body(attempt, tx) if attempt else b""
        answer = None if attempt is None else await self._attempted(attempt, body)
        async with task.finish() as tx:
            if attempt is not None and answer is not None:
                await webhook_deliveries.record_attempt(attempt, answer, WebhookStore(tx))

    async def _body(self, attempt: Attempt, tx: Transaction) -> bytes:
        delivery = attempt.delivery
        if delivery.is_test:
            return webhook_events.test_event(delivery.event.id, delivery.webhook, delivery.created_at.isoformat())
        row = await tx.fetchrow("SELECT headers, payload FROM outbox WHERE seq = $1", delivery.event.sequence)
        if row is None:
            message = f"event {delivery.event.id} is in the outbox no more"
            raise LookupError(message)
        sequence, replayed = delivery.event.sequence, bool(delivery.replay)
        return webhook_events.cloud_event(row["headers"], row["payload"], sequence, replayed=replayed)

    async def _attempted(self, attempt: Attempt, body: bytes) -> Answer:
        webhook, delivery = attempt.webhook, attempt.delivery
        # Of the machine's clock, also in a replay: receivers refuse what is old by theirs.
        signed = self._keys.headers(webhook.id, attempt.generations, delivery.id, datetime.now(UTC), body)
        answer = await self._post(webhook.url, {**signed, "content-type": webhook_events.CONTENT_TYPE}, body)
        log.info(
            "webhook.attempted",
            webhook_id=webhook.id,
            delivery_id=delivery.id,
            event_type=delivery.event.type,
            status=answer.status,
            error=answer.error,
        )
        return answer

    async def _give_up(self, task: Task, error: str, tx: Transaction) -> None:
        await webhook_deliveries.attempt_failed_here(task.payload["delivery_id"], storable(error), WebhookStore(tx))

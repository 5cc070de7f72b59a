"""Webhooks and deliveries in PostgreSQL; events are read from the outbox, where they stand in the order of commit."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from selection.domain.webhook import FAILING_GRACE, PLATFORM, Occurred, WebhookState
from selection.handlers.webhook_records import DELIVERING, WEBHOOK_PROCESS, Generation
from selection.store.webhook_rows import DELIVERY, WEBHOOK, delivery_of, values_of, webhook_of
from selection.wire import webhook_events

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from asyncpg import Record
    from common.database import Transaction

    from selection.domain.webhook import Delivery, Webhook

_EVENT: Final = "seq, id, type, aggregateid, payload"
# Deliveries in their lane's order: live ones as recorded, a replay's as its events were.
_HEADS: Final = f"""
SELECT DISTINCT ON (lane) {DELIVERY} FROM webhook_delivery
WHERE webhook_id = $1 AND state = 'waiting' AND seq > 0 ORDER BY lane, position
"""


class WebhookStore:
    """What the use cases of webhooks remember, in one database transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""
        return self._tx.now

    @property
    def actor(self) -> str:
        """Who causes it."""
        return self._tx.actor

    async def hold_feed(self) -> int:
        """The place up to which deliveries are recorded; locked."""
        return int(await self._tx.fetchval("SELECT position FROM webhook_feed FOR NO KEY UPDATE"))

    async def move_feed(self, sequence: int) -> None:
        """Note that deliveries are recorded up to this place."""
        await self._tx.execute("UPDATE webhook_feed SET position = $1", sequence)

    async def last_sequence(self) -> int:
        """The place of the newest event; 0 before the first."""
        return int(await self._tx.fetchval("SELECT coalesce(max(seq), 0) FROM outbox"))

    async def events_after(self, sequence: int, limit: int) -> tuple[list[Occurred], int]:
        """Events behind a place, in order, from up to `limit` rows, and the place of the last row."""
        rows = await self._tx.fetch(
            f"SELECT {_EVENT} FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2", sequence, limit
        )
        return _occurred(rows), rows[-1]["seq"] if rows else sequence

    async def events_from(self, since: datetime | int, until: int, limit: int) -> list[Occurred]:
        """Up to `limit` events from an instant or place on, up to the place `until`, in order."""
        begins = "created_at >= $1" if isinstance(since, datetime) else "seq >= $1"
        rows = await self._tx.fetch(
            f"SELECT {_EVENT} FROM outbox WHERE {begins} AND seq <= $2 AND type = ANY($3) ORDER BY seq LIMIT $4",
            since,
            until,
            list(webhook_events.own_types()),
            limit,
        )
        return _occurred(rows)

    async def add_webhook(self, webhook: Webhook) -> None:
        """Keep a new webhook."""
        await self._tx.execute(
            f"INSERT INTO webhook ({WEBHOOK}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            webhook.id,
            webhook.url,
            list(webhook.event_types),
            webhook.description,
            webhook.after,
            webhook.state.value,
            webhook.reason,
            webhook.failing_since,
            webhook.created.at,
            webhook.created.by,
            webhook.changed.at,
            webhook.changed.by,
        )
        await self._watch(webhook)

    async def save_webhook(self, webhook: Webhook) -> None:
        """Keep a webhook that changed, and who must act on it."""
        await self._tx.execute(
            "UPDATE webhook SET state = $2, reason = $3, failing_since = $4, changed_at = $5, changed_by = $6"
            " WHERE id = $1",
            webhook.id,
            webhook.state.value,
            webhook.reason,
            webhook.failing_since,
            webhook.changed.at,
            webhook.changed.by,
        )
        await self._watch(webhook)

    async def webhook(self, webhook_id: str) -> Webhook | None:
        """A webhook that is not deleted, locked; `None` where there is none."""
        row = await self._tx.fetchrow(
            f"SELECT {WEBHOOK} FROM webhook WHERE id = $1 AND state <> 'deleted' FOR NO KEY UPDATE", webhook_id
        )
        return webhook_of(row) if row else None

    async def webhooks(self) -> Sequence[Webhook]:
        """All webhooks that are not deleted, locked."""
        rows = await self._tx.fetch(
            f"SELECT {WEBHOOK} FROM webhook WHERE state <> 'deleted' ORDER BY position FOR NO KEY UPDATE"
        )
        return [webhook_of(row) for row in rows]

    async def add_generation(self, webhook_id: str, generation: Generation) -> None:
        """Keep a new generation of a webhook's keys."""
        await self._tx.execute(
            "INSERT INTO webhook_key VALUES ($1, $2, $3, $4)",
            webhook_id,
            generation.number,
            generation.root,
            generation.valid_until,
        )

    async def generations(self, webhook_id: str) -> Sequence[Generation]:
        """The generations that are valid now, newest first."""
        rows = await self._tx.fetch(
            "SELECT generation, root, valid_until FROM webhook_key"
            " WHERE webhook_id = $1 AND (valid_until IS NULL OR valid_until > $2) ORDER BY generation DESC",
            webhook_id,
            self._tx.now,
        )
        return [Generation(*row) for row in rows]

    async def end_generations(self, webhook_id: str, valid_until: datetime) -> None:
        """Let the present generations end at this instant, those that end earlier as they do."""
        await self._tx.execute(
            "UPDATE webhook_key SET valid_until = least(valid_until, $2) WHERE webhook_id = $1", webhook_id, valid_until
        )

    async def add_delivery(self, delivery: Delivery) -> bool:
        """Keep a new delivery; `False` where the webhook has the event already."""
        places = ", ".join(f"${number}" for number in range(1, len(values_of(delivery)) + 1))
        tag = await self._tx.execute(
            f"INSERT INTO webhook_delivery ({DELIVERY}) VALUES ({places})"
            " ON CONFLICT (webhook_id, event_id, replay) DO NOTHING",
            *values_of(delivery),
        )
        return tag == "INSERT 0 1"

    async def save_delivery(self, delivery: Delivery) -> None:
        """Keep a delivery that changed."""
        await self._tx.execute(
            "UPDATE webhook_delivery SET state = $2, turn = $3, tries = $4, attempts = $5, last_status = $6,"
            " last_error = $7, next_try_at = $8, delivered_at = $9 WHERE id = $1",
            delivery.id,
            delivery.state.value,
            delivery.turn,
            delivery.tries,
            delivery.attempts,
            delivery.last_status,
            delivery.last_error,
            delivery.next_try_at,
            delivery.delivered_at,
        )

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """A delivery; locked with its webhook, not by itself."""
        row = await self._tx.fetchrow(f"SELECT {DELIVERY} FROM webhook_delivery WHERE id = $1", delivery_id)
        return delivery_of(row) if row else None

    async def heads(self, webhook_id: str) -> Sequence[Delivery]:
        """The first waiting delivery of each lane of a webhook, without tests."""
        return [delivery_of(row) for row in await self._tx.fetch(_HEADS, webhook_id)]

    async def head(self, webhook_id: str, lane: str) -> Delivery | None:
        """The first waiting delivery of a lane."""
        row = await self._tx.fetchrow(
            f"SELECT {DELIVERY} FROM webhook_delivery WHERE webhook_id = $1 AND lane = $2 AND state = 'waiting'"
            " ORDER BY position LIMIT 1",
            webhook_id,
            lane,
        )
        return delivery_of(row) if row else None

    async def others_fail(self, delivery: Delivery) -> bool:
        """Whether another waiting delivery of the same webhook has failed."""
        found = await self._tx.fetchval(
            "SELECT EXISTS (SELECT FROM webhook_delivery"
            " WHERE webhook_id = $1 AND state = 'waiting' AND tries > 0 AND id <> $2)",
            delivery.webhook,
            delivery.id,
        )
        return bool(found)

    async def stand_still(self, webhook_id: str) -> None:
        """Forget when the webhook's waiting deliveries would be tried; a test is tried all the same."""
        await self._tx.execute(
            "UPDATE webhook_delivery SET next_try_at = NULL WHERE webhook_id = $1 AND state = 'waiting' AND seq > 0",
            webhook_id,
        )

    async def give_up(self, webhook_id: str, delivery_ids: Collection[str] | None, reason: str) -> int:
        """Give up waiting deliveries, all where `None` is named; return how many there were."""
        tag = await self._tx.execute(
            "UPDATE webhook_delivery SET state = 'given up', next_try_at = NULL, last_error = $3"
            " WHERE webhook_id = $1 AND state = 'waiting' AND ($2::uuid[] IS NULL OR id = ANY($2))",
            webhook_id,
            None if delivery_ids is None else list(delivery_ids),
            reason,
        )
        return int(tag.rpartition(" ")[2])

    async def line_up(self, delivery: Delivery) -> None:
        """Have the delivery's present turn attempted at its `next_try_at`."""
        payload = {"delivery_id": delivery.id, "turn": delivery.turn}
        await self._tx.enqueue(DELIVERING, f"{delivery.id}/{delivery.turn}", payload, run_at=delivery.next_try_at)

    async def _watch(self, webhook: Webhook) -> None:
        """Keep the process manager in step: a webhook that fails for long or was stopped is overdue, and staff's."""
        state = "failing" if webhook.state is WebhookState.ACTIVE and webhook.failing_since else webhook.state.value
        processes = self._tx.processes
        process = await processes.get(WEBHOOK_PROCESS, webhook.id)
        if process is None:
            await processes.start(WEBHOOK_PROCESS, webhook.id, state, owner="selection")
        elif webhook.state is WebhookState.DELETED:
            await processes.finish(process, state)
        elif state != process.state:
            deadline = None
            if state == "failing" and webhook.failing_since:
                deadline = webhook.failing_since + FAILING_GRACE
            elif webhook.state is not WebhookState.ACTIVE and webhook.changed.by == PLATFORM:
                deadline = self._tx.now
            reason = webhook.reason or ("deliveries are not taken" if state == "failing" else "")
            owner = "selection" if state == "active" else "staff"
            await processes.move(process, state, owner=owner, deadline=deadline, reason=reason)


def _occurred(rows: Sequence[Record]) -> list[Occurred]:
    return [
        Occurred(
            str(row["id"]),
            row["type"],
            row["seq"],
            webhook_events.lane_of(row["type"], row["aggregateid"], row["payload"]),
        )
        for row in rows
        if row["type"] in webhook_events.own_types()
    ]

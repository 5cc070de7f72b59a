"""Webhooks and deliveries as they are listed: read only, and never locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.handlers.webhook_records import Generation
from selection.store.webhook_rows import DELIVERY, WEBHOOK, delivery_of, webhook_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncpg import Record
    from common.database import Transaction

    from selection.domain.webhook import Delivery, DeliveryState, Webhook


class WebhookViews:
    """What is read only."""

    def __init__(self, tx: Transaction) -> None:
        """Read in `tx`."""
        self._tx = tx

    async def webhooks(self, after: int, limit: int) -> tuple[list[Webhook], int | None]:
        """Up to `limit` webhooks after a position in order of creation, and where the next page begins."""
        rows = await self._tx.fetch(
            f"SELECT {WEBHOOK}, position FROM webhook WHERE position > $1 AND state <> 'deleted'"
            " ORDER BY position LIMIT $2",
            after,
            limit + 1,
        )
        return [webhook_of(row) for row in rows[:limit]], _following(rows, limit)

    async def knows(self, webhook_id: str) -> bool:
        """Whether there is or was such a webhook."""
        return bool(await self._tx.fetchval("SELECT EXISTS (SELECT FROM webhook WHERE id = $1)", webhook_id))

    async def waiting(self, webhook_id: str) -> int:
        """How many deliveries of a webhook are not taken yet."""
        return int(
            await self._tx.fetchval(
                "SELECT count(*) FROM webhook_delivery WHERE webhook_id = $1 AND state = 'waiting'", webhook_id
            )
        )

    async def generations(self, webhook_id: str) -> Sequence[Generation]:
        """The generations of a webhook's keys that are valid now, newest first."""
        rows = await self._tx.fetch(
            "SELECT generation, root, valid_until FROM webhook_key"
            " WHERE webhook_id = $1 AND (valid_until IS NULL OR valid_until > $2) ORDER BY generation DESC",
            webhook_id,
            self._tx.now,
        )
        return [Generation(*row) for row in rows]

    async def deliveries(
        self, webhook_id: str, state: DeliveryState | None, before: int | None, limit: int
    ) -> tuple[list[Delivery], int | None]:
        """Up to `limit` deliveries of a webhook before a position, newest first, and where the next page begins."""
        rows = await self._tx.fetch(
            f"SELECT {DELIVERY}, position FROM webhook_delivery WHERE webhook_id = $1"
            " AND ($2::text IS NULL OR state = $2) AND ($3::bigint IS NULL OR position < $3)"
            " ORDER BY position DESC LIMIT $4",
            webhook_id,
            state.value if state else None,
            before,
            limit + 1,
        )
        return [delivery_of(row) for row in rows[:limit]], _following(rows, limit)


def _following(rows: Sequence[Record], limit: int) -> int | None:
    return int(rows[limit - 1]["position"]) if len(rows) > limit else None

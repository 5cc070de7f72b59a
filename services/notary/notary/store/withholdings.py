"""Withholdings in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from notary import wire
from notary.domain.two_person import LAPSES_AFTER
from notary.domain.withholding import Withholding, WithholdingKind
from notary.store.acts import act_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from asyncpg import Record
    from common.database import Transaction


class WithholdingStore:
    """`handlers.Withholdings` over one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in this transaction."""
        self._tx = tx

    async def lock(self) -> None:
        """Let nobody else change a withholding before this transaction ends."""
        await self._tx.execute("LOCK TABLE withholding IN SHARE ROW EXCLUSIVE MODE")

    async def in_force(self, indexes: Sequence[int]) -> Mapping[int, Withholding]:
        """Which of these entries are withheld, each with the act by which it is."""
        rows = await self._tx.fetch("SELECT * FROM withheld WHERE leaf_index = ANY ($1::bigint[])", list(indexes))
        return {row["leaf_index"]: _withholding(row) for row in rows}

    async def waiting(self, event_id: str, now: datetime) -> bool:
        """Whether a request about this entry waits for its confirmation."""
        found = await self._tx.fetchval(
            "SELECT EXISTS (SELECT FROM withholding"
            " WHERE event_id = $1 AND confirmed_at IS NULL AND requested_at >= $2)",
            UUID(event_id),
            now - LAPSES_AFTER,
        )
        return bool(found)

    async def keep(self, asked: Withholding) -> None:
        """Keep a request."""
        await self._tx.execute(
            "INSERT INTO withholding (act_id, kind, event_id, leaf_index, reason, requested_by, requested_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            UUID(asked.act.act_id),
            str(asked.kind),
            UUID(asked.event_id),
            asked.leaf_index,
            asked.act.reason,
            asked.act.requested_by,
            asked.act.requested_at,
        )

    async def get(self, act_id: str) -> Withholding | None:
        """A request; `None` where none has this id."""
        row = await self._tx.fetchrow("SELECT * FROM withholding WHERE act_id = $1", UUID(act_id))
        return _withholding(row) if row else None

    async def confirm(self, done: Withholding) -> None:
        """Keep that a request was confirmed."""
        await self._tx.execute(
            "UPDATE withholding SET confirmed_by = $2, confirmed_at = $3 WHERE act_id = $1",
            UUID(done.act.act_id),
            done.act.confirmed_by,
            done.act.confirmed_at,
        )

    async def tell(self, done: Withholding, leaf_hash: bytes) -> None:
        """Say in an event that an entry was withheld or given back."""
        await self._tx.publish(wire.withholding_event(done, leaf_hash))

    async def all(self, after: int, limit: int) -> tuple[list[Withholding], int | None]:
        """Up to `limit` requests after a position, oldest first, and the position of the next page."""
        rows = await self._tx.fetch(
            "SELECT * FROM withholding WHERE number > $1 ORDER BY number LIMIT $2", after, limit + 1
        )
        following = rows[limit - 1]["number"] if len(rows) > limit else None
        return [_withholding(row) for row in rows[:limit]], following


def _withholding(row: Record) -> Withholding:
    return Withholding(act_of(row, "act_id"), WithholdingKind(row["kind"]), str(row["event_id"]), row["leaf_index"])

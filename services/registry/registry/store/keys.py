"""Keys of teams in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.paging import following

from registry import wire
from registry.domain.checkpoint import TeamId
from registry.domain.keys import TeamKey

if TYPE_CHECKING:
    from asyncpg import Record
    from common.database import Transaction


class TeamKeyStore:
    """The handlers' `TeamKeys` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx
        self.now = tx.now

    async def hold(self, team_id: TeamId) -> None:
        """Let nobody else change the team's keys until the transaction ends."""
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"keys {team_id}")

    async def key(self, key_id: str) -> TeamKey | None:
        """Return a key, whichever team's."""
        row = await self._tx.fetchrow("SELECT * FROM team_keys WHERE key_id = $1", key_id)
        return None if row is None else _key(row)

    async def live(self, team_id: TeamId) -> list[TeamKey]:
        """Return the team's keys that are not retired, in order of registration."""
        rows = await self._tx.fetch(
            "SELECT * FROM team_keys WHERE team_id = $1 AND retired_at IS NULL ORDER BY position", team_id
        )
        return [_key(row) for row in rows]

    async def page(self, team_id: str, size: int, after: int) -> tuple[list[TeamKey], int | None]:
        """Return up to `size` keys after a position, of all teams if none is named, and where the next page starts."""
        rows = await self._tx.fetch(
            """
            SELECT * FROM team_keys WHERE ($1 = '' OR team_id = $1) AND position > $2 ORDER BY position LIMIT $3
            """,
            team_id,
            after,
            size + 1,
        )
        return [_key(row) for row in rows[:size]], following(rows, size)

    async def add(self, key: TeamKey) -> None:
        """Keep a new key and publish it."""
        await self._tx.execute(
            """
            INSERT INTO team_keys (key_id, team_id, public_key, registered_at, registered_by)
            VALUES ($1, $2, $3, $4, $5)
            """,
            key.key_id,
            key.team_id,
            key.public_key,
            key.registered_at,
            self._tx.actor,
        )
        await self._tx.publish(wire.key_registered_event(key))

    async def retire(self, key: TeamKey) -> None:
        """Keep that a key is retired and publish it."""
        await self._tx.execute(
            "UPDATE team_keys SET retired_at = $2, retired_by = $3, retired_reason = $4 WHERE key_id = $1",
            key.key_id,
            key.retired_at,
            self._tx.actor,
            key.retired_reason,
        )
        await self._tx.publish(wire.key_retired_event(key))


def _key(row: Record) -> TeamKey:
    return TeamKey(
        row["key_id"],
        TeamId(row["team_id"]),
        row["public_key"],
        row["registered_at"],
        row["retired_at"],
        row["retired_reason"] or "",
    )

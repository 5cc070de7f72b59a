"""Declarations of committed checkpoints, found by what they name, in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry.store.checkpoints import SELECT, checkpoint_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from common.database import Transaction

    from registry.domain.checkpoint import Checkpoint, Digest, TeamId


class LineageStore:
    """The handlers' `Declared` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def these(self, digests: Collection[str]) -> list[Checkpoint]:
        """Return the checkpoints with these digests; what is none is left out."""
        rows = await self._tx.fetch(f"{SELECT} WHERE c.checkpoint_digest = ANY($1) ORDER BY c.position", list(digests))
        return [checkpoint_of(row) for row in rows]

    async def children(self, digests: Collection[Digest], most: int) -> list[Checkpoint]:
        """Return up to `most` checkpoints that name one of `digests` as a parent, the first first."""
        # One condition a parent, so that each is looked up in the index.
        rows = await self._tx.fetch(
            f"""
            {SELECT} WHERE c.checkpoint_digest IN (
                SELECT n.checkpoint_digest FROM unnest($1::text[]) AS p (parent)
                JOIN checkpoints n
                    ON n.declaration -> 'lineage' @> jsonb_build_array(jsonb_build_object('parent', p.parent)))
            ORDER BY c.position LIMIT $2
            """,
            list(digests),
            most,
        )
        return [checkpoint_of(row) for row in rows]

    async def latest(self, team_id: TeamId, model: str, most: int) -> list[Checkpoint]:
        """Return up to `most` checkpoints of a team, and of one model of it where that is named, the last first."""
        rows = await self._tx.fetch(
            f"{SELECT} WHERE c.team_id = $1 AND ($2 = '' OR c.model = $2) ORDER BY c.position DESC LIMIT $3",
            team_id,
            model,
            most,
        )
        return [checkpoint_of(row) for row in rows]

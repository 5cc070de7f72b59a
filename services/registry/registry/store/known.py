"""What the tables know of the objects that hold parts, in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.database import Transaction


class KnownStore:
    """The handlers' `Known` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def compare(self, listed: Mapping[str, int], after: str, until: str) -> set[str]:
        """Have parts read that should be listed after one place ("team/SHA-256") until another, and are not so."""
        rows = await self._tx.fetch(
            """
            SELECT team_id || '/' || sha256 AS place, size_bytes FROM parts
            WHERE (team_id || '/' || sha256) COLLATE "C" > $1
                AND (team_id || '/' || sha256) COLLATE "C" <= $2
            """,
            after,
            until,
        )
        kept = {row["place"]: row["size_bytes"] for row in rows}
        wrong = [place for place, size_bytes in kept.items() if listed.get(place) != size_bytes]
        await self._tx.execute(
            """
            UPDATE part_reads r SET asked_at = coalesce(asked_at, clock_timestamp())
            FROM unnest($1::text[]) AS w (place)
            WHERE r.team_id = split_part(w.place, '/', 1) AND r.sha256 = split_part(w.place, '/', 2)
            """,
            wrong,
        )
        unknown = listed.keys() - kept.keys()
        declared = await self._tx.fetch(
            """
            SELECT DISTINCT u.team_id || '/' || p.sha256 AS place FROM upload_parts p JOIN uploads u USING (upload_id)
            WHERE p.sha256 = ANY($1)
            """,
            [place.rpartition("/")[2] for place in unknown],
        )
        return unknown - {row["place"] for row in declared}

    async def teams(self) -> set[str]:
        """Return the teams that have parts."""
        return {row["team_id"] for row in await self._tx.fetch("SELECT DISTINCT team_id FROM parts")}

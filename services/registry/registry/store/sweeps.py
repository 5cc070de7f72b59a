"""Uploads that ended, and what of them can go, in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from registry.domain.checkpoint import UploadId
from registry.domain.parts import Stored
from registry.store import documents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from common.database import Transaction

    from registry.domain.upload import Upload


class SweepStore:
    """The handlers' `Sweeps` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def abandon(self, untouched: timedelta) -> list[UploadId]:
        """Give up open uploads that nobody has touched for so long, some at a time; return them."""
        rows = await self._tx.fetch(
            """
            UPDATE uploads SET state = 'abandoned' WHERE upload_id IN (
                SELECT upload_id FROM uploads
                WHERE state = 'open' AND swept_at IS NULL AND touched_at < clock_timestamp() - $1::interval
                ORDER BY touched_at LIMIT 100 FOR UPDATE SKIP LOCKED)
            RETURNING upload_id
            """,
            untouched,
        )
        return [UploadId(str(row["upload_id"])) for row in rows]

    async def ended(self, untouched: timedelta) -> Upload | None:
        """Return an upload that ended so long ago and is not swept yet, held until the transaction ends."""
        row = await self._tx.fetchrow(
            """
            SELECT * FROM uploads
            WHERE state IN ('committed', 'refused', 'abandoned') AND swept_at IS NULL
                AND touched_at < clock_timestamp() - $1::interval
            ORDER BY touched_at LIMIT 1 FOR UPDATE SKIP LOCKED
            """,
            untouched,
        )
        return None if row is None else documents.upload(row)

    async def unneeded(self, upload: Upload, most: int) -> list[Stored]:
        """Return declared parts of an upload that no checkpoint and no other upload under way rests on."""
        # Who declares parts shares this lock, and who publishes holds it.
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"bytes {upload.team_id}")
        rows = await self._tx.fetch(
            """
            SELECT DISTINCT ON (sha256) sha256, size_bytes FROM upload_parts p
            WHERE upload_id = $1
                AND NOT EXISTS (SELECT 1 FROM parts k WHERE k.team_id = $2 AND k.sha256 = p.sha256)
                AND NOT EXISTS (
                    SELECT 1 FROM upload_parts o JOIN uploads u USING (upload_id)
                    WHERE o.sha256 = p.sha256 AND u.team_id = $2 AND u.state IN ('open', 'verifying'))
            ORDER BY sha256 LIMIT $3
            """,
            UUID(upload.upload_id),
            upload.team_id,
            most,
        )
        return [Stored(row["sha256"], row["size_bytes"]) for row in rows]

    async def forget(self, upload: Upload, parts: Sequence[Stored]) -> None:
        """Note that these parts are removed."""
        await self._tx.execute(
            "DELETE FROM upload_parts WHERE upload_id = $1 AND sha256 = ANY($2)",
            UUID(upload.upload_id),
            [part.sha256 for part in parts],
        )

    async def close(self, upload: Upload) -> None:
        """Note that nothing of an upload is left to be removed."""
        await self._tx.execute("DELETE FROM upload_parts WHERE upload_id = $1", UUID(upload.upload_id))
        await self._tx.execute(
            "UPDATE uploads SET swept_at = clock_timestamp() WHERE upload_id = $1", UUID(upload.upload_id)
        )

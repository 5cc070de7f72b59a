"""Releases in PostgreSQL. What is asked for from outside is looked for among them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.paging import following
from weights.manifest import FileEntry

from registry import wire
from registry.domain.checkpoint import Digest, TeamId
from registry.domain.parts import Part
from registry.domain.release import Release, Withdrawal

if TYPE_CHECKING:
    from datetime import datetime

    from asyncpg import Record
    from common.database import Transaction

    from registry.domain.release import Revision

_SELECT: Final = """
    SELECT r.*, w.reason, w.withdrawn_at FROM releases r LEFT JOIN withdrawals w USING (checkpoint_digest)
"""
_ACCEPTED: Final = "subject = $1 AND team_id = $2 AND model = $3 AND licence_sha256 = $4"


class ReleaseStore:
    """The handlers' `Releases` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx
        self.now = tx.now

    async def lock(self, digest: Digest) -> Release | None:
        """Let nobody else release or withdraw the checkpoint until the transaction ends; return its release."""
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"release {digest}")
        row = await self._tx.fetchrow(f"{_SELECT} WHERE r.checkpoint_digest = $1", digest)
        return None if row is None else _release(row)

    async def add(self, release: Release) -> None:
        """Keep a new release and publish it."""
        await self._tx.execute(
            """
            INSERT INTO releases (checkpoint_digest, team_id, model, version, gated, licence, licence_path,
                                  licence_sha256, file_count, size_bytes, released_at, released_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            release.checkpoint_digest,
            release.team_id,
            release.model,
            release.version,
            release.gated,
            release.licence,
            release.licence_path,
            release.licence_sha256,
            release.file_count,
            release.size_bytes,
            release.released_at,
            self._tx.actor,
        )
        await self._tx.publish(wire.released_event(release))

    async def withdraw(self, release: Release, reason: str) -> None:
        """Keep that a release is withdrawn and publish it."""
        await self._tx.execute(
            """
            INSERT INTO withdrawals (checkpoint_digest, reason, withdrawn_at, withdrawn_by) VALUES ($1, $2, $3, $4)
            """,
            release.checkpoint_digest,
            reason,
            self.now,
            self._tx.actor,
        )
        await self._tx.publish(wire.withdrawn_event(release, reason))

    async def find(self, team_id: str, model: str, revision: Revision) -> Release | None:
        """Return a release of a model: one statement, whatever is asked for."""
        row = await self._tx.fetchrow(
            f"""
            {_SELECT}
            WHERE r.team_id = $1 AND r.model = $2 AND CASE
                WHEN $3::int <> 0 THEN r.version = $3
                WHEN $4 <> '' THEN r.checkpoint_digest = $4
                WHEN $5 <> '' THEN EXISTS (SELECT 1 FROM stage_outcomes o
                                           WHERE o.checkpoint_digest = r.checkpoint_digest AND o.stage_id = $5)
                WHEN $6 THEN r.checkpoint_digest = (
                    SELECT o.checkpoint_digest FROM stage_outcomes o WHERE o.team_id = $1 AND o.outcome = 'advanced'
                    ORDER BY o.kept_at DESC, o.stage_id DESC LIMIT 1)
                ELSE w.checkpoint_digest IS NULL END
            ORDER BY r.version DESC LIMIT 1
            """,
            team_id,
            model,
            revision.version,
            revision.digest,
            revision.stage_id,
            revision.champion,
        )
        return None if row is None else _release(row)

    async def page(self, team_id: str, model: str, size: int, after: int) -> tuple[list[Release], int | None]:
        """Return up to `size` releases before position `after` (0: all), the last first, and where the next starts."""
        rows = await self._tx.fetch(
            f"""
            {_SELECT} WHERE ($1 = '' OR r.team_id = $1) AND ($2 = '' OR r.model = $2)
                AND ($3::bigint = 0 OR r.position < $3) ORDER BY r.position DESC LIMIT $4
            """,
            team_id,
            model,
            after,
            size + 1,
        )
        return [_release(row) for row in rows[:size]], following(rows, size)

    async def has_licence(self, team_id: str, model: str, licence_sha256: str) -> bool:
        """Return whether a gated release of the model has this licence."""
        return bool(
            await self._tx.fetchval(
                """
                SELECT EXISTS (SELECT 1 FROM releases
                               WHERE team_id = $1 AND model = $2 AND licence_sha256 = $3 AND gated)
                """,
                team_id,
                model,
                licence_sha256,
            )
        )

    async def accept(self, subject: str, team_id: str, model: str, licence_sha256: str) -> datetime:
        """Keep that `subject` accepts a licence of a model; return since when it has."""
        await self._tx.execute(
            """
            INSERT INTO acceptances (subject, team_id, model, licence_sha256, accepted_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
            """,
            subject,
            team_id,
            model,
            licence_sha256,
            self.now,
        )
        found: datetime = await self._tx.fetchval(
            f"SELECT accepted_at FROM acceptances WHERE {_ACCEPTED}", subject, team_id, model, licence_sha256
        )
        return found

    async def accepted(self, subject: str, release: Release) -> bool:
        """Return whether `subject` accepted the licence of `release`."""
        found = await self._tx.fetchval(
            f"SELECT true FROM acceptances WHERE {_ACCEPTED}",
            subject,
            release.team_id,
            release.model,
            release.licence_sha256,
        )
        return bool(found)

    async def file(self, release: Release, path: str) -> FileEntry | None:
        """Return a file of a release."""
        row = await self._tx.fetchrow(
            "SELECT path, size_bytes, sha256 FROM checkpoint_files WHERE checkpoint_digest = $1 AND path = $2",
            release.checkpoint_digest,
            path,
        )
        return None if row is None else FileEntry(**row)

    async def files(self, release: Release, folder: str, size: int, after: int) -> tuple[list[FileEntry], int | None]:
        """Return up to `size` files in and below `folder` after the `after`-th, and where the next page starts."""
        rows = await self._tx.fetch(
            """
            SELECT number, path, size_bytes, sha256 FROM checkpoint_files
            WHERE checkpoint_digest = $1 AND number > $3 AND ($2 = '' OR starts_with(path, $2 || '/'))
            ORDER BY number LIMIT $4
            """,
            release.checkpoint_digest,
            folder,
            after,
            size + 1,
        )
        files = [FileEntry(row["path"], row["size_bytes"], row["sha256"]) for row in rows[:size]]
        return files, following(rows, size, "number")

    async def parts(self, release: Release, sha256: str, first_byte: int, size: int) -> list[Part]:
        """Return up to `size` parts of the bytes `sha256`, from the one on that holds `first_byte`."""
        rows = await self._tx.fetch(
            """
            SELECT offset_bytes, size_bytes, sha256 FROM blob_parts
            WHERE team_id = $1 AND blob_sha256 = $2 AND offset_bytes >= (
                SELECT max(offset_bytes) FROM blob_parts
                WHERE team_id = $1 AND blob_sha256 = $2 AND offset_bytes <= $3)
            ORDER BY offset_bytes LIMIT $4
            """,
            release.team_id,
            sha256,
            first_byte,
            size,
        )
        return [Part("", row["offset_bytes"], row["size_bytes"], row["sha256"]) for row in rows]


def _release(row: Record) -> Release:
    return Release(
        checkpoint_digest=Digest(row["checkpoint_digest"]),
        team_id=TeamId(row["team_id"]),
        model=row["model"],
        version=row["version"],
        gated=row["gated"],
        licence=row["licence"],
        licence_path=row["licence_path"],
        licence_sha256=row["licence_sha256"],
        file_count=row["file_count"],
        size_bytes=row["size_bytes"],
        released_at=row["released_at"],
        withdrawal=None if row["reason"] is None else Withdrawal(row["reason"], row["withdrawn_at"]),
    )

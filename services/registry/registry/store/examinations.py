"""Examinations, fingerprints and the catalogue in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.paging import following
from weights.manifest import FileEntry

from registry import wire
from registry.domain.checkpoint import Digest
from registry.domain.examination import (
    AgainstKind,
    Examination,
    ExaminationState,
    Fingerprint,
    Reference,
    ReferenceExistsError,
    Report,
)
from registry.domain.parts import Part
from registry.domain.release import Withdrawal
from registry.handlers import EXAMINING, Located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncpg import Record
    from common.database import Transaction

    from registry.domain.checkpoint import Checkpoint

_REFERENCES: Final = """
    SELECT r.*, w.reason AS withdrawn_reason, w.withdrawn_at
    FROM reference_models r LEFT JOIN reference_withdrawals w USING (reference_id)
"""


class ExaminationStore:
    """The handlers' `Examinations` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx
        self.now = tx.now

    async def start(self, digest: Digest, seed: int) -> Examination:
        """Have a checkpoint examined; return the examination with the next number."""
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"examination {digest}")
        number = await self._tx.fetchval(
            "SELECT coalesce(max(number), 0) + 1 FROM examinations WHERE checkpoint_digest = $1", digest
        )
        await self._tx.execute(
            """
            INSERT INTO examinations (checkpoint_digest, number, state, reason, seed, asked_at)
            VALUES ($1, $2, 'queued', '', $3, $4)
            """,
            digest,
            number,
            seed,
            self.now,
        )
        await self._tx.enqueue(EXAMINING, f"{digest}/{number}", {"checkpoint_digest": digest, "number": number})
        return Examination(digest, number, ExaminationState.QUEUED, "", seed, self.now)

    async def examination(self, digest: Digest, number: int) -> Examination | None:
        """Return an examination; the last for 0."""
        row = await self._tx.fetchrow(
            """
            SELECT * FROM examinations WHERE checkpoint_digest = $1 AND ($2::int = 0 OR number = $2)
            ORDER BY number DESC LIMIT 1
            """,
            digest,
            number,
        )
        if row is None:
            return None
        reports = await self._tx.fetch(
            """
            SELECT kind, against, findings, sha256 FROM examination_reports
            WHERE checkpoint_digest = $1 AND number = $2 ORDER BY ordinal
            """,
            digest,
            row["number"],
        )
        return Examination(
            digest,
            row["number"],
            ExaminationState(row["state"]),
            row["reason"],
            int(row["seed"]),
            row["asked_at"],
            row["done_at"],
            tuple(
                Report(AgainstKind(each["kind"]), each["against"], each["findings"], each["sha256"]) for each in reports
            ),
        )

    async def report(self, digest: Digest, number: int, against: str) -> bytes | None:
        """Return the document of a report."""
        found: bytes | None = await self._tx.fetchval(
            """
            SELECT report FROM examination_reports WHERE checkpoint_digest = $1 AND number = $2 AND against = $3
            """,
            digest,
            number,
            against,
        )
        return found

    async def files(self, digest: Digest) -> list[Located]:
        """Return a checkpoint's files with their parts, by path."""
        rows = await self._tx.fetch(
            """
            SELECT f.path, f.size_bytes, f.sha256, p.offset_bytes, p.size_bytes AS part_bytes, p.sha256 AS part_sha256
            FROM checkpoint_files f
            JOIN checkpoints c USING (checkpoint_digest)
            LEFT JOIN blob_parts p ON p.team_id = c.team_id AND p.blob_sha256 = f.sha256
            WHERE f.checkpoint_digest = $1 ORDER BY f.number, p.offset_bytes
            """,
            digest,
        )
        files: dict[str, tuple[FileEntry, list[Part]]] = {}
        for row in rows:
            entry = FileEntry(row["path"], row["size_bytes"], row["sha256"])
            _, parts = files.setdefault(entry.path, (entry, []))
            if row["part_sha256"] is not None:
                parts.append(Part(entry.path, row["offset_bytes"], row["part_bytes"], row["part_sha256"]))
        return [Located(entry, tuple(parts)) for entry, parts in files.values()]

    async def fingerprint(self, digest: Digest) -> Fingerprint | None:
        """Return the fingerprint of a checkpoint."""
        row = await self._tx.fetchrow("SELECT * FROM fingerprints WHERE checkpoint_digest = $1", digest)
        return None if row is None else Fingerprint(row["object_key"], row["sha256"], row["size_bytes"])

    async def catalogue(self) -> list[Reference]:
        """Return the models that checkpoints are examined against, in order of addition."""
        rows = await self._tx.fetch(f"{_REFERENCES} WHERE r.confirmed AND w.reason IS NULL ORDER BY r.position")
        return [_reference(row) for row in rows]

    async def reference(self, reference_id: str) -> Reference | None:
        """Return a model of the catalogue."""
        row = await self._tx.fetchrow(f"{_REFERENCES} WHERE r.reference_id = $1", reference_id)
        return None if row is None else _reference(row)

    async def references(self, size: int, after: int) -> tuple[list[Reference], int | None]:
        """Return a page of the catalogue, and where the next one starts."""
        rows = await self._tx.fetch(
            f"{_REFERENCES} WHERE r.position > $1 ORDER BY r.position LIMIT $2", after, size + 1
        )
        return [_reference(row) for row in rows[:size]], following(rows, size)

    async def add_reference(self, reference: Reference, actor: str) -> None:
        """Keep a model of the catalogue, in the place of one of this id that was never confirmed.

        Raises `ReferenceExistsError`.
        """
        added = await self._tx.fetchval(
            """
            INSERT INTO reference_models (reference_id, title, source, licence, object_key, sha256, size_bytes,
                                          checkpoint_digest, confirmed, added_by, added_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (reference_id) DO UPDATE
                SET title = excluded.title, source = excluded.source, licence = excluded.licence,
                    object_key = excluded.object_key, sha256 = excluded.sha256, size_bytes = excluded.size_bytes,
                    checkpoint_digest = excluded.checkpoint_digest, confirmed = excluded.confirmed,
                    added_by = excluded.added_by, added_at = excluded.added_at
                WHERE NOT reference_models.confirmed AND NOT EXISTS (
                    SELECT 1 FROM reference_withdrawals w WHERE w.reference_id = excluded.reference_id)
            RETURNING true
            """,
            reference.reference_id,
            reference.title,
            reference.source,
            reference.licence,
            reference.fingerprint.object_key,
            reference.fingerprint.sha256,
            reference.fingerprint.size_bytes,
            reference.checkpoint_digest,
            reference.confirmed,
            actor,
            self.now,
        )
        if not added:
            raise ReferenceExistsError(reference.reference_id)
        if reference.confirmed:
            await self._tx.publish(wire.reference_confirmed_event(reference))

    async def confirm(self, reference: Reference) -> bool:
        """Note that a model's fingerprint is there, and publish it; `False` where another took its place meanwhile."""
        confirmed = await self._tx.fetchval(
            "UPDATE reference_models SET confirmed = true WHERE reference_id = $1 AND sha256 = $2 RETURNING true",
            reference.reference_id,
            reference.fingerprint.sha256,
        )
        if confirmed:
            await self._tx.publish(wire.reference_confirmed_event(reference))
        return bool(confirmed)

    async def withdraw(self, reference_id: str, reason: str) -> bool:
        """Keep that nothing is examined against a model any more, and publish it; `False` where that was so before."""
        withdrawn = await self._tx.fetchval(
            """
            INSERT INTO reference_withdrawals (reference_id, reason, withdrawn_at, withdrawn_by)
            VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING true
            """,
            reference_id,
            reason,
            self.now,
            self._tx.actor,
        )
        if withdrawn:
            await self._tx.publish(wire.reference_withdrawn_event(reference_id, reason))
        return bool(withdrawn)

    async def finish(
        self, checkpoint: Checkpoint, number: int, fingerprint: Fingerprint, reports: Sequence[Report]
    ) -> None:
        """Keep what an examination came to, and publish that it was made."""
        digest = checkpoint.checkpoint_digest
        await self._tx.execute(
            """
            INSERT INTO fingerprints (checkpoint_digest, object_key, sha256, size_bytes, made_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (checkpoint_digest) DO NOTHING
            """,
            digest,
            fingerprint.object_key,
            fingerprint.sha256,
            fingerprint.size_bytes,
            self.now,
        )
        for ordinal, report in enumerate(reports, 1):
            await self._tx.execute(
                """
                INSERT INTO examination_reports (checkpoint_digest, number, ordinal, kind, against, findings, sha256,
                                                 report)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                digest,
                number,
                ordinal,
                report.kind.value,
                report.against,
                dict(report.findings),
                report.sha256,
                report.document,
            )
        await self._end(digest, number, "done", "")
        await self._tx.publish(wire.examined_event(checkpoint, number, reports, ""))

    async def give_up(self, checkpoint: Checkpoint, number: int, reason: str) -> None:
        """Note why an examination was not made, and publish it."""
        await self._end(checkpoint.checkpoint_digest, number, "not-made", reason)
        await self._tx.publish(wire.examined_event(checkpoint, number, (), reason))

    async def _end(self, digest: Digest, number: int, state: str, reason: str) -> None:
        await self._tx.execute(
            """
            UPDATE examinations SET state = $3, reason = $4, done_at = $5 WHERE checkpoint_digest = $1 AND number = $2
            """,
            digest,
            number,
            state,
            reason,
            self.now,
        )


def _reference(row: Record) -> Reference:
    digest = row["checkpoint_digest"]
    return Reference(
        row["reference_id"],
        row["title"],
        row["source"],
        row["licence"],
        Fingerprint(row["object_key"], row["sha256"], row["size_bytes"]),
        None if digest is None else Digest(digest),
        row["confirmed"],
        row["added_at"],
        None if row["withdrawn_reason"] is None else Withdrawal(row["withdrawn_reason"], row["withdrawn_at"]),
    )

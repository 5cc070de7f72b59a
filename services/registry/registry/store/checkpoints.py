"""Committed checkpoints, their files and the bytes of these in PostgreSQL."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from weights.manifest import FileEntry

from registry import wire
from registry.domain.checkpoint import Checkpoint, Digest, TeamId
from registry.domain.inspection import content_of
from registry.domain.outcome import Outcome, StageOutcome
from registry.domain.parts import Part
from registry.handlers import ALIASING, NAMING
from registry.store import documents
from registry.store.examinations import ExaminationStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncpg import Record
    from common.database import Transaction

    from registry.handlers import Located, Named, Verified, WholeCheckpoint

_OWNER: Final = "service:registry"
_NAMED_WITHIN: Final = timedelta(hours=1)
SELECT: Final = """
    SELECT c.checkpoint_digest, c.team_id, c.model, c.version, c.file_count, c.size_bytes, c.declaration,
           c.committed_at, c.signature, c.findings, c.position, coalesce(n.mlflow_version, '') AS mlflow_version,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(o.stage_id, o.outcome, o.decision_version)
                                      ORDER BY o.kept_at, o.stage_id), '[]')
            FROM stage_outcomes o WHERE o.checkpoint_digest = c.checkpoint_digest) AS outcomes
    FROM checkpoints c LEFT JOIN names n USING (checkpoint_digest)
"""
"""All of a checkpoint, named c: conditions and order are to follow."""


class CheckpointStore:
    """The handlers' `Checkpoints` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx
        self.now = tx.now

    async def lock_job(self, team_id: TeamId, job_id: str) -> None:
        """Let nobody else commit a checkpoint of the team's job until the transaction ends."""
        await self._lock(f"job {team_id} {job_id}")

    async def lock_model(self, team_id: TeamId, model: str) -> int:
        """Hold the team's model until the transaction ends; return its latest version, 0 for none."""
        await self._lock(f"model {team_id} {model}")
        latest = await self._tx.fetchval(
            "SELECT max(version) FROM checkpoints WHERE team_id = $1 AND model = $2", team_id, model
        )
        return latest or 0

    async def add(
        self, checkpoint: Checkpoint, manifest: bytes, files: Sequence[Located], verified: Sequence[Verified]
    ) -> None:
        """Keep a new checkpoint with its bytes, publish that it is committed, and have it named and examined."""
        await self._keep(checkpoint, manifest, files, verified)
        await self._tx.publish(wire.committed_event(checkpoint))
        await ExaminationStore(self._tx).start(checkpoint.checkpoint_digest, secrets.randbits(63))

    async def restore(self, whole: WholeCheckpoint) -> bool:
        """Keep a checkpoint that is lacking, and have it named; `False` where it is there. Nobody is told of it."""
        if await self.checkpoint(whole.checkpoint.checkpoint_digest, None) is not None:
            return False
        await self._keep(whole.checkpoint, whole.manifest, whole.files, whole.verified)
        # Nobody has read its bytes since: their turn is now.
        await self._tx.execute(
            "UPDATE part_reads SET asked_at = clock_timestamp() WHERE team_id = $1 AND sha256 = ANY($2)",
            whole.checkpoint.team_id,
            [part.sha256 for each in whole.files for part in each.parts],
        )
        return True

    async def _keep(
        self, checkpoint: Checkpoint, manifest: bytes, files: Sequence[Located], verified: Sequence[Verified]
    ) -> None:
        digest = checkpoint.checkpoint_digest
        await self._lock(f"bytes {checkpoint.team_id}")
        await self._add_bytes(checkpoint.team_id, files, verified)
        await self._tx.execute(
            """
            INSERT INTO checkpoints (checkpoint_digest, team_id, model, version, job_id, declaration, committed_at,
                                     manifest, file_count, size_bytes, signature, findings)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            digest,
            checkpoint.team_id,
            checkpoint.model,
            checkpoint.version,
            checkpoint.declaration.job_id,
            documents.declaration_json(checkpoint.declaration),
            checkpoint.committed_at,
            manifest,
            checkpoint.file_count,
            checkpoint.size_bytes,
            documents.signature_json(checkpoint.signature),
            documents.findings_json(checkpoint.findings),
        )
        await self._tx.execute(
            """
            INSERT INTO checkpoint_files (checkpoint_digest, number, path, size_bytes, sha256)
            SELECT $1, number, path, size_bytes, sha256
            FROM unnest($2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY AS f (path, size_bytes, sha256, number)
            """,
            digest,
            [each.file.path for each in files],
            [each.file.size_bytes for each in files],
            [each.file.sha256 for each in files],
        )
        await self._tx.enqueue(NAMING, digest, {"checkpoint_digest": digest})
        await self._tx.processes.start(NAMING, digest, "naming", owner=_OWNER, deadline=self.now + _NAMED_WITHIN)

    async def checkpoint(self, digest: Digest, team_id: TeamId | None) -> Checkpoint | None:
        """Return a checkpoint; only the team's own where `team_id` is given."""
        found = await self._where("c.checkpoint_digest = $1", digest, team_id)
        return found[0] if found else None

    async def of_version(self, team_id: TeamId, model: str, version: int) -> Checkpoint | None:
        """Return a version of a team's model; the latest for 0."""
        row = await self._tx.fetchrow(
            f"""
            {SELECT} WHERE c.team_id = $1 AND c.model = $2 AND ($3::int = 0 OR c.version = $3)
            ORDER BY c.version DESC LIMIT 1
            """,
            team_id,
            model,
            version,
        )
        return None if row is None else checkpoint_of(row)

    async def of_job(self, job_id: str, team_id: TeamId | None) -> list[Checkpoint]:
        """Return the checkpoints said to be made by a job, one a team; only the team's own where `team_id` is given."""
        return await self._where("c.job_id = $1 AND c.job_id <> ''", job_id, team_id)

    async def page(
        self, team_id: TeamId | None, model: str, size: int, after: int, *, newest_first: bool
    ) -> list[tuple[int, Checkpoint]]:
        """Return up to `size` checkpoints beyond position `after` (0: all), each with its position."""
        beyond, order = ("<", "DESC") if newest_first else (">", "ASC")
        rows = await self._tx.fetch(
            f"""
            {SELECT} WHERE ($1::text IS NULL OR c.team_id = $1) AND ($2 = '' OR c.model = $2)
                AND ($3::bigint = 0 OR c.position {beyond} $3) ORDER BY c.position {order} LIMIT $4
            """,
            team_id,
            model,
            after,
            size,
        )
        return [(row["position"], checkpoint_of(row)) for row in rows]

    async def manifest(self, digest: Digest) -> bytes:
        """Return the manifest of a checkpoint."""
        found: bytes = await self._tx.fetchval("SELECT manifest FROM checkpoints WHERE checkpoint_digest = $1", digest)
        return found

    async def files(self, digest: Digest, size: int, after: int) -> tuple[list[FileEntry], int | None]:
        """Return up to `size` files, by path, after the `after`-th, and where the next page starts."""
        rows = await self._tx.fetch(
            """
            SELECT path, size_bytes, sha256 FROM checkpoint_files
            WHERE checkpoint_digest = $1 AND number > $2 ORDER BY number LIMIT $3
            """,
            digest,
            after,
            size + 1,
        )
        return [FileEntry(**row) for row in rows[:size]], after + size if len(rows) > size else None

    async def parts(
        self, digest: Digest, path: str, size: int, after: tuple[int, int]
    ) -> tuple[list[Part], tuple[int, int] | None]:
        """Return up to `size` parts after a place (number of the file, offset), and where the next page starts."""
        # File by file, from the first that is wanted on: a plain join of tables that have just been filled, of which
        # PostgreSQL knows no statistics yet, compared each part of the team with each file of the checkpoint.
        rows = await self._tx.fetch(
            """
            SELECT f.number, f.path, p.offset_bytes, p.size_bytes, p.sha256
            FROM (
                SELECT number, path, sha256, team_id FROM checkpoint_files JOIN checkpoints USING (checkpoint_digest)
                WHERE checkpoint_digest = $1 AND ($2 = '' OR path = $2) AND number >= $3 ORDER BY number
            ) AS f CROSS JOIN LATERAL (
                SELECT offset_bytes, size_bytes, sha256 FROM blob_parts
                WHERE team_id = f.team_id AND blob_sha256 = f.sha256 AND (f.number > $3 OR offset_bytes > $4)
                ORDER BY offset_bytes LIMIT $5
            ) AS p
            ORDER BY f.number, p.offset_bytes LIMIT $5
            """,
            digest,
            path,
            *after,
            size + 1,
        )
        last = rows[size - 1] if len(rows) > size else None
        return [
            Part(row["path"], row["offset_bytes"], row["size_bytes"], row["sha256"]) for row in rows[:size]
        ], None if last is None else (last["number"], last["offset_bytes"])

    async def add_name(self, checkpoint: Checkpoint, named: Named) -> None:
        """Keep the name of a checkpoint, publish it and have aliases follow; a second time changes nothing."""
        digest = checkpoint.checkpoint_digest
        added = await self._tx.fetchval(
            """
            INSERT INTO names (checkpoint_digest, mlflow_model, mlflow_version, named_at, source, run_id)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (checkpoint_digest) DO NOTHING RETURNING true
            """,
            digest,
            named.model,
            named.version,
            self.now,
            named.source,
            named.run_id,
        )
        if not added:
            return
        await self._tx.publish(wire.named_event(digest, named.model, named.version))
        to_move = {"team_id": checkpoint.team_id, "model": checkpoint.model}
        await self._tx.enqueue(ALIASING, f"{named.model}/{digest}", to_move)
        process = await self._tx.processes.get(NAMING, digest)
        if process is not None:
            await self._tx.processes.finish(process, "named")

    async def _add_bytes(self, team_id: TeamId, files: Sequence[Located], verified: Sequence[Verified]) -> None:
        """Keep what is new of the bytes of `files`. What the parts of a file are is settled by who brings it first."""
        rows = await self._tx.fetch(
            "SELECT DISTINCT blob_sha256 FROM blob_parts WHERE team_id = $1 AND blob_sha256 = ANY($2)",
            team_id,
            list({each.file.sha256 for each in files}),
        )
        there = {row["blob_sha256"] for row in rows}
        new = {each.file.sha256: each.parts for each in files if each.file.sha256 not in there}
        placed = [(blob, part) for blob, parts in new.items() for part in parts]
        await self._tx.execute(
            """
            INSERT INTO parts (team_id, sha256, size_bytes, stored_at)
            SELECT DISTINCT ON (sha256) $1, sha256, size_bytes, $4::timestamptz
            FROM unnest($2::text[], $3::bigint[]) AS p (sha256, size_bytes)
            ON CONFLICT (team_id, sha256) DO NOTHING
            """,
            team_id,
            [part.sha256 for _, part in placed],
            [part.size_bytes for _, part in placed],
            self.now,
        )
        # They have been read just now; from now on they are read by schedule.
        await self._tx.execute(
            """
            INSERT INTO part_reads (team_id, sha256, read_at)
            SELECT DISTINCT $1, sha256, clock_timestamp() FROM unnest($2::text[]) AS p (sha256)
            ON CONFLICT (team_id, sha256) DO NOTHING
            """,
            team_id,
            [part.sha256 for _, part in placed],
        )
        await self._tx.execute(
            """
            INSERT INTO blob_parts (team_id, blob_sha256, offset_bytes, size_bytes, sha256)
            SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[])
            """,
            team_id,
            [blob for blob, _ in placed],
            [part.offset_bytes for _, part in placed],
            [part.size_bytes for _, part in placed],
            [part.sha256 for _, part in placed],
        )
        listed = {(each.file.sha256, content_of(each.file.path)) for each in files}
        wanted = [each for each in verified if (each.sha256, each.content) in listed]
        await self._tx.execute(
            """
            INSERT INTO blobs (team_id, verified_at, sha256, content, size_bytes, parameters, findings)
            SELECT $1, $2::timestamptz, sha256, content, size_bytes, parameters, about -> 'findings'
            FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::jsonb[])
                AS v (sha256, content, size_bytes, parameters, about)
            ON CONFLICT (team_id, sha256, content) DO NOTHING
            """,
            team_id,
            self.now,
            [each.sha256 for each in wanted],
            [each.content.value for each in wanted],
            [each.size_bytes for each in wanted],
            [each.parameters for each in wanted],
            # Lists in a list would be taken for an array of two dimensions.
            [{"findings": documents.findings_json(each.findings)} for each in wanted],
        )

    async def _where(self, condition: str, value: str, team_id: TeamId | None) -> list[Checkpoint]:
        rows = await self._tx.fetch(
            f"{SELECT} WHERE {condition} AND ($2::text IS NULL OR c.team_id = $2) ORDER BY c.position", value, team_id
        )
        return [checkpoint_of(row) for row in rows]

    async def _lock(self, name: str) -> None:
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)


def checkpoint_of(row: Record) -> Checkpoint:
    """Return the checkpoint that a row of `SELECT` is of."""
    return Checkpoint(
        checkpoint_digest=Digest(row["checkpoint_digest"]),
        team_id=TeamId(row["team_id"]),
        model=row["model"],
        version=row["version"],
        file_count=row["file_count"],
        size_bytes=row["size_bytes"],
        declaration=documents.declaration(row["declaration"]),
        committed_at=row["committed_at"],
        signature=documents.signature(row["signature"]),
        findings=documents.findings(row["findings"]),
        mlflow_version=row["mlflow_version"],
        outcomes=tuple(StageOutcome(stage, Outcome(outcome), version) for stage, outcome, version in row["outcomes"]),
    )

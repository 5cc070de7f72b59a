"""Uploads, verified bytes and checkpoints in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from registry import wire
from registry.domain.checkpoint import Checkpoint, Declaration, Digest, FileEntry, LineageEdge, TeamId, Upload, UploadId
from registry.domain.inspection import Content
from registry.domain.outcome import Outcome, StageOutcome
from registry.handlers import NAMING, Verified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncpg import Record
    from common.database import Transaction

_OWNER: Final = "service:registry"
_NAMED_WITHIN: Final = timedelta(hours=1)
_SELECT: Final = """
    SELECT c.*, coalesce(n.mlflow_version, '') AS mlflow_version,
           (SELECT coalesce(jsonb_agg(jsonb_build_array(o.stage_id, o.outcome, o.decision_version)
                                      ORDER BY o.kept_at, o.stage_id), '[]')
            FROM stage_outcomes o WHERE o.checkpoint_digest = c.checkpoint_digest) AS outcomes
    FROM checkpoints c LEFT JOIN names n USING (checkpoint_digest)
"""


class CheckpointStore:
    """The handlers' `Checkpoints` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx
        self.now = tx.now

    async def add_upload(self, upload: Upload) -> None:
        """Keep a new upload."""
        await self._tx.execute(
            "INSERT INTO uploads (upload_id, team_id, model, files, begun_at) VALUES ($1, $2, $3, $4, $5)",
            UUID(upload.upload_id),
            upload.team_id,
            upload.model,
            _files_json(upload.files),
            self.now,
        )

    async def upload(self, upload_id: UploadId) -> Upload | None:
        """Return an upload, locked until the transaction ends."""
        try:
            key = UUID(upload_id)
        except ValueError:
            return None
        row = await self._tx.fetchrow("SELECT * FROM uploads WHERE upload_id = $1 FOR UPDATE", key)
        return None if row is None else _upload(row)

    async def verified(self, team_id: TeamId, digests: Sequence[str]) -> list[Verified]:
        """Return what of this team's bytes with these `digests` is verified, and as what."""
        rows = await self._tx.fetch(
            "SELECT sha256, content, size_bytes, parameters FROM blobs WHERE team_id = $1 AND sha256 = ANY($2)",
            team_id,
            list(digests),
        )
        return [Verified(row["sha256"], Content(row["content"]), row["size_bytes"], row["parameters"]) for row in rows]

    async def add_verified(self, team_id: TeamId, verified: Verified) -> None:
        """Remember that these bytes hold; a second time changes nothing."""
        await self._tx.execute(
            """
            INSERT INTO blobs (team_id, sha256, content, size_bytes, parameters, verified_at)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (team_id, sha256, content) DO NOTHING
            """,
            team_id,
            verified.sha256,
            verified.content.value,
            verified.size_bytes,
            verified.parameters,
            self.now,
        )

    async def lock_job(self, team_id: TeamId, job_id: str) -> None:
        """Let nobody else commit a checkpoint of the team's job until the transaction ends."""
        await self._lock(f"job {team_id} {job_id}")

    async def lock_model(self, team_id: TeamId, model: str) -> int:
        """Hold the team's model until the transaction ends; return its next version."""
        await self._lock(f"model {team_id} {model}")
        latest = await self._tx.fetchval(
            "SELECT max(version) FROM checkpoints WHERE team_id = $1 AND model = $2", team_id, model
        )
        return (latest or 0) + 1

    async def add_checkpoint(self, checkpoint: Checkpoint, upload_id: UploadId) -> None:
        """Keep a new checkpoint, publish that it is committed, and have it named."""
        digest = checkpoint.checkpoint_digest
        await self._tx.execute(
            """
            INSERT INTO checkpoints (checkpoint_digest, team_id, model, version, upload_id, job_id, files, declaration,
                                     committed_at, manifest)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            digest,
            checkpoint.team_id,
            checkpoint.model,
            checkpoint.version,
            UUID(upload_id),
            checkpoint.declaration.job_id,
            _files_json(checkpoint.files),
            _declaration_json(checkpoint.declaration),
            checkpoint.committed_at,
            checkpoint.manifest,
        )
        await self._tx.execute(
            "UPDATE uploads SET checkpoint_digest = $2 WHERE upload_id = $1", UUID(upload_id), digest
        )
        await self._tx.publish(wire.committed_event(checkpoint))
        await self._tx.enqueue(NAMING, digest, {"checkpoint_digest": digest})
        await self._tx.processes.start(NAMING, digest, "naming", owner=_OWNER, deadline=self.now + _NAMED_WITHIN)

    async def checkpoint(self, digest: Digest, team_id: TeamId | None) -> Checkpoint | None:
        """Return a checkpoint; only the team's own where `team_id` is given."""
        found = await self._where("c.checkpoint_digest = $1", digest, team_id)
        return found[0] if found else None

    async def checkpoints_of_job(self, job_id: str, team_id: TeamId | None) -> list[Checkpoint]:
        """Return the checkpoints said to be made by a job, one a team; only the team's own where `team_id` is given."""
        return await self._where("c.job_id = $1 AND c.job_id <> ''", job_id, team_id)

    async def page(self, team_id: TeamId | None, size: int, after: int) -> tuple[list[Checkpoint], int | None]:
        """Return up to `size` checkpoints committed after position `after`, and where the next page starts."""
        rows = await self._tx.fetch(
            f"{_SELECT} WHERE ($1::text IS NULL OR c.team_id = $1) AND c.position > $2 ORDER BY c.position LIMIT $3",
            team_id,
            after,
            size + 1,
        )
        following = rows[size - 1]["position"] if len(rows) > size else None
        return [_checkpoint(row) for row in rows[:size]], following

    async def add_name(self, digest: Digest, mlflow_model: str, mlflow_version: str) -> None:
        """Keep the name of a checkpoint and publish it; a second time changes nothing."""
        added = await self._tx.fetchval(
            """
            INSERT INTO names (checkpoint_digest, mlflow_model, mlflow_version, named_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (checkpoint_digest) DO NOTHING RETURNING true
            """,
            digest,
            mlflow_model,
            mlflow_version,
            self.now,
        )
        if not added:
            return
        await self._tx.publish(wire.named_event(digest, mlflow_model, mlflow_version))
        process = await self._tx.processes.get(NAMING, digest)
        if process is not None:
            await self._tx.processes.finish(process, "named")

    async def _where(self, condition: str, value: str, team_id: TeamId | None) -> list[Checkpoint]:
        rows = await self._tx.fetch(
            f"{_SELECT} WHERE {condition} AND ($2::text IS NULL OR c.team_id = $2) ORDER BY c.position", value, team_id
        )
        return [_checkpoint(row) for row in rows]

    async def _lock(self, name: str) -> None:
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)


def _upload(row: Record) -> Upload:
    digest = row["checkpoint_digest"]
    return Upload(
        UploadId(str(row["upload_id"])),
        TeamId(row["team_id"]),
        row["model"],
        _files(row["files"]),
        None if digest is None else Digest(digest),
    )


def _checkpoint(row: Record) -> Checkpoint:
    return Checkpoint(
        checkpoint_digest=Digest(row["checkpoint_digest"]),
        team_id=TeamId(row["team_id"]),
        model=row["model"],
        version=row["version"],
        files=_files(row["files"]),
        declaration=_declaration(row["declaration"]),
        committed_at=row["committed_at"],
        manifest=row["manifest"],
        mlflow_version=row["mlflow_version"],
        outcomes=tuple(StageOutcome(stage, Outcome(outcome), version) for stage, outcome, version in row["outcomes"]),
    )


def _files_json(files: Sequence[FileEntry]) -> list[dict[str, Any]]:
    return [{"path": file.path, "size_bytes": file.size_bytes, "sha256": file.sha256} for file in files]


def _files(document: list[dict[str, Any]]) -> tuple[FileEntry, ...]:
    return tuple(FileEntry(**file) for file in document)


def _declaration_json(declaration: Declaration) -> dict[str, Any]:
    return {
        "licence": declaration.licence,
        "seed": str(declaration.seed),
        "period": declaration.period,
        "job_id": declaration.job_id,
        "parameters": declaration.parameters,
        "lineage": [
            {
                "component": edge.component,
                "owner": edge.owner,
                "kind": edge.kind,
                "parent": edge.parent,
                "frozen": edge.frozen,
            }
            for edge in declaration.lineage
        ],
        "training_log_sha256": declaration.training_log_sha256,
    }


def _declaration(document: dict[str, Any]) -> Declaration:
    lineage = tuple(LineageEdge(**edge) for edge in document["lineage"])
    return Declaration(**{**document, "seed": int(document["seed"]), "lineage": lineage})

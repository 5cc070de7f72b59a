"""Uploads in PostgreSQL: what is declared, what of it is verified, and what a team stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from common.errors import NotFoundError
from weights.manifest import FileEntry

from registry.domain.inspection import Content, content_of
from registry.domain.listing import check_size
from registry.domain.parts import Part, Stored
from registry.domain.upload import Progress, Upload, UploadState
from registry.handlers import VERIFYING, Located, Verified, WantedPart
from registry.store import documents
from registry.store.scrubs import ScrubStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncpg import Record
    from common.database import Transaction

    from registry.domain.checkpoint import Digest, TeamId, UploadId
    from registry.domain.integrity import DamageKind
    from registry.domain.upload import Asked, Refusal

_IS_KEPT: Final = "EXISTS (SELECT 1 FROM parts k WHERE k.team_id = $1 AND k.sha256 = p.sha256)"
_IS_DAMAGED: Final = """
    EXISTS (SELECT 1 FROM damages d WHERE d.team_id = $1 AND d.sha256 = p.sha256 AND d.healed_at IS NULL)
"""


class UploadStore:
    """The handlers' `Uploads` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def add(self, upload: Upload) -> None:
        """Keep a new upload."""
        await self._tx.execute(
            "INSERT INTO uploads (upload_id, team_id, model, begun_at, state) VALUES ($1, $2, $3, $4, $5)",
            UUID(upload.upload_id),
            upload.team_id,
            upload.model,
            self._tx.now,
            upload.state.value,
        )

    async def upload(self, upload_id: UploadId, *, lock: bool = False) -> Upload | None:
        """Return an upload, locked until the transaction ends if asked for."""
        try:
            key = UUID(upload_id)
        except ValueError:
            return None
        row = await self._tx.fetchrow(f"SELECT * FROM uploads WHERE upload_id = $1 {'FOR UPDATE' if lock else ''}", key)
        return None if row is None else documents.upload(row)

    async def progress(self, upload_id: UploadId) -> Progress:
        """Return how much of an upload's files is verified."""
        row = await self._tx.fetchrow(
            """
            SELECT coalesce(sum(size_bytes) FILTER (WHERE verified IS NOT NULL), 0)::bigint AS verified,
                   coalesce(sum(size_bytes), 0)::bigint AS declared
            FROM upload_files WHERE upload_id = $1
            """,
            UUID(upload_id),
        )
        assert row is not None  # an aggregate always has a row
        return Progress(row["verified"], row["declared"])

    async def declare_parts(self, upload: Upload, parts: Sequence[Part]) -> set[str]:
        """Note parts; return the SHA-256 of those that no checkpoint of the team holds whole."""
        await self._share_bytes(upload.team_id)
        await self._touch(upload)
        # Of two at one place in one call the last counts, as in two calls.
        placed = {(part.path, part.offset_bytes): part for part in parts}
        await self._tx.execute(
            """
            INSERT INTO upload_parts (upload_id, team_id, path, offset_bytes, size_bytes, sha256)
            SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[])
            ON CONFLICT (upload_id, path, offset_bytes)
                DO UPDATE SET size_bytes = excluded.size_bytes, sha256 = excluded.sha256
            """,
            UUID(upload.upload_id),
            upload.team_id,
            [part.path for part in placed.values()],
            [part.offset_bytes for part in placed.values()],
            [part.size_bytes for part in placed.values()],
            [part.sha256 for part in placed.values()],
        )
        rows = await self._tx.fetch(
            f"SELECT DISTINCT sha256 FROM unnest($2::text[]) AS p (sha256) WHERE NOT {_IS_KEPT} OR {_IS_DAMAGED}",
            upload.team_id,
            [part.sha256 for part in placed.values()],
        )
        return {row["sha256"] for row in rows}

    async def note_damaged(self, team_id: TeamId, sha256: str, kind: DamageKind) -> bool:
        """Note a damaged part of a checkpoint; `False` where no checkpoint rests on it."""
        return await ScrubStore(self._tx).note_damaged(team_id, sha256, kind)

    async def usage(self, team_id: TeamId) -> tuple[int, int]:
        """Return the bytes that a team stores, and those that its open uploads declare beyond that."""
        row = await self._tx.fetchrow(
            """
            SELECT (SELECT coalesce(sum(size_bytes), 0)::bigint FROM parts WHERE team_id = $1) AS stored,
                   (SELECT coalesce(sum(size_bytes), 0)::bigint FROM (
                        SELECT DISTINCT p.sha256, p.size_bytes
                        FROM uploads u JOIN upload_parts p USING (upload_id)
                        WHERE u.team_id = $1 AND u.state IN ('open', 'verifying') AND NOT EXISTS (
                            SELECT 1 FROM parts s WHERE s.team_id = $1 AND s.sha256 = p.sha256)
                   ) AS declared) AS pending
            """,
            team_id,
        )
        assert row is not None  # it asks no table
        return row["stored"], row["pending"]

    async def wanted(self, upload: Upload, sha256s: Sequence[str]) -> dict[str, WantedPart]:
        """Return of an upload's parts those of `sha256s` that no checkpoint holds whole.

        Raises `NotFoundError` for what the upload does not declare.
        """
        rows = await self._tx.fetch(
            f"""
            SELECT DISTINCT ON (sha256) sha256, size_bytes, {_IS_KEPT} AS kept, {_IS_DAMAGED} AS damaged,
                EXISTS (SELECT 1 FROM upload_parts e
                        WHERE e.sha256 = p.sha256 AND e.team_id = $1 AND e.upload_id <> $2) AS earlier
            FROM upload_parts p WHERE upload_id = $2 AND sha256 = ANY($3)
            """,
            upload.team_id,
            UUID(upload.upload_id),
            list(sha256s),
        )
        declared = {row["sha256"]: row for row in rows}
        for sha256 in sha256s:
            if sha256 not in declared:
                raise NotFoundError("sha256", sha256)
        return {
            sha256: WantedPart(Stored(sha256, row["size_bytes"]), perhaps=row["earlier"], damaged=row["damaged"])
            for sha256 in sha256s
            if not (row := declared[sha256])["kept"] or row["damaged"]
        }

    async def declare_files(self, upload: Upload, files: Sequence[FileEntry]) -> int:
        """Note files; return how many the upload has. Raises `RegistryFieldError` for a size that cannot be."""
        await self._touch(upload)
        sizes = {each.sha256: each.size_bytes for each in await self.known(upload.team_id, [f.sha256 for f in files])}
        for file in files:
            check_size(file, sizes.get(file.sha256, file.size_bytes))
        placed = {file.path: file for file in files}
        await self._tx.execute(
            """
            INSERT INTO upload_files (upload_id, path, size_bytes, sha256)
            SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::text[])
            ON CONFLICT (upload_id, path) DO UPDATE SET size_bytes = excluded.size_bytes, sha256 = excluded.sha256
            """,
            UUID(upload.upload_id),
            list(placed),
            [file.size_bytes for file in placed.values()],
            [file.sha256 for file in placed.values()],
        )
        count = await self._tx.fetchval(
            "SELECT count(*) FROM upload_files WHERE upload_id = $1", UUID(upload.upload_id)
        )
        return int(count)

    async def files(self, upload: Upload) -> list[FileEntry]:
        """Return an upload's files by path."""
        rows = await self._tx.fetch(
            "SELECT path, size_bytes, sha256 FROM upload_files WHERE upload_id = $1", UUID(upload.upload_id)
        )
        # By code points, as the manifest has them; the database's own order is that of a language.
        return sorted((FileEntry(**row) for row in rows), key=lambda file: file.path)

    async def known(self, team_id: TeamId, sha256s: Sequence[str]) -> list[Verified]:
        """Return what of the team's bytes with these digests is in a checkpoint, and as what."""
        rows = await self._tx.fetch(
            """
            SELECT sha256, content, size_bytes, parameters, findings FROM blobs
            WHERE team_id = $1 AND sha256 = ANY($2)
            """,
            team_id,
            list(sha256s),
        )
        return [
            Verified(
                row["sha256"],
                Content(row["content"]),
                row["size_bytes"],
                row["parameters"],
                documents.findings(row["findings"]),
            )
            for row in rows
        ]

    async def located(self, upload: Upload, files: Sequence[FileEntry]) -> list[Located]:
        """Return of each of `files` its parts: those of a checkpoint that has its bytes, or those declared."""
        kept = await self._tx.fetch(
            """
            SELECT blob_sha256, offset_bytes, size_bytes, sha256 FROM blob_parts
            WHERE team_id = $1 AND blob_sha256 = ANY($2) ORDER BY blob_sha256, offset_bytes
            """,
            upload.team_id,
            list({file.sha256 for file in files}),
        )
        declared = await self._tx.fetch(
            """
            SELECT path, offset_bytes, size_bytes, sha256 FROM upload_parts
            WHERE upload_id = $1 ORDER BY path, offset_bytes
            """,
            UUID(upload.upload_id),
        )
        by_bytes = _grouped(kept, "blob_sha256")
        by_path = _grouped(declared, "path")
        return [
            Located(
                file,
                tuple(
                    Part(file.path, row["offset_bytes"], row["size_bytes"], row["sha256"])
                    for row in by_bytes.get(file.sha256) or by_path.get(file.path, [])
                ),
            )
            for file in files
        ]

    async def verified(self, upload: Upload) -> list[Verified]:
        """Return what of the upload's files is verified, and as what."""
        rows = await self._tx.fetch(
            """
            SELECT path, sha256, size_bytes, verified FROM upload_files
            WHERE upload_id = $1 AND verified IS NOT NULL
            """,
            UUID(upload.upload_id),
        )
        return [
            Verified(
                row["sha256"],
                content_of(row["path"]),
                row["size_bytes"],
                row["verified"]["parameters"],
                documents.findings(row["verified"]["findings"]),
            )
            for row in rows
        ]

    async def note_verified(self, upload: Upload, verified: Sequence[Verified]) -> None:
        """Remember that files of an upload hold, wherever they stand in it with the same content."""
        await self._touch(upload)
        rows = await self._tx.fetch(
            "SELECT path, sha256 FROM upload_files WHERE upload_id = $1 AND sha256 = ANY($2)",
            UUID(upload.upload_id),
            [each.sha256 for each in verified],
        )
        by_content = {(each.sha256, each.content): each for each in verified}
        found = {row["path"]: by_content.get((row["sha256"], content_of(row["path"]))) for row in rows}
        holding = {path: each for path, each in found.items() if each is not None}
        await self._tx.execute(
            """
            UPDATE upload_files f SET verified = v.verified
            FROM unnest($2::text[], $3::jsonb[]) AS v (path, verified)
            WHERE f.upload_id = $1 AND f.path = v.path
            """,
            UUID(upload.upload_id),
            list(holding),
            [
                {"parameters": each.parameters, "findings": documents.findings_json(each.findings)}
                for each in holding.values()
            ],
        )

    async def begin_verifying(self, upload: Upload, asked: Asked) -> None:
        """Have an upload verified and published."""
        await self._set(upload, UploadState.VERIFYING, "asked", documents.asked_json(asked))
        await self._tx.enqueue(VERIFYING, upload.upload_id, {"upload_id": upload.upload_id})

    async def refuse(self, upload: Upload, refusal: Refusal) -> None:
        """Note why an upload will not become a checkpoint."""
        told = {"code": refusal.code, "message": refusal.message, "facts": dict(refusal.facts)}
        await self._set(upload, UploadState.REFUSED, "refusal", told)

    async def close(self, upload: Upload, digest: Digest) -> None:
        """Note which checkpoint an upload became, and have damaged parts read that may have come anew by it."""
        await ScrubStore(self._tx).ask_for_damaged(upload)
        await self._set(upload, UploadState.COMMITTED, "checkpoint_digest", digest)

    async def _set(self, upload: Upload, state: UploadState, column: str, value: object) -> None:
        await self._tx.execute(
            f"UPDATE uploads SET state = $2, {column} = $3, touched_at = clock_timestamp() WHERE upload_id = $1",
            UUID(upload.upload_id),
            state.value,
            value,
        )

    async def _touch(self, upload: Upload) -> None:
        await self._tx.execute(
            "UPDATE uploads SET touched_at = clock_timestamp() WHERE upload_id = $1", UUID(upload.upload_id)
        )

    async def _share_bytes(self, team_id: TeamId) -> None:
        """Let nobody sweep the team's bytes until the transaction ends."""
        await self._tx.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", f"bytes {team_id}")


def _grouped(rows: Sequence[Record], by: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in rows:
        found.setdefault(row[by], []).append(row)
    return found

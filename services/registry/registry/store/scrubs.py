"""When parts were read back, and which are damaged, in PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from common.paging import following

from registry.domain.checkpoint import Digest, TeamId
from registry.domain.integrity import Check, Damage, DamageKind, Integrity, KeptPart, Place, Reading
from registry.wire.integrity import damaged_event, healed_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncpg import Record
    from common.database import Transaction

    from registry.domain.integrity import Schedule
    from registry.domain.upload import Upload

_MOST_PLACES: Final = 100
_SELECT: Final = """
    SELECT d.position, d.damage_id, d.team_id, d.sha256, p.size_bytes, d.kind, d.problem, d.found_at, d.healed_at
    FROM damages d JOIN parts p USING (team_id, sha256)
"""
_IS_DAMAGED: Final = """
    EXISTS (SELECT 1 FROM damages d WHERE d.team_id = k.team_id AND d.sha256 = k.sha256 AND d.healed_at IS NULL)
"""
_PLACES: Final = """
    SELECT f.checkpoint_digest, f.path, b.offset_bytes
    FROM blob_parts b
    JOIN checkpoint_files f ON f.sha256 = b.blob_sha256
    JOIN checkpoints c ON c.checkpoint_digest = f.checkpoint_digest AND c.team_id = b.team_id
    WHERE b.team_id = $1 AND b.sha256 = $2
    ORDER BY c.position, f.number, b.offset_bytes LIMIT $3
"""


class ScrubStore:
    """The handlers' `Scrubs` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def claim(self, schedule: Schedule, most: int) -> list[KeptPart]:
        """Return parts whose turn it is, those that were asked for first, then those read least recently."""
        for condition, order, age in (
            ("asked_at IS NOT NULL", "asked_at", None),
            (_IS_DAMAGED, "read_at", schedule.damaged_every),
            ("asked_at IS NULL", "read_at", schedule.every),
        ):
            rows = await self._tx.fetch(
                f"""
                UPDATE part_reads r SET claimed_until = clock_timestamp() + $3::interval
                FROM parts p
                WHERE p.team_id = r.team_id AND p.sha256 = r.sha256 AND (r.team_id, r.sha256) IN (
                    SELECT team_id, sha256 FROM part_reads k
                    WHERE {condition} AND ($2::interval IS NULL OR read_at < clock_timestamp() - $2)
                        AND coalesce(claimed_until < clock_timestamp(), true)
                    ORDER BY {order} LIMIT $1 FOR UPDATE SKIP LOCKED)
                RETURNING r.team_id, r.sha256, p.size_bytes
                """,
                most,
                age,
                schedule.claimed_for,
            )
            if rows:
                return [KeptPart(TeamId(row["team_id"]), row["sha256"], row["size_bytes"]) for row in rows]
        return []

    async def release(self, parts: Sequence[KeptPart]) -> None:
        """Let claimed parts be read by somebody else."""
        for part in parts:
            await self._tx.execute(
                "UPDATE part_reads SET claimed_until = NULL WHERE team_id = $1 AND sha256 = $2",
                part.team_id,
                part.sha256,
            )

    async def note(self, readings: Sequence[Reading]) -> list[Damage]:
        """Keep when parts were read and what is wrong with them; return damages that are new or that have healed."""
        changed = []
        # In one order everywhere, so that two who note the same parts wait for each other and do not lock each other.
        for reading in sorted(readings, key=lambda each: (each.part.team_id, each.part.sha256)):
            part = reading.part
            await self._tx.execute(
                """
                UPDATE part_reads SET read_at = clock_timestamp(), asked_at = NULL, claimed_until = NULL
                WHERE team_id = $1 AND sha256 = $2
                """,
                part.team_id,
                part.sha256,
            )
            noted = await (self._heal(part) if reading.damage is None else self._add(reading, reading.damage))
            if noted is not None:
                changed.append(noted)
        return changed

    async def note_damaged(self, team_id: TeamId, sha256: str, kind: DamageKind) -> bool:
        """Note what was met while something else was done; `False` where no checkpoint rests on the part."""
        size_bytes = await self._tx.fetchval(
            "SELECT size_bytes FROM parts WHERE team_id = $1 AND sha256 = $2", team_id, sha256
        )
        if size_bytes is None:
            return False
        await self.note([Reading(KeptPart(team_id, sha256, size_bytes), kind, "met while an upload was verified")])
        return True

    async def ask(self, team_id: TeamId | None, digest: Digest | None) -> tuple[int, int]:
        """Have all parts of a team or a checkpoint read soon; return how many they are and their bytes."""
        row = await self._tx.fetchrow(
            """
            WITH asked AS (
                UPDATE part_reads r SET asked_at = clock_timestamp()
                WHERE ($1::text IS NULL OR r.team_id = $1) AND ($2::text IS NULL OR EXISTS (
                    SELECT 1 FROM checkpoints c
                    JOIN checkpoint_files f USING (checkpoint_digest)
                    JOIN blob_parts b ON b.team_id = c.team_id AND b.blob_sha256 = f.sha256
                    WHERE c.checkpoint_digest = $2 AND b.team_id = r.team_id AND b.sha256 = r.sha256))
                RETURNING r.team_id, r.sha256
            )
            SELECT count(*) AS parts, coalesce(sum(p.size_bytes), 0)::bigint AS size_bytes
            FROM asked JOIN parts p USING (team_id, sha256)
            """,
            team_id,
            digest,
        )
        assert row is not None  # an aggregate always has a row
        return row["parts"], row["size_bytes"]

    async def ask_for(self, part: KeptPart) -> None:
        """Have a part read soon."""
        await self._tx.execute(
            "UPDATE part_reads SET asked_at = clock_timestamp() WHERE team_id = $1 AND sha256 = $2",
            part.team_id,
            part.sha256,
        )

    async def ask_about(self, part: KeptPart) -> None:
        """Have a part read soon that somebody could not read, unless that is asked for or known already."""
        await self._tx.execute(
            f"""
            UPDATE part_reads k SET asked_at = clock_timestamp()
            WHERE team_id = $1 AND sha256 = $2 AND asked_at IS NULL AND NOT {_IS_DAMAGED}
            """,
            part.team_id,
            part.sha256,
        )

    async def unlocked(self, until: timedelta, most: int) -> list[KeptPart]:
        """Return parts that are not locked for so long from now."""
        rows = await self._tx.fetch(
            """
            SELECT r.team_id, r.sha256, p.size_bytes FROM part_reads r JOIN parts p USING (team_id, sha256)
            WHERE coalesce(locked_until < clock_timestamp() + $1::interval, true) ORDER BY read_at LIMIT $2
            """,
            until,
            most,
        )
        return [KeptPart(TeamId(row["team_id"]), row["sha256"], row["size_bytes"]) for row in rows]

    async def note_locked(self, parts: Sequence[KeptPart], until: datetime) -> None:
        """Note until when parts are locked."""
        await self._tx.execute(
            """
            UPDATE part_reads r SET locked_until = $3 FROM unnest($1::text[], $2::text[]) AS k (team_id, sha256)
            WHERE r.team_id = k.team_id AND r.sha256 = k.sha256
            """,
            [part.team_id for part in parts],
            [part.sha256 for part in parts],
            until,
        )

    async def ask_for_damaged(self, upload: Upload) -> None:
        """Have damaged parts read soon that may have come anew by an upload."""
        await self._tx.execute(
            """
            UPDATE part_reads r SET asked_at = clock_timestamp()
            FROM damages d JOIN upload_parts p ON p.sha256 = d.sha256
            WHERE p.upload_id = $1 AND d.team_id = $2 AND d.healed_at IS NULL
                AND r.team_id = d.team_id AND r.sha256 = d.sha256
            """,
            UUID(upload.upload_id),
            upload.team_id,
        )

    async def damages(
        self, team_id: TeamId | None, size: int, after: int, *, only_open: bool
    ) -> tuple[list[Damage], int | None]:
        """Return up to `size` damages as they were found, after position `after`, and where the next page starts."""
        rows = await self._tx.fetch(
            f"""
            {_SELECT} WHERE ($1::text IS NULL OR d.team_id = $1) AND (NOT $2 OR d.healed_at IS NULL)
                AND d.position > $3 ORDER BY d.position LIMIT $4
            """,
            team_id,
            only_open,
            after,
            size + 1,
        )
        return [await self._damage(row) for row in rows[:size]], following(rows, size)

    async def integrity(self) -> Integrity:
        """Return how what is kept stands, in numbers."""
        row = await self._tx.fetchrow(
            """
            SELECT (SELECT count(*) FROM parts) AS parts,
                   (SELECT coalesce(sum(size_bytes), 0)::bigint FROM parts) AS size_bytes,
                   (SELECT min(read_at) FROM part_reads) AS oldest_read_at,
                   (SELECT count(*) FROM part_reads WHERE asked_at IS NOT NULL) AS waiting_parts,
                   (SELECT count(*) FROM damages WHERE healed_at IS NULL) AS damaged_parts,
                   (SELECT count(*) FROM damages WHERE healed_at IS NOT NULL) AS healed_damages
            """
        )
        assert row is not None  # it asks no table
        checks = await self._tx.fetch(
            """
            SELECT name, ended_at, checked, (
                SELECT count(*) FROM differences d WHERE d.name = c.name AND gone_at IS NULL AND NOT repaired) AS open
            FROM checks c ORDER BY name
            """
        )
        return Integrity(
            row["parts"],
            row["size_bytes"],
            _utc(row["oldest_read_at"]),
            row["waiting_parts"],
            row["damaged_parts"],
            row["healed_damages"],
            tuple(Check(each["name"], _utc(each["ended_at"]), each["checked"], each["open"]) for each in checks),
        )

    async def _add(self, reading: Reading, kind: DamageKind) -> Damage | None:
        part = reading.part
        damage_id = uuid4()
        added = await self._tx.fetchval(
            """
            INSERT INTO damages (damage_id, team_id, sha256, kind, problem, found_at)
            VALUES ($1, $2, $3, $4, $5, clock_timestamp())
            ON CONFLICT (team_id, sha256) WHERE healed_at IS NULL DO NOTHING RETURNING true
            """,
            damage_id,
            part.team_id,
            part.sha256,
            kind.value,
            reading.problem,
        )
        if not added:
            return None
        return await self._told(await self._tx.fetchrow(f"{_SELECT} WHERE d.damage_id = $1", damage_id))

    async def _heal(self, part: KeptPart) -> Damage | None:
        damage_id = await self._tx.fetchval(
            """
            UPDATE damages SET healed_at = clock_timestamp()
            WHERE team_id = $1 AND sha256 = $2 AND healed_at IS NULL RETURNING damage_id
            """,
            part.team_id,
            part.sha256,
        )
        if damage_id is None:
            return None
        return await self._told(await self._tx.fetchrow(f"{_SELECT} WHERE d.damage_id = $1", damage_id))

    async def _told(self, row: Record | None) -> Damage:
        assert row is not None  # it was written just now
        damage = await self._damage(row)
        await self._tx.publish(damaged_event(damage) if damage.healed_at is None else healed_event(damage))
        return damage

    async def _damage(self, row: Record) -> Damage:
        part = KeptPart(TeamId(row["team_id"]), row["sha256"], row["size_bytes"])
        places = await self._tx.fetch(_PLACES, part.team_id, part.sha256, _MOST_PLACES)
        return Damage(
            str(row["damage_id"]),
            part,
            DamageKind(row["kind"]),
            row["problem"],
            row["found_at"].astimezone(UTC),
            _utc(row["healed_at"]),
            tuple(Place(Digest(p["checkpoint_digest"]), p["path"], p["offset_bytes"]) for p in places),
        )


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)

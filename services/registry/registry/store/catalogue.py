"""What the tables say of names, and what checks found, in PostgreSQL."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from common.paging import following

from registry.domain.catalogue import CANDIDATE, CHAMPION, Difference, Expected, Kind, Noted, Version
from registry.domain.checkpoint import Digest, TeamId
from registry.domain.outcome import Outcome
from registry.handlers import ALIASING, MARKING, NAMING, version_tags
from registry.store.checkpoints import SELECT, checkpoint_of
from registry.wire.checkpoints import named_event
from registry.wire.integrity import differed_event

if TYPE_CHECKING:
    from datetime import timedelta

    from asyncpg import Record
    from common.database import Transaction

    from registry.handlers import Checked

_DIFFERENCE: Final = """
    SELECT position, difference_id, kind, team_id, subject, field, expected, found, repaired, found_at, gone_at
    FROM differences
"""


class CatalogueStore:
    """The handlers' `Catalogue` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def models(self) -> list[tuple[TeamId, str]]:
        """Return every team's models that have a name."""
        rows = await self._tx.fetch(
            "SELECT DISTINCT c.team_id, c.model FROM checkpoints c JOIN names USING (checkpoint_digest) ORDER BY 1, 2"
        )
        return [(TeamId(row["team_id"]), row["model"]) for row in rows]

    async def is_ours(self, team_id: TeamId, model: str) -> bool:
        """Return whether the team has committed a version of this model, named or not."""
        return bool(
            await self._tx.fetchval(
                "SELECT EXISTS (SELECT 1 FROM checkpoints WHERE team_id = $1 AND model = $2)", team_id, model
            )
        )

    async def expected(self, team_id: TeamId, model: str) -> Expected | None:
        """Return a registered model as it must be; `None` while a task is about to change what is shown of it."""
        busy = await self._tx.fetchval(
            """
            SELECT EXISTS (
                SELECT 1 FROM task LEFT JOIN checkpoints c ON c.checkpoint_digest = payload ->> 'checkpoint_digest'
                WHERE kind = ANY($1) AND state IN ('queued', 'running')
                    AND coalesce(c.team_id, payload ->> 'team_id') = $2)
            """,
            [NAMING, MARKING, ALIASING],
            team_id,
        )
        if busy:
            return None
        rows = await self._tx.fetch(
            f"""
            SELECT k.*, m.source, m.run_id FROM ({SELECT}) k JOIN names m USING (checkpoint_digest)
            WHERE k.team_id = $1 AND k.model = $2 ORDER BY k.version
            """,
            team_id,
            model,
        )
        aliases = await self.aliases(team_id, model)
        versions = []
        for row in rows:
            checkpoint = checkpoint_of(row)
            tags = version_tags(checkpoint)
            for outcome in checkpoint.outcomes:
                tags |= outcome.tags
                aliases[outcome.alias] = checkpoint.mlflow_version
            versions.append(Version(checkpoint.mlflow_version, row["source"] or "", tags, row["run_id"]))
        return Expected(team_id, f"{team_id}.{model}", tuple(versions), aliases)

    async def aliases(self, team_id: TeamId, model: str) -> dict[str, str]:
        """Return which version each alias of a model that moves with commits and decisions must name, "" for none."""
        candidate = await self._tx.fetchval(
            """
            SELECT mlflow_version FROM checkpoints JOIN names USING (checkpoint_digest)
            WHERE team_id = $1 AND model = $2 ORDER BY version DESC LIMIT 1
            """,
            team_id,
            model,
        )
        # The last stage is the one whose decision came last: stages of a programme follow one another.
        champion = await self._tx.fetchrow(
            """
            SELECT c.model, mlflow_version
            FROM stage_outcomes o JOIN checkpoints c USING (checkpoint_digest) LEFT JOIN names USING (checkpoint_digest)
            WHERE o.team_id = $1 AND o.outcome = $2 ORDER BY o.kept_at DESC, o.stage_id DESC LIMIT 1
            """,
            team_id,
            Outcome.ADVANCED.value,
        )
        proven = champion["mlflow_version"] if champion is not None and champion["model"] == model else None
        return {CANDIDATE: candidate or "", CHAMPION: proven or ""}

    async def renamed(self, digest: Digest, version: str) -> None:
        """Note that a checkpoint has another version in MLflow than before, and publish it."""
        model = await self._tx.fetchval(
            "UPDATE names SET mlflow_version = $2 WHERE checkpoint_digest = $1 RETURNING mlflow_model", digest, version
        )
        await self._tx.publish(named_event(digest, model, version))

    async def begin(self, name: str, every: timedelta) -> bool:
        """Note that a check begins; `False` where the last one began less than `every` ago."""
        begun = await self._tx.fetchval(
            """
            INSERT INTO checks AS known (name, begun_at) VALUES ($1, clock_timestamp())
            ON CONFLICT (name) DO UPDATE SET begun_at = clock_timestamp()
                WHERE known.begun_at < clock_timestamp() - $2::interval
                    -- It never ended: the process did.
                    OR (coalesce(known.ended_at < known.begun_at, true)
                        AND known.begun_at < clock_timestamp() - interval '1 hour')
            RETURNING true
            """,
            name,
            every,
        )
        return bool(begun)

    async def give_back(self, name: str) -> None:
        """Note that a check came to nothing and may begin again."""
        await self._tx.execute("UPDATE checks SET begun_at = '-infinity' WHERE name = $1", name)

    async def note(self, name: str, checked: Checked) -> list[Noted]:
        """Keep what a check found and what it did not find any more; return what is new, which is published."""
        # The row that all checks of this name change: two that end at once note one after the other.
        await self._tx.execute(
            "UPDATE checks SET ended_at = clock_timestamp(), checked = $2 WHERE name = $1", name, checked.count
        )
        known = {
            (row["kind"], row["subject"], row["field"]): row
            for row in await self._tx.fetch("SELECT * FROM differences WHERE name = $1 AND gone_at IS NULL", name)
        }
        new = []
        for each in checked.found:
            before = known.pop((each.kind.value, each.subject, each.field), None)
            # What was put right and is wrong again was done again: that is news.
            if before is not None and (before["repaired"] or before["found"] != each.found):
                await self._gone(before)
                before = None
            if before is None:
                new.append(await self._add(name, each))
        for row in known.values():
            if row["subject"].partition("/")[0] not in checked.unsettled:
                await self._gone(row)
        return new

    async def differences(
        self, team_id: TeamId | None, size: int, after: int, *, only_open: bool
    ) -> tuple[list[Noted], int | None]:
        """Return up to `size` differences as they were found after position `after`; and where the next page starts."""
        rows = await self._tx.fetch(
            f"""
            {_DIFFERENCE} WHERE ($1::text IS NULL OR team_id = $1) AND (NOT $2 OR gone_at IS NULL) AND position > $3
            ORDER BY position LIMIT $4
            """,
            team_id,
            only_open,
            after,
            size + 1,
        )
        return [_noted(row) for row in rows[:size]], following(rows, size)

    async def open_count(self) -> int:
        """Return how many differences there are that are not put right."""
        return int(await self._tx.fetchval("SELECT count(*) FROM differences WHERE gone_at IS NULL AND NOT repaired"))

    async def _add(self, name: str, each: Difference) -> Noted:
        row = await self._tx.fetchrow(
            """
            INSERT INTO differences (difference_id, name, kind, team_id, subject, field, expected, found, repaired,
                                     found_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp()) RETURNING *
            """,
            uuid4(),
            name,
            each.kind.value,
            each.team_id,
            each.subject,
            each.field,
            each.expected,
            each.found,
            each.repaired,
        )
        assert row is not None  # it was written just now
        noted = _noted(row)
        await self._tx.publish(differed_event(noted))
        return noted

    async def _gone(self, row: Record) -> None:
        await self._tx.execute(
            "UPDATE differences SET gone_at = clock_timestamp() WHERE difference_id = $1", row["difference_id"]
        )


def _noted(row: Record) -> Noted:
    difference = Difference(
        Kind(row["kind"]),
        row["team_id"],
        row["subject"],
        row["field"],
        row["expected"],
        row["found"],
        row["repaired"],
    )
    gone_at = row["gone_at"]
    return Noted(
        str(row["difference_id"]),
        difference,
        row["found_at"].astimezone(UTC),
        None if gone_at is None else gone_at.astimezone(UTC),
    )

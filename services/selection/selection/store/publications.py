"""Publications in PostgreSQL: what the use cases of disclosure remember, and what is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules import decision_from_json, inputs_from_json, rule_set_from_json
from rules.disclosure_reading import policy_from_json

from selection import wire
from selection.domain.disclosure import PUBLIC, Decided, Publication, Shown, Viewer
from selection.handlers import PUBLICATION_PROCESS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from asyncpg import Record
    from common.database import Transaction

    from selection.domain.disclosure import ResultsPublished, ResultsReleased

_PUBLICATION: Final = (
    "p.id, p.stage_id, p.policy, p.rule_set_sha256, p.decision_sha256, p.published_at, p.accepted_leaks,"
    " p.accept_reason, r.document AS rules"
)
_FROM: Final = "FROM publication p JOIN rule_set r ON r.sha256 = p.rule_set_sha256"


class PublicationStore:
    """What the use cases of disclosure remember, in one database transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""
        return self._tx.now

    async def lock(self, stage_id: str) -> None:
        """Keep others from publishing results of a stage until the transaction ends."""
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"publication/{stage_id}")

    async def decided(self, stage_id: str) -> Decided | None:
        """The decision of a stage that counts now; `None` before there is one."""
        row = await self._tx.fetchrow(
            "SELECT d.sha256, d.inputs, d.document, d.decided_at, d.finalized_at, d.override IS NOT NULL AS overridden,"
            " r.document AS rules FROM decision d JOIN rule_set r ON r.sha256 = d.rule_set_sha256"
            " WHERE d.stage_id = $1 ORDER BY d.version DESC LIMIT 1",
            stage_id,
        )
        if row is None:
            return None
        return Decided(
            stage_id,
            rule_set_from_json(row["rules"]),
            inputs_from_json(row["inputs"]),
            decision_from_json(row["document"]),
            row["sha256"],
            row["decided_at"],
            row["finalized_at"],
            row["overridden"],
        )

    async def knows(self, stage_id: str) -> bool:
        """Whether there is such a stage."""
        return bool(await self._tx.fetchval("SELECT EXISTS (SELECT FROM stage WHERE id = $1)", stage_id))

    async def publications(self, stage_id: str) -> list[Publication]:
        """All publications of a stage, in order."""
        rows = await self._tx.fetch(
            f"SELECT {_PUBLICATION} {_FROM} WHERE p.stage_id = $1 ORDER BY p.position", stage_id
        )
        return [_publication(row) for row in rows]

    async def page(self, stage_id: str, after: int, limit: int) -> tuple[list[tuple[Publication, bytes]], int | None]:
        """Up to `limit` publications after a position, of a stage or of all, each with the public's view.

        And where the next page begins. The view is empty where the public was shown nothing.
        """
        rows = await self._tx.fetch(
            f"SELECT {_PUBLICATION}, p.position, v.document AS view {_FROM}"
            " LEFT JOIN publication_view v ON v.publication_id = p.id AND v.audience = 'public'"
            " WHERE p.position > $1 AND ($2 = '' OR p.stage_id = $2) ORDER BY p.position LIMIT $3",
            after,
            stage_id,
            limit + 1,
        )
        following = int(rows[limit - 1]["position"]) if len(rows) > limit else None
        return [(_publication(row), row["view"] or b"") for row in rows[:limit]], following

    async def public_view(self, publication_id: str) -> bytes:
        """What the public was shown by a publication; empty where it was shown nothing."""
        found: bytes | None = await self._tx.fetchval(
            "SELECT document FROM publication_view WHERE publication_id = $1 AND audience = 'public'", publication_id
        )
        return found or b""

    async def shown(
        self, stage_id: str, viewer: Viewer, as_of: datetime, decision_sha256: str | None = None
    ) -> list[tuple[Publication, Shown]]:
        """What an audience was shown of a stage up to an instant, of all decisions or of one, in order.

        Of each publication its own view, or the public's where it has none of its own.
        """
        rows = await self._tx.fetch(
            f"SELECT DISTINCT ON (p.position) {_PUBLICATION}, p.position, v.audience, v.team_id, v.document {_FROM}"
            " JOIN publication_view v ON v.publication_id = p.id"
            " WHERE p.stage_id = $1 AND p.published_at <= $2 AND ($3::text IS NULL OR p.decision_sha256 = $3)"
            " AND (v.audience = 'public' OR (v.audience = $4 AND v.team_id = $5))"
            " ORDER BY p.position, v.audience = 'public'",
            stage_id,
            as_of,
            decision_sha256,
            viewer.audience,
            viewer.team,
        )
        return [
            (_publication(row), Shown(PUBLIC if row["audience"] == "public" else viewer, row["document"]))
            for row in rows
        ]

    async def add_publication(self, publication: Publication, views: Sequence[Shown]) -> None:
        """Keep a publication with what each audience is shown."""
        await self._tx.execute(
            "INSERT INTO publication (id, stage_id, policy_id, policy_sha256, policy, rule_set_sha256, decision_sha256,"
            " published_at, reason, accepted_leaks, accept_reason)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            publication.id,
            publication.stage,
            publication.policy.id,
            publication.policy_sha256,
            publication.policy_json,
            publication.rule_set_sha256,
            publication.decision_sha256,
            publication.published_at,
            publication.policy.reason_text(),
            list(publication.accepted_leaks),
            publication.accept_reason,
        )
        await self._tx.connection.executemany(
            "INSERT INTO publication_view VALUES ($1, $2, $3, $4)",
            [(publication.id, each.viewer.audience, each.viewer.team, each.document) for each in views],
        )

    async def released(self, stage_id: str, decision_sha256: str) -> datetime | None:
        """Since when everything about a decision is open to everybody; `None` while it is not."""
        found: datetime | None = await self._tx.fetchval(
            "SELECT released_at FROM decision_release WHERE stage_id = $1 AND decision_sha256 = $2",
            stage_id,
            decision_sha256,
        )
        return found

    async def sat(self, stage_id: str, person: str) -> bool:
        """Whether somebody scored or judged in a stage, also in a later version of its decision."""
        found: bool = await self._tx.fetchval(
            "SELECT EXISTS (SELECT 1 FROM score WHERE stage_id = $1 AND assessor_id = $2)"
            " OR EXISTS (SELECT 1 FROM comparison WHERE stage_id = $1 AND assessor_id = $2)"
            " OR EXISTS (SELECT 1 FROM gate_judge WHERE stage_id = $1 AND judge_id = $2)"
            " OR EXISTS (SELECT 1 FROM score_change WHERE stage_id = $1 AND assessor_id = $2 AND value <> '')"
            " OR EXISTS (SELECT 1 FROM proceeding_fresh_sheet JOIN proceeding ON id = proceeding_id"
            " WHERE stage_id = $1 AND scorer_id = $2 AND outcome = 'rescored')",
            stage_id,
            person,
        )
        return found

    async def first_release(self, stage_id: str) -> datetime | None:
        """When a decision of the stage was first opened to everybody; `None` where none was."""
        found: datetime | None = await self._tx.fetchval(
            "SELECT min(released_at) FROM decision_release WHERE stage_id = $1", stage_id
        )
        return found

    async def add_release(self, stage_id: str, decision_sha256: str) -> None:
        """Keep that everything is open from now on."""
        await self._tx.execute(
            "INSERT INTO decision_release VALUES ($1, $2, $3)", stage_id, decision_sha256, self._tx.now
        )

    async def plan(self, process_id: str, *, owner: str, wake_at: datetime | None, deadline: datetime | None) -> None:
        """Note when a publication is due: by itself, or by whom until when; again after a new decision."""
        processes = self._tx.processes
        process = await processes.get(PUBLICATION_PROCESS, process_id)
        if process is None:
            await processes.start(
                PUBLICATION_PROCESS, process_id, "planned", owner=owner, wake_at=wake_at, deadline=deadline
            )
        else:
            await processes.move(process, "planned", owner=owner, wake_at=wake_at, deadline=deadline)

    async def wait(self, process_id: str, reason: str, *, deadline: datetime) -> None:
        """Note that a publication waits for staff, and why."""
        process = await self._tx.processes.get(PUBLICATION_PROCESS, process_id)
        if process is not None:
            await self._tx.processes.move(
                process, "waits", owner="staff", deadline=deadline, data={"waits_for": reason}
            )

    async def done(self, process_id: str) -> None:
        """Note that a publication was made, if it was planned."""
        process = await self._tx.processes.get(PUBLICATION_PROCESS, process_id)
        if process is not None:
            await self._tx.processes.finish(process, "published")

    async def publish(self, event: ResultsPublished | ResultsReleased) -> None:
        """Tell others, by the outbox."""
        await self._tx.publish(wire.disclosure_event(event))


def _publication(row: Record) -> Publication:
    return Publication(
        row["id"],
        row["stage_id"],
        policy_from_json(row["policy"], rule_set_from_json(row["rules"])),
        row["rule_set_sha256"],
        row["decision_sha256"],
        row["published_at"],
        tuple(row["accepted_leaks"]),
        row["accept_reason"],
    )

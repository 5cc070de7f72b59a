"""Rounds of examinations in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from common.paging import following

from registry.domain.checkpoint import Digest
from registry.domain.examination import Examination, ExaminationState
from registry.domain.examination_round import Round, RoundId, Scope, Turn
from registry.handlers import EXAMINING

if TYPE_CHECKING:
    from asyncpg import Record
    from common.database import Transaction

_TO_COME: Final = """
    c.position > r.reached_position AND c.position <= r.until_position
    AND (r.team_id = '' OR c.team_id = r.team_id) AND (r.model = '' OR c.model = r.model)
    AND (r.not_against = '' OR NOT EXISTS (
            SELECT 1 FROM examination_reports e
            WHERE e.checkpoint_digest = c.checkpoint_digest AND e.kind = 'reference' AND e.against = r.not_against)
        -- Nothing is examined against itself.
        AND NOT EXISTS (SELECT 1 FROM reference_models m
                        WHERE m.reference_id = r.not_against AND m.checkpoint_digest = c.checkpoint_digest))
"""
_ROUNDS: Final = f"""
    SELECT r.*, (SELECT count(*) FROM checkpoints c WHERE {_TO_COME}) AS to_come, m.*
    FROM examination_rounds r, LATERAL (
        SELECT count(*) FILTER (WHERE state = 'queued') AS queued, count(*) FILTER (WHERE state = 'done') AS done,
               count(*) FILTER (WHERE state = 'not-made') AS not_made
        FROM examination_round_members JOIN examinations USING (checkpoint_digest, number)
        WHERE round_id = r.round_id) m
"""


class RoundStore:
    """The handlers' `Rounds` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def add(self, scope: Scope) -> RoundId | None:
        """Keep a new round over what is committed now; `None` where the team or model has no checkpoint."""
        round_id = uuid4()
        added = await self._tx.fetchval(
            """
            INSERT INTO examination_rounds (round_id, team_id, model, not_against, asked_at, asked_by,
                                            reached_position, until_position)
            SELECT $1, $2, $3, $4, $5, $6, min(position) - 1, max(position) FROM checkpoints
            WHERE ($2 = '' OR team_id = $2) AND ($3 = '' OR model = $3) HAVING count(*) > 0
            RETURNING true
            """,
            round_id,
            scope.team_id,
            scope.model,
            scope.not_against,
            self._tx.now,
            self._tx.actor,
        )
        return RoundId(str(round_id)) if added else None

    async def round(self, round_id: str) -> Round | None:
        """Return a round as it is now."""
        row = await self._tx.fetchrow(f"{_ROUNDS} WHERE r.round_id::text = $1", round_id)
        return None if row is None else _round(row)

    async def rounds(self, size: int, before: int) -> tuple[list[Round], int | None]:
        """Return up to `size` rounds before position `before` (0: all), the last first, and where the next start."""
        rows = await self._tx.fetch(
            f"{_ROUNDS} WHERE $1::bigint = 0 OR r.position < $1 ORDER BY r.position DESC LIMIT $2", before, size + 1
        )
        return [_round(row) for row in rows[:size]], following(rows, size)

    async def turns(self, round_id: RoundId, most: int) -> list[Turn]:
        """Return up to `most` checkpoints whose turn it is, which is over by that; nobody else gets them."""
        await self._tx.execute("SELECT 1 FROM examination_rounds WHERE round_id = $1 FOR UPDATE", UUID(round_id))
        rows = await self._tx.fetch(
            f"""
            SELECT c.position, c.checkpoint_digest, (
                SELECT e.number FROM examinations e JOIN task t
                    ON t.kind = $3 AND t.id = e.checkpoint_digest || '/' || e.number AND t.state = 'queued'
                WHERE e.checkpoint_digest = c.checkpoint_digest AND e.state = 'queued'
                ORDER BY e.number DESC LIMIT 1) AS waiting
            FROM examination_rounds r, checkpoints c WHERE r.round_id = $1 AND {_TO_COME} ORDER BY c.position LIMIT $2
            """,
            UUID(round_id),
            most,
            EXAMINING,
        )
        await self._tx.execute(
            "UPDATE examination_rounds SET reached_position = coalesce($2, until_position) WHERE round_id = $1",
            UUID(round_id),
            rows[-1]["position"] if len(rows) == most else None,
        )
        return [Turn(Digest(row["checkpoint_digest"]), row["waiting"]) for row in rows]

    async def join(self, round_id: RoundId, digest: Digest, number: int) -> None:
        """Note that an examination belongs to a round."""
        await self._tx.execute(
            "INSERT INTO examination_round_members (round_id, checkpoint_digest, number) VALUES ($1, $2, $3)",
            UUID(round_id),
            digest,
            number,
        )

    async def rounds_of(self, digest: Digest, number: int) -> list[RoundId]:
        """Return the rounds that an examination belongs to."""
        rows = await self._tx.fetch(
            """
            SELECT round_id FROM examination_round_members WHERE checkpoint_digest = $1 AND number = $2
            ORDER BY round_id
            """,
            digest,
            number,
        )
        return [RoundId(str(row["round_id"])) for row in rows]

    async def examinations(
        self, round_id: RoundId, state: ExaminationState | None, size: int, after: int
    ) -> tuple[list[Examination], int | None]:
        """Return up to `size` examinations of a round, without reports, and where the next page starts."""
        rows = await self._tx.fetch(
            """
            SELECT e.*, c.position FROM examination_round_members m
            JOIN examinations e USING (checkpoint_digest, number) JOIN checkpoints c USING (checkpoint_digest)
            WHERE m.round_id = $1 AND ($2::text IS NULL OR e.state = $2) AND c.position > $3
            ORDER BY c.position LIMIT $4
            """,
            UUID(round_id),
            None if state is None else state.value,
            after,
            size + 1,
        )
        return [_examination(row) for row in rows[:size]], following(rows, size)


def _round(row: Record) -> Round:
    return Round(
        RoundId(str(row["round_id"])),
        Scope(row["team_id"], row["model"], row["not_against"]),
        row["asked_at"],
        row["to_come"],
        row["queued"],
        row["done"],
        row["not_made"],
    )


def _examination(row: Record) -> Examination:
    return Examination(
        Digest(row["checkpoint_digest"]),
        row["number"],
        ExaminationState(row["state"]),
        row["reason"],
        int(row["seed"]),
        row["asked_at"],
        row["done_at"],
    )

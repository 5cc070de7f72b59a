"""What is read only, in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from selection.domain.events import DecisionRecord
from selection.store.rows import DECISION, RULE_SET, STAGE, kept_of, stage_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from asyncpg import Record
    from common.database import Transaction

    from selection.domain.rule_set import KeptRuleSet
    from selection.domain.stage import Stage

# Identities may have holes after a rollback; a place never has.
_PLACE: Final = "(SELECT count(*) FROM stage earlier WHERE earlier.position <= stage.position) AS place"


class SelectionViews:
    """What is read only, and never locked."""

    def __init__(self, tx: Transaction) -> None:
        """Read in `tx`."""
        self._tx = tx

    async def rule_set(self, sha256: str) -> KeptRuleSet | None:
        """A rule set; `None` where none has this hash."""
        row = await self._tx.fetchrow(f"SELECT {RULE_SET} FROM rule_set WHERE sha256 = $1", sha256)
        return kept_of(row) if row else None

    async def rule_sets(self, after: int, limit: int) -> tuple[list[KeptRuleSet], int | None]:
        """Up to `limit` rule sets after a position in order of publication, and where the next page begins."""
        rows = await self._tx.fetch(
            f"SELECT {RULE_SET}, position FROM rule_set WHERE position > $1 ORDER BY position LIMIT $2",
            after,
            limit + 1,
        )
        return [kept_of(row) for row in rows[:limit]], _next(rows, limit, "position")

    async def stage(self, stage_id: str) -> tuple[int, Stage] | None:
        """A stage with its place in the order of planning, from 1; `None` where there is none."""
        row = await self._tx.fetchrow(f"SELECT {STAGE}, {_PLACE} FROM stage WHERE id = $1", stage_id)
        return (row["place"], stage_of(row)) if row else None

    async def stages(self, after: int, limit: int) -> tuple[list[tuple[int, Stage]], int | None]:
        """Up to `limit` stages after a place in order of planning, each with its own, and where the next page is."""
        rows = await self._tx.fetch(
            f"SELECT * FROM (SELECT {STAGE}, {_PLACE} FROM stage) s WHERE place > $1 ORDER BY place LIMIT $2",
            after,
            limit + 1,
        )
        return [(row["place"], stage_of(row)) for row in rows[:limit]], _next(rows, limit, "place")

    async def decision(self, stage_id: str) -> tuple[DecisionRecord, datetime] | None:
        """The decision of a stage and when it was computed; `None` before it."""
        row = await self._tx.fetchrow(f"SELECT {DECISION}, decided_at FROM decision WHERE stage_id = $1", stage_id)
        return (DecisionRecord(*tuple(row)[:-1]), row["decided_at"]) if row else None


def _next(rows: Sequence[Record], limit: int, place: str) -> int | None:
    return int(rows[limit - 1][place]) if len(rows) > limit else None

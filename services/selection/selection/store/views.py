"""What is read only, in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from selection.store.evidence import EvidenceStore
from selection.store.rows import (
    DECISION,
    DRAFT,
    HISTORY,
    RULE_SET,
    STAGE,
    corrections_of,
    decision_of,
    draft_of,
    judgement_of,
    kept_of,
    stage_of,
)
from selection.store.rule_sets import RuleSetStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from asyncpg import Record
    from common.database import Transaction

    from selection.domain.change import Change
    from selection.domain.events import DecisionRecord
    from selection.domain.gates import Bench, Judgement
    from selection.domain.rule_set import Draft, KeptRuleSet
    from selection.domain.stage import Stage

# Identities may have holes after a rollback; a place never has.
_PLACE: Final = "(SELECT count(*) FROM stage earlier WHERE earlier.position <= stage.position) AS place"


class Known(NamedTuple):
    """A version of a decision as it is known; `finalized_at` is `None` where it was not final, `counts` for the newest.

    Instants are UTC.
    """

    record: DecisionRecord
    decided_at: datetime
    finalized_at: datetime | None
    counts: bool

    @property
    def state(self) -> str:
        """Where it is: provisional, final or superseded."""
        if not self.counts:
            return "superseded"
        return "final" if self.finalized_at else "provisional"


class Entry(NamedTuple):
    """An entry of a stage's history: how the stage stood since `at` (UTC), because of `cause`, by `actor`."""

    stage: Stage
    at: datetime
    cause: str
    actor: str


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

    async def draft(self, draft_id: str) -> Draft | None:
        """A draft; `None` where none has this id."""
        row = await self._tx.fetchrow(f"SELECT {DRAFT} FROM rule_set_draft WHERE id = $1", draft_id)
        return draft_of(row) if row else None

    async def drafts(self, after: str, limit: int) -> tuple[list[Draft], str]:
        """Up to `limit` drafts after an id, by id, and where the next page begins; "" on the last."""
        rows = await self._tx.fetch(
            f"SELECT {DRAFT} FROM rule_set_draft WHERE id > $1 ORDER BY id LIMIT $2", after, limit + 1
        )
        return [draft_of(row) for row in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else ""

    async def change(self, change_id: str) -> Change | None:
        """A change of a rule set; `None` where none has this id."""
        return await RuleSetStore(self._tx).change(change_id)

    async def changes(self, stage_id: str) -> list[Change]:
        """The changes of a stage's rule set, oldest first."""
        rows = await self._tx.fetch("SELECT id FROM rule_set_change WHERE stage_id = $1 ORDER BY position", stage_id)
        found = [await self.change(row["id"]) for row in rows]
        return [change for change in found if change is not None]

    async def bench(self, stage_id: str) -> tuple[Bench, list[tuple[Judgement, datetime]]]:
        """Judges, conflicts and judgements of a stage; the judgements also with their instants."""
        rows = await self._tx.fetch(
            "SELECT * FROM gate_judgement WHERE stage_id = $1 ORDER BY gate, team_id, judge_id", stage_id
        )
        judged = [(judgement_of(row), row["recorded_at"]) for row in rows]
        return await EvidenceStore(self._tx).bench(stage_id), judged

    async def stage(self, stage_id: str, as_of: datetime | None = None) -> tuple[int, Stage] | None:
        """A stage with its place in the order of planning, from 1, now or `as_of` an instant; `None` for none."""
        row = await self._tx.fetchrow(f"SELECT {STAGE}, {_PLACE} FROM stage WHERE id = $1", stage_id)
        if row is None or as_of is None:
            return (row["place"], stage_of(row)) if row else None
        then = await self._tx.fetchrow(
            f"SELECT {STAGE} FROM stage_history WHERE id = $1 AND at <= $2 ORDER BY sequence DESC LIMIT 1",
            stage_id,
            as_of,
        )
        return (row["place"], stage_of(then)) if then else None

    async def stages(self, after: int, limit: int) -> tuple[list[tuple[int, Stage]], int | None]:
        """Up to `limit` stages after a place in order of planning, each with its own, and where the next page is."""
        rows = await self._tx.fetch(
            f"SELECT * FROM (SELECT {STAGE}, {_PLACE} FROM stage) s WHERE place > $1 ORDER BY place LIMIT $2",
            after,
            limit + 1,
        )
        return [(row["place"], stage_of(row)) for row in rows[:limit]], _next(rows, limit, "place")

    async def history(self, stage_id: str, after: int, limit: int) -> list[Entry]:
        """Up to `limit` entries of a stage's history after a sequence, oldest first."""
        rows = await self._tx.fetch(
            f"SELECT {HISTORY} FROM stage_history WHERE id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
            stage_id,
            after,
            limit,
        )
        return [Entry(stage_of(row), row["at"], row["cause"], row["actor"]) for row in rows]

    async def decision(self, stage_id: str, as_of: datetime | None = None, version: int = 0) -> Known | None:
        """The decision of a stage that counts now or `as_of` an instant, or this `version`; `None` before it."""
        found = await self.decisions(stage_id, as_of)
        return next((each for each in reversed(found) if not version or each.record.version == version), None)

    async def decisions(self, stage_id: str, as_of: datetime | None = None) -> list[Known]:
        """All versions of a stage's decision that are known now or were `as_of` an instant, oldest first."""
        rows = await self._tx.fetch(
            f"SELECT {DECISION}, decided_at, finalized_at FROM decision"
            " WHERE stage_id = $1 AND ($2::timestamptz IS NULL OR decided_at <= $2) ORDER BY version",
            stage_id,
            as_of,
        )
        if not rows:
            return []
        corrections = corrections_of(
            await self._tx.fetch("SELECT * FROM score_change WHERE stage_id = $1", stage_id),
            await self._tx.fetch("SELECT * FROM verdict_change WHERE stage_id = $1", stage_id),
        )
        return [
            Known(
                decision_of(row, corrections.get(row["version"])),
                row["decided_at"],
                row["finalized_at"] if as_of is None or _by(row["finalized_at"], as_of) else None,
                row is rows[-1],
            )
            for row in rows
        ]


def _by(instant: datetime | None, as_of: datetime) -> bool:
    return instant is not None and instant <= as_of


def _next(rows: Sequence[Record], limit: int, place: str) -> int | None:
    return int(rows[limit - 1][place]) if len(rows) > limit else None

"""Rule sets, drafts, and changes of what governs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.store.rows import CHANGE, CONSENT, DRAFT, RULE_SET, change_of, draft_of, kept_of

if TYPE_CHECKING:
    from asyncpg import Record
    from common.database import Transaction

    from selection.domain.change import Change
    from selection.domain.rule_set import Draft, KeptRuleSet


class RuleSetStore:
    """Implements the handlers' `RuleSetRecords`."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def rule_set(self, sha256: str) -> KeptRuleSet | None:
        """A rule set, locked against a change of its state; `None` where none has this hash."""
        row = await self._tx.fetchrow(f"SELECT {RULE_SET} FROM rule_set WHERE sha256 = $1 FOR SHARE", sha256)
        return kept_of(row) if row else None

    async def rule_set_to_change(self, sha256: str) -> KeptRuleSet | None:
        """A rule set, locked for a change of its state; `None` where none has this hash."""
        # A shared lock would have to be raised, and two who hold it wait for each other.
        row = await self._tx.fetchrow(f"SELECT {RULE_SET} FROM rule_set WHERE sha256 = $1 FOR NO KEY UPDATE", sha256)
        return kept_of(row) if row else None

    async def versions(self, rule_set_id: str) -> list[KeptRuleSet]:
        """All versions of a rule set, oldest first; locked, also against another publication."""
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"rule-set/{rule_set_id}")
        rows = await self._tx.fetch(
            f"SELECT {RULE_SET} FROM rule_set WHERE id = $1 ORDER BY version FOR NO KEY UPDATE", rule_set_id
        )
        return [kept_of(row) for row in rows]

    async def add_rule_set(self, kept: KeptRuleSet) -> None:
        """Keep a new rule set."""
        await self._tx.execute(
            f"INSERT INTO rule_set ({RULE_SET}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            kept.sha256,
            kept.id,
            kept.version,
            kept.stage,
            kept.state.value,
            kept.published_at,
            kept.frozen_at,
            kept.document,
            kept.superseded_at,
        )

    async def save_rule_set(self, kept: KeptRuleSet) -> None:
        """Keep the state of a rule set."""
        await self._tx.execute(
            "UPDATE rule_set SET state = $2, frozen_at = $3, superseded_at = $4 WHERE sha256 = $1",
            kept.sha256,
            kept.state.value,
            kept.frozen_at,
            kept.superseded_at,
        )

    async def governs_a_stage(self, sha256: str) -> bool:
        """Whether a stage is, or by a pending change may be, under the rule set."""
        return bool(
            await self._tx.fetchval(
                "SELECT EXISTS (SELECT FROM stage WHERE rule_set_sha256 = $1)"
                " OR EXISTS (SELECT FROM rule_set_change WHERE new_sha256 = $1 AND state = 'pending')",
                sha256,
            )
        )

    async def draft(self, draft_id: str) -> Draft | None:
        """A draft, locked; `None` where none has this id."""
        row = await self._tx.fetchrow(f"SELECT {DRAFT} FROM rule_set_draft WHERE id = $1 FOR UPDATE", draft_id)
        return draft_of(row) if row else None

    async def save_draft(self, draft: Draft) -> None:
        """Keep a draft in the place of the one with its id."""
        await self._tx.execute(
            f"INSERT INTO rule_set_draft ({DRAFT}) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT (id) DO UPDATE SET document = excluded.document, violations = excluded.violations,"
            " violation_count = excluded.violation_count, saved_at = excluded.saved_at, saved_by = excluded.saved_by",
            draft.id,
            draft.document,
            draft.violations,
            draft.violation_count,
            draft.saved_at,
            draft.saved_by,
        )

    async def delete_draft(self, draft_id: str) -> None:
        """Forget a draft."""
        await self._tx.execute("DELETE FROM rule_set_draft WHERE id = $1", draft_id)

    async def count_changes(self, stage_id: str) -> int:
        """How many changes were proposed for a stage."""
        return int(await self._tx.fetchval("SELECT count(*) FROM rule_set_change WHERE stage_id = $1", stage_id))

    async def add_change(self, change: Change) -> None:
        """Keep a new change."""
        await self._tx.execute(
            f"INSERT INTO rule_set_change ({CHANGE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            change.id,
            change.stage,
            change.old_sha256,
            change.new_sha256,
            change.reason,
            change.proposed_by,
            change.proposed_at,
            change.consent.value,
            list(change.asked),
            change.state.value,
            change.closed_at,
        )

    async def change(self, change_id: str) -> Change | None:
        """A change with what was said to it; `None` where none has this id."""
        row = await self._tx.fetchrow(f"SELECT {CHANGE} FROM rule_set_change WHERE id = $1", change_id)
        return await self._whole(row)

    async def pending_change(self, stage_id: str) -> Change | None:
        """The pending change of a stage; `None` where there is none."""
        row = await self._tx.fetchrow(
            f"SELECT {CHANGE} FROM rule_set_change WHERE stage_id = $1 AND state = 'pending'", stage_id
        )
        return await self._whole(row)

    async def save_change(self, change: Change) -> None:
        """Keep the state of a change and what was said to it."""
        await self._tx.execute(
            "UPDATE rule_set_change SET state = $2, closed_at = $3 WHERE id = $1",
            change.id,
            change.state.value,
            change.closed_at,
        )
        await self._tx.connection.executemany(
            f"INSERT INTO rule_set_consent (change_id, {CONSENT}) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            " ON CONFLICT DO NOTHING",
            [
                (
                    change.id,
                    each.team,
                    each.agreed,
                    list(each.evidence),
                    each.recorded_by,
                    each.by_team,
                    each.recorded_at,
                )
                for each in change.consents
            ],
        )

    async def _whole(self, row: Record | None) -> Change | None:
        if row is None:
            return None
        consents = await self._tx.fetch(
            f"SELECT {CONSENT} FROM rule_set_consent WHERE change_id = $1 ORDER BY team_id", row["id"]
        )
        return change_of(row, consents)

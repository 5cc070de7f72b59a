"""The books in PostgreSQL: what the use cases remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grants import wire
from grants.domain.audit import LedgerFigures
from grants.domain.decision import AppliedDecision, Elimination
from grants.domain.entitlement import SupportKind
from grants.domain.hold import Hold
from grants.domain.ledger import Account, TeamId, granted
from grants.handlers import ELIMINATION_PROCESS, ENTITLEMENT_PROCESS
from grants.store.rows import ENTITLEMENT_COLUMNS, balances_of, entitlement_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from common.database import Transaction as DatabaseTransaction

    from grants.domain.decision import FinalDecision
    from grants.domain.entitlement import Entitlement
    from grants.domain.events import GrantsEvent
    from grants.domain.ledger import PostedTransaction, Unit


class GrantsStore:
    """What the use cases remember, in one database transaction."""

    def __init__(self, tx: DatabaseTransaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""
        return self._tx.now

    async def lock_decisions(self, teams: Iterable[TeamId]) -> None:
        """Let no other decision give to or take from these teams until the transaction ends."""
        # In one order. What another decision is about to write has no row to lock yet.
        for team in sorted(teams):
            await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"grants/{team}")

    async def concerned(self, stage: str) -> frozenset[TeamId]:
        """Teams that the decision of `stage` has given to or taken from."""
        rows = await self._tx.fetch(
            "SELECT team_id FROM entitlement WHERE $1 IN (stage_id, lost_in)"
            " UNION SELECT team_id FROM elimination WHERE stage_id = $1",
            stage,
        )
        return frozenset(TeamId(row["team_id"]) for row in rows)

    async def applied_decision(self, stage: str) -> AppliedDecision | None:
        """The version of the decision of `stage` that was applied; `None` before the first."""
        row = await self._tx.fetchrow(
            "SELECT version, decision_sha256 FROM applied_decision WHERE stage_id = $1", stage
        )
        return AppliedDecision(row["version"], row["decision_sha256"]) if row else None

    async def note_decision(self, decision: FinalDecision) -> None:
        """Note that `decision` was applied, and who left by it, in the place of an earlier version."""
        await self._tx.execute(
            "INSERT INTO applied_decision (stage_id, decision_sha256, applied_at, version) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (stage_id) DO UPDATE SET decision_sha256 = excluded.decision_sha256,"
            " applied_at = excluded.applied_at, version = excluded.version",
            decision.stage,
            decision.sha256,
            self._tx.now,
            decision.version,
        )
        await self._tx.execute("DELETE FROM elimination WHERE stage_id = $1", decision.stage)
        for each in decision.eliminations:
            await self._tx.execute(
                "INSERT INTO elimination VALUES ($1, $2, $3, $4)",
                each.stage,
                each.team,
                sorted(kind.value for kind in each.forfeits),
                each.final_at,
            )

    async def eliminations(self, team: TeamId) -> list[Elimination]:
        """Decisions by which a team left, the earliest first."""
        rows = await self._tx.fetch(
            "SELECT team_id, forfeits, stage_id, final_at FROM elimination"
            " WHERE team_id = $1 ORDER BY final_at, stage_id",
            team,
        )
        return [
            Elimination(
                TeamId(row["team_id"]),
                frozenset(map(SupportKind, row["forfeits"])),
                row["stage_id"],
                row["final_at"],
            )
            for row in rows
        ]

    async def entitlement(self, entitlement_id: str) -> Entitlement | None:
        """The entitlement, locked; `None` where there is none."""
        row = await self._tx.fetchrow(
            f"SELECT {ENTITLEMENT_COLUMNS} FROM entitlement WHERE id = $1 FOR NO KEY UPDATE", entitlement_id
        )
        return entitlement_of(row) if row else None

    async def entitlements(self, team: TeamId) -> list[Entitlement]:
        """All entitlements of a team, locked, by id."""
        rows = await self._tx.fetch(
            f"SELECT {ENTITLEMENT_COLUMNS} FROM entitlement WHERE team_id = $1 ORDER BY id FOR NO KEY UPDATE", team
        )
        return [entitlement_of(row) for row in rows]

    async def add_entitlement(self, entitlement: Entitlement) -> None:
        """Keep a new entitlement and wake its ending at its end."""
        await self._tx.execute(
            f"INSERT INTO entitlement ({ENTITLEMENT_COLUMNS}) VALUES"
            " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            entitlement.id,
            entitlement.team,
            entitlement.kind.value,
            entitlement.amount,
            entitlement.valid_from,
            entitlement.valid_to,
            entitlement.stage,
            entitlement.decision_sha256,
            entitlement.granted_at,
            entitlement.state.value,
            entitlement.lost_in,
            entitlement.version,
            entitlement.restores,
        )
        await self._tx.processes.start(
            ENTITLEMENT_PROCESS, entitlement.id, entitlement.state.value, owner="grants", wake_at=entitlement.valid_to
        )

    async def save_state(self, entitlement: Entitlement) -> None:
        """Keep the state of an entitlement that left the active one; nothing wakes it any more."""
        await self._tx.execute(
            "UPDATE entitlement SET state = $2, lost_in = $3 WHERE id = $1",
            entitlement.id,
            entitlement.state.value,
            entitlement.lost_in,
        )
        process = await self._tx.processes.get(ENTITLEMENT_PROCESS, entitlement.id)
        if process is not None:
            await self._tx.processes.finish(process, entitlement.state.value)

    async def unspent(self, entitlement: Entitlement) -> int:
        """GPU-seconds of the entitlement that are neither held, spent nor given back."""
        return int(
            await self._tx.fetchval(
                """SELECT coalesce(sum(p.amount), 0)::bigint
                FROM ledger_transaction t JOIN posting p ON p.transaction_id = t.id
                WHERE t.entitlement_id = $1 AND p.account = $2""",
                entitlement.id,
                granted(entitlement.team),
            )
        )

    async def hold(self, job: str) -> Hold | None:
        """The hold of a job, locked; `None` where there is none."""
        row = await self._tx.fetchrow(
            """SELECT job_id, team_id, entitlement_id, gpu_seconds, used_gpu_seconds FROM hold
            WHERE job_id = $1 FOR UPDATE""",
            job,
        )
        return Hold(*row) if row else None

    async def add_hold(self, hold: Hold) -> None:
        """Keep a new hold."""
        await self._tx.execute(
            "INSERT INTO hold (job_id, team_id, entitlement_id, gpu_seconds) VALUES ($1, $2, $3, $4)",
            hold.job,
            hold.team,
            hold.entitlement,
            hold.gpu_seconds,
        )

    async def settle_hold(self, hold: Hold) -> None:
        """Keep the use of a hold."""
        await self._tx.execute("UPDATE hold SET used_gpu_seconds = $2 WHERE job_id = $1", hold.job, hold.used)

    async def open_holds(self, stage: str, team: TeamId) -> int:
        """Count the unsettled holds of what the team lost by the decision of `stage`."""
        return int(
            await self._tx.fetchval(
                """SELECT count(*) FROM hold h JOIN entitlement e ON e.id = h.entitlement_id
                WHERE h.used_gpu_seconds IS NULL AND e.lost_in = $1 AND e.team_id = $2""",
                stage,
                team,
            )
        )

    async def lock_balances(self, accounts: Iterable[Account], unit: Unit) -> Mapping[Account, int]:
        """Balances of these accounts, locked in one order until the transaction ends."""
        names = sorted(set(accounts))
        await self._tx.execute(
            "INSERT INTO account (name, unit) SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING", names, unit.value
        )
        rows = await self._tx.fetch(
            "SELECT name, balance FROM account WHERE unit = $2 AND name = ANY($1) ORDER BY name FOR NO KEY UPDATE",
            names,
            unit.value,
        )
        return {Account(row["name"]): row["balance"] for row in rows}

    async def append(self, posted: PostedTransaction) -> bool:
        """Append to the ledger; `False` where it was there before."""
        transaction = posted.transaction
        tag = await self._tx.execute(
            """INSERT INTO ledger_transaction (id, kind, unit, team_id, cause_id, entitlement_id, posted_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING""",
            transaction.id,
            transaction.kind.value,
            transaction.unit.value,
            transaction.team,
            transaction.cause,
            transaction.entitlement,
            posted.posted_at,
        )
        if tag != "INSERT 0 1":
            return False
        await self._tx.execute(
            """INSERT INTO posting (transaction_id, unit, account, amount)
            SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[])""",
            transaction.id,
            transaction.unit.value,
            [line.account for line in transaction.postings],
            [line.amount for line in transaction.postings],
        )
        return True

    async def wait_for_jobs(self, stage: str, team: TeamId, holds: int, deadline: datetime) -> None:
        """Note that `holds` jobs of a team that left in `stage` are not settled; people are told after `deadline`."""
        due: dict[str, Any] = {"owner": "training", "deadline": deadline, "data": {"open_holds": holds}}
        await self._tx.processes.start(ELIMINATION_PROCESS, f"{stage}/{team}", "awaiting-jobs", **due)
        process = await self._tx.processes.get(ELIMINATION_PROCESS, f"{stage}/{team}")
        assert process is not None
        # One that a version before had settled waits again.
        await self._tx.processes.move(process, "awaiting-jobs", **due)

    async def stop_waiting(self, stage: str, team: TeamId) -> None:
        """Note that all jobs of a team that left in `stage` are settled."""
        process = await self._tx.processes.get(ELIMINATION_PROCESS, f"{stage}/{team}")
        if process is not None:
            await self._tx.processes.finish(process, "settled")

    async def figures(self) -> LedgerFigures:
        """What a check of the whole ledger looks at; at one instant in a read-only transaction."""
        unbalanced = await self._tx.fetch(
            """SELECT t.id, coalesce(sum(p.amount), 0)::bigint AS total
            FROM ledger_transaction t LEFT JOIN posting p ON p.transaction_id = t.id
            GROUP BY t.id HAVING coalesce(sum(p.amount), 0) <> 0 OR count(p.account) < 2"""
        )
        sums = await self._tx.fetch(
            "SELECT account AS name, unit, sum(amount)::bigint AS balance FROM posting GROUP BY account, unit"
        )
        kept = await self._tx.fetch("SELECT name, unit, balance FROM account")
        return LedgerFigures(
            transactions=int(await self._tx.fetchval("SELECT count(*) FROM ledger_transaction")),
            sums=balances_of(sums),
            kept=balances_of(kept),
            unbalanced={row["id"]: row["total"] for row in unbalanced},
        )

    async def publish(self, event: GrantsEvent) -> None:
        """Tell others, by the outbox."""
        await self._tx.publish(wire.event_message(event))

"""What intake keeps, over one transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from intake import wire
from intake.domain.application import Application, ApplicationId, ApplicationState, Receipt, from_document
from intake.domain.call import Call, CallId, CallState, TeamId
from intake.domain.eligibility import state_after
from intake.handlers import CALL_PROCESS, OWNER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from asyncpg import Record
    from common.database import Transaction

    from intake.domain.eligibility import EligibilityCheck
    from intake.handlers import Announcement

_CALL = "SELECT call_id, title_ko, title_en, opens_at, closes_at, requires_students, state, position FROM call"
# The last verdict on each check of each application's version, as one JSON object {check: passed}.
_APPLICATION = """
SELECT a.*, coalesce((
    SELECT jsonb_object_agg(last.check_name, last.passed)
    FROM (
        SELECT DISTINCT ON (check_name) check_name, passed FROM eligibility e
        WHERE e.application_id = a.application_id AND e.version = a.version
        ORDER BY check_name, e.position DESC
    ) AS last
), '{}') AS verdicts
FROM application a"""


class IntakeStore:
    """Implements the handlers' `Records` and what reads need."""

    def __init__(self, tx: Transaction) -> None:
        """Use `tx` for everything."""
        self._tx = tx

    async def call(self, call_id: CallId, *, locked: bool = False) -> Call | None:
        """Return a call; `locked` keeps it from being moved until the transaction ends."""
        row = await self._tx.fetchrow(f"{_CALL} WHERE call_id = $1{' FOR SHARE' if locked else ''}", call_id)
        return None if row is None else _call(row)

    async def call_to_move(self, call_id: CallId) -> Call | None:
        """Return a call once nobody hands in to it any more."""
        row = await self._tx.fetchrow(f"{_CALL} WHERE call_id = $1 FOR UPDATE", call_id)
        return None if row is None else _call(row)

    async def add_call(self, call: Call) -> bool:
        """Keep a new call; return `False` where its id is taken."""
        added = await self._tx.fetchval(
            "INSERT INTO call (call_id, title_ko, title_en, opens_at, closes_at, requires_students, state)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (call_id) DO NOTHING RETURNING true",
            call.call_id,
            call.title_ko,
            call.title_en,
            call.opens_at,
            call.closes_at,
            call.requires_students,
            call.state.value,
        )
        return bool(added)

    async def move_call(self, call_id: CallId, state: CallState) -> None:
        """Change the state of a call."""
        await self._tx.execute("UPDATE call SET state = $2 WHERE call_id = $1", call_id, state.value)

    async def calls(self, after: int, limit: int) -> tuple[list[Call], int | None]:
        """Return up to `limit` calls after a position, oldest first, and where the next page begins."""
        rows = await self._tx.fetch(f"{_CALL} WHERE position > $1 ORDER BY position LIMIT $2", after, limit + 1)
        return [_call(row) for row in rows[:limit]], _next(rows, limit)

    async def current(self, identity: ApplicationId, *, locked: bool = False) -> Application | None:
        """Return the current version; `locked` lets nobody else add one until the transaction ends."""
        if locked:  # the first version has no row to lock yet
            await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"application:{identity}")
        row = await self._tx.fetchrow(
            f"{_APPLICATION} WHERE a.application_id = $1 ORDER BY a.version DESC LIMIT 1", identity
        )
        return None if row is None else _application(row)

    async def applications(self, call_id: CallId, after: str, limit: int) -> tuple[list[Application], str | None]:
        """Return up to `limit` current versions after a team id, by team id, and where the next page begins."""
        rows = await self._tx.fetch(
            f'{_APPLICATION} WHERE a.call_id = $1 AND a.team_id COLLATE "C" > $2'
            " AND a.version = (SELECT max(version) FROM application m WHERE m.application_id = a.application_id)"
            ' ORDER BY a.team_id COLLATE "C" LIMIT $3',
            call_id,
            after,
            limit + 1,
        )
        return [_application(row) for row in rows[:limit]], rows[limit - 1]["team_id"] if len(rows) > limit else None

    async def receipt(self, identity: ApplicationId, version: int) -> Receipt:
        """Return the receipt of a version that exists."""
        row = await self._tx.fetchrow(
            "SELECT * FROM application WHERE application_id = $1 AND version = $2", identity, version
        )
        assert row is not None
        return _receipt(row)

    async def receipts(self, call_id: str, after: int, limit: int) -> tuple[list[Receipt], int | None]:
        """Return up to `limit` receipts after a position in order of receipt; an empty `call_id` means all calls."""
        rows = await self._tx.fetch(
            "SELECT * FROM application WHERE ($1 = '' OR call_id = $1) AND position > $2 ORDER BY position LIMIT $3",
            call_id,
            after,
            limit + 1,
        )
        return [_receipt(row) for row in rows[:limit]], _next(rows, limit)

    async def add_version(self, application: Application, receipt: Receipt) -> None:
        """Keep a version with its receipt."""
        await self._tx.execute(
            "INSERT INTO application (application_id, version, call_id, team_id, application_json, application_sha256,"
            " received_at, event_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            application.application_id,
            application.version,
            application.content.call_id,
            application.content.team_id,
            receipt.application_json,
            receipt.application_sha256,
            receipt.received_at,
            receipt.event_id,
        )

    async def standings(self, call_id: CallId) -> dict[TeamId, ApplicationState]:
        """Return the state of each team's current version."""
        rows = await self._tx.fetch(
            f"{_APPLICATION} WHERE a.call_id = $1"
            " AND a.version = (SELECT max(version) FROM application m WHERE m.application_id = a.application_id)",
            call_id,
        )
        return {TeamId(row["team_id"]): state_after(row["verdicts"]) for row in rows}

    async def verdicts(self, identity: ApplicationId, version: int) -> dict[str, bool]:
        """Return the last verdict on each check of a version."""
        rows = await self._tx.fetch(
            "SELECT DISTINCT ON (check_name) check_name, passed FROM eligibility"
            " WHERE application_id = $1 AND version = $2 ORDER BY check_name, position DESC",
            identity,
            version,
        )
        return {row["check_name"]: row["passed"] for row in rows}

    async def add_verdict(self, check: EligibilityCheck, version: int) -> None:
        """Keep a verdict."""
        await self._tx.execute(
            "INSERT INTO eligibility (application_id, version, check_name, passed, evidence, recorded_at, recorded_by)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            check.application_id,
            version,
            check.check,
            check.passed,
            check.evidence,
            self._tx.now,
            self._tx.actor,
        )

    async def watch_call(self, call_id: CallId, state: CallState, wake_at: datetime, deadline: datetime) -> None:
        """Have the call moved on from `state` at `wake_at`; staff hear of it past `deadline`."""
        await self._tx.processes.start(
            CALL_PROCESS, call_id, state.value, owner=OWNER, wake_at=wake_at, deadline=deadline
        )

    async def publish(self, event: Announcement) -> UUID:
        """Add `event` to the outbox; return the event's id."""
        return await self._tx.publish(wire.event_message(event))


def _next(rows: Sequence[Record], limit: int) -> int | None:
    return int(rows[limit - 1]["position"]) if len(rows) > limit else None


def _call(row: Record) -> Call:
    return Call(
        call_id=CallId(row["call_id"]),
        title_ko=row["title_ko"],
        title_en=row["title_en"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        requires_students=row["requires_students"],
        state=CallState(row["state"]),
    )


def _application(row: Record) -> Application:
    return from_document(json.loads(row["application_json"]), state_after(row["verdicts"]))


def _receipt(row: Record) -> Receipt:
    return Receipt(
        application_id=ApplicationId(row["application_id"]),
        version=row["version"],
        application_sha256=row["application_sha256"],
        received_at=row["received_at"],
        application_json=row["application_json"],
        event_id=str(row["event_id"]),
    )

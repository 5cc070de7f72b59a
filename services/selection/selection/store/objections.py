"""Objections and cases, and who the original assessors of a stage were."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from selection import wire
from selection.handlers import PROCEEDING_PROCESS
from selection.store.objection_rows import (
    COLUMNS,
    evidence_values,
    finding_values,
    proceeding_of,
    proceeding_values,
    sheet_values,
)
from selection.store.rows import facts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from asyncpg import Record
    from common.database import Transaction

    from selection.domain.objection_events import ProceedingEvent
    from selection.domain.objection_grounds import Kind
    from selection.domain.objection_proceeding import Proceeding

_NAMES: Final = ", ".join(COLUMNS)
_PLACES: Final = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 1))
_CHANGES: Final = ", ".join(f"{name} = ${number}" for number, name in enumerate(COLUMNS, start=1) if name != "id")
_PARTS: Final = {"evidence": "number", "finding": "position", "fresh": "position", "fresh_sheet": "position"}


class ObjectionStore:
    """Implements the handlers' `ObjectionRecords`."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx

    async def tell(self, event: ProceedingEvent) -> None:
        """Tell others, by the outbox."""
        await self._tx.publish(wire.proceeding_event(event))

    async def count_proceedings(self, stage_id: str, kind: Kind) -> int:
        """How many of a kind were filed in a stage."""
        number = await self._tx.fetchval(
            "SELECT count(*) FROM proceeding WHERE stage_id = $1 AND kind = $2", stage_id, kind.value
        )
        return int(number)

    async def proceeding(self, proceeding_id: str) -> Proceeding | None:
        """A proceeding, whole; `None` where none has this id."""
        found = await self.proceedings_of(
            await self._tx.fetch(f"SELECT {_NAMES} FROM proceeding WHERE id = $1", proceeding_id)
        )
        return found[0] if found else None

    async def proceedings(self, stage_id: str) -> list[Proceeding]:
        """All proceedings of a stage, in order of filing."""
        return await self.proceedings_of(
            await self._tx.fetch(f"SELECT {_NAMES} FROM proceeding WHERE stage_id = $1 ORDER BY position", stage_id)
        )

    async def proceedings_of(self, rows: list[Record]) -> list[Proceeding]:
        """The proceedings of these rows, each with its parts."""
        ids = [row["id"] for row in rows]
        parts: dict[str, dict[str, list[Record]]] = defaultdict(lambda: {part: [] for part in _PARTS})
        for part, order in _PARTS.items():
            for each in await self._tx.fetch(
                f"SELECT * FROM proceeding_{part} WHERE proceeding_id = ANY($1) ORDER BY {order}", ids
            ):
                parts[each["proceeding_id"]][part].append(each)
        return [proceeding_of(row, parts[row["id"]]) for row in rows]

    async def add_proceeding(self, found: Proceeding) -> None:
        """Keep a new proceeding, before its first step."""
        await self._tx.execute(f"INSERT INTO proceeding ({_NAMES}) VALUES ({_PLACES})", *proceeding_values(found))

    async def save_proceeding(self, found: Proceeding, step: str) -> None:
        """Keep what a step changed, with the step itself, and note who must act and when it is overdue."""
        await self._tx.execute(f"UPDATE proceeding SET {_CHANGES} WHERE id = $1", *proceeding_values(found))
        await self._tx.execute(
            "INSERT INTO proceeding_step VALUES ($1, $2, $3, $4, $5, $6, $7)",
            found.id,
            found.sequence,
            step,
            found.state.value,
            self._tx.now,
            self._tx.actor,
            found.due,
        )
        await self._add_parts(found)
        await self._schedule(found)

    async def add_original_assessors(self, stage_id: str, source: str, people: Collection[str]) -> None:
        """Keep who stood behind a source of measurements or a gate; those known stay."""
        await self._tx.execute(
            "INSERT INTO original_assessor SELECT $1, $2, unnest($3::text[]), $4 ON CONFLICT DO NOTHING",
            stage_id,
            source,
            list(people),
            self._tx.now,
        )

    async def original_assessors(self, stage_id: str) -> Mapping[str, Collection[str]]:
        """Who is on record so, and who scored again in an earlier proceeding, by source or gate."""
        rows = await self._tx.fetch(
            "SELECT source_id, person_id FROM original_assessor WHERE stage_id = $1"
            " UNION SELECT sheet.source_id || sheet.gate, scorer_id FROM proceeding_fresh_sheet sheet"
            " JOIN proceeding ON proceeding.id = proceeding_id WHERE stage_id = $1 AND outcome = 'rescored'",
            stage_id,
        )
        found: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            found[row["source_id"]].append(row["person_id"])
        return found

    async def team_people(self, stage_id: str) -> Collection[str]:
        """People who acted for a team of the stage, as far as is known."""
        rows = await self._tx.fetch(
            "SELECT waived_by AS person FROM objection_waiver WHERE stage_id = $1"
            " UNION SELECT recorded_by FROM rule_set_consent JOIN rule_set_change ON id = change_id"
            " WHERE stage_id = $1 AND by_team"
            " UNION SELECT filed_by FROM proceeding WHERE stage_id = $1 AND kind = 'objection'"
            " UNION SELECT replied_by FROM proceeding WHERE stage_id = $1 AND kind = 'case'"
            " UNION SELECT added_by FROM proceeding_evidence JOIN proceeding ON id = proceeding_id"
            " WHERE stage_id = $1 AND (kind = 'objection') = (party = 'applicant')",
            stage_id,
        )
        return {row["person"] for row in rows if row["person"]}

    async def _add_parts(self, found: Proceeding) -> None:
        await self._tx.connection.executemany(
            "INSERT INTO proceeding_evidence VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            [(found.id, *evidence_values(each)) for each in found.evidence],
        )
        await self._tx.connection.executemany(
            "INSERT INTO proceeding_finding (proceeding_id, round, member_id, remedy, reason, found_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            [(found.id, *finding_values(each)) for each in found.findings],
        )
        await self._tx.connection.executemany(
            "INSERT INTO proceeding_fresh (proceeding_id, source_id, gate, scorers) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT DO NOTHING",
            [(found.id, each.source, each.gate, list(each.scorers)) for each in found.fresh],
        )
        await self._tx.connection.executemany(
            "INSERT INTO proceeding_fresh_sheet"
            " (proceeding_id, source_id, gate, scorer_id, given, judgements, provenance)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            [(found.id, *sheet_values(each)) for each in found.sheets],
        )

    async def _schedule(self, found: Proceeding) -> None:
        processes = self._tx.processes
        await processes.start(PROCEEDING_PROCESS, found.id, found.state.value, owner=found.owner)
        process = await processes.get(PROCEEDING_PROCESS, found.id)
        assert process is not None
        if not found.is_open:
            await processes.finish(process, found.state.value)
            return
        await processes.move(
            process,
            found.state.value,
            owner=found.owner,
            wake_at=found.wake_at,
            deadline=found.alarm_at,
            data={"waits": facts_of(found.waits)},
        )


class Step(NamedTuple):
    """A step of a proceeding: what happened, the state since `at` and until when (`due`) it may last. UTC."""

    sequence: int
    step: str
    state: str
    at: datetime
    actor: str
    due: datetime | None


class ObjectionViews:
    """What is read only of objections and cases, and never locked."""

    def __init__(self, tx: Transaction) -> None:
        """Read in `tx`."""
        self._tx = tx

    async def proceeding(self, proceeding_id: str) -> Proceeding | None:
        """A proceeding, whole; `None` where none has this id."""
        return await ObjectionStore(self._tx).proceeding(proceeding_id)

    async def proceeding_steps(self, proceeding_id: str) -> list[Step]:
        """The steps of a proceeding, oldest first."""
        rows = await self._tx.fetch(
            f"SELECT {', '.join(Step._fields)} FROM proceeding_step WHERE proceeding_id = $1 ORDER BY sequence",
            proceeding_id,
        )
        return [Step(*row) for row in rows]

    async def version_sha256(self, stage_id: str, version: int) -> str:
        """SHA-256 of a version of a stage's decision, lower-case hex."""
        digest: str = await self._tx.fetchval(
            "SELECT sha256 FROM decision WHERE stage_id = $1 AND version = $2", stage_id, version
        )
        return digest

    async def proceeding_page(
        self, stage_id: str, open_only: bool, after: int, limit: int
    ) -> tuple[list[Proceeding], int | None]:
        """Up to `limit` proceedings, of all stages if `stage_id` is empty, after a position, and where the next are."""
        rows = await self._tx.fetch(
            f"SELECT {_NAMES}, position FROM proceeding WHERE ($1 = '' OR stage_id = $1)"
            " AND (NOT $2 OR state <> 'closed') AND position > $3 ORDER BY position LIMIT $4",
            stage_id,
            open_only,
            after,
            limit + 1,
        )
        found = await ObjectionStore(self._tx).proceedings_of(rows[:limit])
        return found, rows[limit - 1]["position"] if len(rows) > limit else None

"""A process that dies before its commit, at every step of a stage: what it began never was, and is done again."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from client.stack.postgres import create_databases, with_database
from selection.store import SelectionStore

from tests.builders.selection_cases import Selection, decided_stage_one, opened

AFTER = datetime(2026, 1, 26, tzinfo=UTC)


class DiedError(Exception):
    """The end of a process."""


class Dying(Selection):
    """Every use case dies once when all is done but the commit."""

    deaths = 0

    async def write(self, use_case: Any, *arguments: Any, actor: str = "kim", **named: Any) -> Any:
        with suppress(DiedError):
            async with self.database.transaction(actor=actor) as tx:
                await use_case(*arguments, SelectionStore(tx), **named)
                self.deaths += 1
                raise DiedError
        return await super().write(use_case, *arguments, actor=actor, **named)


async def life(selection: Selection) -> tuple[Any, ...]:
    """Stage 1 until it is final; all that is known of it then."""
    await decided_stage_one(selection)
    await selection.go_to(AFTER)
    async with selection.database.transaction(readonly=True) as tx:
        said = await tx.fetch("SELECT type, aggregateid, payload, created_at FROM outbox ORDER BY seq")
        history = await tx.fetch("SELECT * FROM stage_history ORDER BY id, sequence")
        processes = await tx.fetch("SELECT kind, id, state, owner, wake_at, deadline FROM process ORDER BY kind, id")
    return [tuple(row) for row in said], [tuple(row) for row in history], [tuple(row) for row in processes]


async def test_a_life_with_a_death_at_every_step_is_the_same_life(fresh_database_url: str, postgres_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        undisturbed = await life(selection)
    name = f"deaths_{uuid4().hex[:8]}"
    create_databases(postgres_url, (name,))
    async with opened(with_database(postgres_url, name)) as selection:
        dying = Dying(selection.database, selection.clock)
        assert await life(dying) == undisturbed
        assert dying.deaths > 20
        stage = await dying.stage("stage-1")
        assert (stage.state, stage.final_at.ToDatetime(UTC)) == ("final", datetime(2026, 1, 25, 15, tzinfo=UTC))

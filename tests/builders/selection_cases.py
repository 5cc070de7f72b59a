"""Selection's use cases in one database, at instants that a test sets: the model programme and its first stage."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from common.clock import FixedClock
from common.database import Database
from rules import Inputs, load_inputs
from selection import handlers, wire
from selection.app import MIGRATIONS
from selection.domain.deciding import ScoringClose
from selection.store import SelectionStore, SelectionViews

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dokpamo.selection.v1 import service_pb2
    from selection.domain.stage import Stage

PROGRAMME = files("client") / "programmes" / "sovereign-ai"
STAGES = {
    "written-review": ("call-2025", ()),
    "presentation": ("", ("written-review",)),
    "stage-1": ("", ("presentation",)),
    "added-call": ("call-2026", ()),
    "stage-2": ("", ("stage-1", "added-call")),
}


def document(stage: str) -> str:
    return (PROGRAMME / "rule-sets" / f"{stage}.yaml").read_text(encoding="utf-8")


def inputs(stage: str) -> Inputs:
    return load_inputs((PROGRAMME / "scores" / f"{stage}.yaml").read_text(encoding="utf-8"))


WOKEN = {handlers.STAGE_PROCESS: handlers.step, handlers.OVERRIDE_PROCESS: handlers.expire_override}


class Selection:
    """The service's use cases in one database, at an instant that the test sets."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock

    async def write(self, use_case: Any, *arguments: Any) -> Any:
        async with self.database.transaction() as tx:
            return await use_case(*arguments, SelectionStore(tx))

    async def publish(self, stage: str, text: str | None = None) -> str:
        kept = await self.write(handlers.publish_rule_set, text or document(stage))
        await self.write(handlers.freeze_rule_set, kept.sha256)
        call, sources = STAGES[stage]
        await self.write(handlers.plan_stage, stage, kept.sha256, call, sources)
        return str(kept.sha256)

    async def give(self, stage: str, given: Inputs) -> None:
        sheets = defaultdict(list)
        for score in given.scores():
            sheets[score.source, score.assessor].append(score)
        at = self.clock.now()
        for (source, _), scores in sheets.items():
            await self.write(handlers.take_scores, stage, source, scores, at)
        measured = defaultdict(list)
        for measurement in given.measurements:
            measured[measurement.source].append(measurement)
        for source, measurements in measured.items():
            await self.write(handlers.take_scores, stage, source, measurements, at)
        handed_in = Counter(source for source, _ in sheets)
        handed_in.update({source: len(measurements) for source, measurements in measured.items()})
        closes_at = (await self.kept_stage(stage)).closes_at
        await self.write(handlers.close_scoring, stage, ScoringClose(closes_at, handed_in))

    async def kept_stage(self, stage: str) -> Stage:
        async with self.database.transaction(readonly=True) as tx:
            found = await SelectionViews(tx).stage(stage)
        assert found is not None
        return found[1]

    async def judge(self, stage: str, given: Inputs) -> None:
        for verdict in given.verdicts:
            await self.write(handlers.record_verdict, stage, verdict)

    async def go_to(self, instant: datetime) -> None:
        """Move the clock through every instant at which something is due, up to `instant`."""
        while True:
            async with self.database.transaction() as tx:
                row = await tx.fetchrow(
                    "SELECT kind, id, wake_at FROM process WHERE wake_at <= $1 ORDER BY wake_at, id LIMIT 1", instant
                )
                if row is None:
                    break
                self.clock.set(max(self.clock.now(), row["wake_at"]))
                await tx.execute(
                    "UPDATE process SET wake_at = NULL WHERE kind = $1 AND id = $2", row["kind"], row["id"]
                )
            await self.write(WOKEN[row["kind"]], row["id"])
        self.clock.set(instant)

    async def stage(self, stage: str) -> service_pb2.Stage:
        async with self.database.transaction(readonly=True) as tx:
            found = await SelectionViews(tx).stage(stage)
            decision = await SelectionViews(tx).decision(stage)
        assert found is not None
        return wire.stage_message(*found, decision[0] if decision else None)

    async def documents(self, stage: str) -> tuple[bytes, bytes]:
        async with self.database.transaction(readonly=True) as tx:
            found = await SelectionViews(tx).decision(stage)
        assert found is not None
        return found[0].inputs, found[0].document

    async def said(self, kind: type) -> list[Any]:
        async with self.database.transaction(readonly=True) as tx:
            rows = await tx.fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", kind.DESCRIPTOR.full_name)  # type: ignore[attr-defined] # every event has one
        return [kind.FromString(row["payload"]) for row in rows]  # type: ignore[attr-defined] # as above


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Selection]:
    clock = FixedClock(datetime(2025, 6, 20, 0, tzinfo=UTC))
    async with Database(url, "selection", MIGRATIONS, clock) as database:
        yield Selection(database, clock)


DECIDES = datetime(2026, 1, 15, 6, tzinfo=UTC)
STAGE_ONE_BY_CALL = document("stage-1").replace("eligibility: {advanced_from: [presentation]}", "eligibility: {}")


async def stage_one(selection: Selection, teams: Any, text: str = STAGE_ONE_BY_CALL) -> None:
    """Stage 1 opened with these teams, entering by a call."""
    selection.clock.set(datetime(2025, 11, 20, 1, tzinfo=UTC))
    kept = await selection.write(handlers.publish_rule_set, text)
    await selection.write(handlers.freeze_rule_set, kept.sha256)
    await selection.write(handlers.plan_stage, "stage-1", kept.sha256, "call", ())
    await selection.write(handlers.close_call, "call", teams)
    await selection.go_to(datetime(2026, 1, 5, tzinfo=UTC))

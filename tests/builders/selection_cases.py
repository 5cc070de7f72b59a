"""Selection's use cases in one database, at instants that a test sets: the model programme and its first stage."""

from __future__ import annotations

import re
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


WOKEN = {
    handlers.STAGE_PROCESS: handlers.step,
    handlers.OVERRIDE_PROCESS: handlers.expire_override,
    handlers.PROCEEDING_PROCESS: handlers.expire_proceeding,
}


class Selection:
    """The service's use cases in one database, at an instant that the test sets."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock

    async def write(self, use_case: Any, *arguments: Any, actor: str = "kim", **named: Any) -> Any:
        async with self.database.transaction(actor=actor) as tx:
            return await use_case(*arguments, SelectionStore(tx), **named)

    async def read(self, view: str, *arguments: Any, **named: Any) -> Any:
        async with self.database.transaction(readonly=True) as tx:
            return await getattr(SelectionViews(tx), view)(*arguments, **named)

    async def freeze(self, text: str) -> str:
        kept = await self.write(handlers.publish_rule_set, text)
        await self.write(handlers.freeze_rule_set, kept.sha256)
        return str(kept.sha256)

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
        for comparison in given.comparisons:
            await self.write(handlers.take_scores, stage, comparison.source, [comparison], at)
        await self.close_scoring(stage, given)

    async def close_scoring(self, stage: str, given: Inputs) -> None:
        """Say, as evaluation does, that this is all for the stage's last instant for scores."""
        sheets = {(score.source, score.assessor) for score in given.scores()}
        handed_in = Counter(source for source, _ in sheets)
        handed_in.update(each.source for each in given.measurements)
        handed_in.update(each.source for each in given.comparisons)
        closes_at = (await self.kept_stage(stage)).closes_at
        await self.write(handlers.close_scoring, stage, ScoringClose(closes_at, handed_in))

    async def kept_stage(self, stage: str) -> Stage:
        found = await self.read("stage", stage)
        kept: Stage = found[1]
        return kept

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

    async def stage(self, stage: str, as_of: datetime | None = None) -> service_pb2.Stage:
        found = await self.read("stage", stage, as_of)
        known = await self.read("decision", stage, as_of)
        assert found is not None
        place, kept = found
        return wire.stage_message(place, kept, known.record if known else None)

    async def documents(self, stage: str) -> tuple[bytes, bytes]:
        known = await self.read("decision", stage)
        return known.record.inputs, known.record.document

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
STAGE_ONE_BY_CALL = document("stage-1").replace(
    "eligibility: {advanced_from: [presentation]}", "eligibility: {newcomers_may_apply: true}"
)


async def stage_one(selection: Selection, teams: Any, text: str = STAGE_ONE_BY_CALL) -> None:
    """Stage 1 opened with these teams, entering by a call."""
    selection.clock.set(datetime(2025, 11, 20, 1, tzinfo=UTC))
    kept = await selection.write(handlers.publish_rule_set, text)
    await selection.write(handlers.freeze_rule_set, kept.sha256)
    await selection.write(handlers.plan_stage, "stage-1", kept.sha256, "call", ())
    await selection.write(handlers.close_call, "call", teams)
    await selection.go_to(datetime(2026, 1, 5, tzinfo=UTC))


def version(text: str, number: int, **changes: str) -> str:
    """A later version of a rule set, with other dates or other text where `changes` says so."""
    text = re.sub(r"(?m)^version: \d+$", f"version: {number}", text, count=1)
    for name, value in changes.items():
        before = next(line for line in text.splitlines() if line.strip().startswith(f"{name}: "))
        text = text.replace(before, f"{before.split(name)[0]}{name}: {value}", 1)
    return text


async def decided_stage_one(selection: Selection, text: str = STAGE_ONE_BY_CALL) -> None:
    """Stage 1 scored, judged by a panel's minute, and decided: its objection window is open."""
    given = inputs("stage-1")
    await stage_one(selection, given.entrants, text)
    await selection.give("stage-1", given)
    await selection.judge("stage-1", given)
    await selection.go_to(DECIDES)


def waits(stage: service_pb2.Stage) -> dict[str, dict[str, str]]:
    """What a stage waits for: facts by code."""
    return {each.code: dict(each.facts) for each in stage.waits}

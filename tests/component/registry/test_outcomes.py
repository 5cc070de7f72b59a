"""Final stages: the version that each team had then is kept with the outcome, and shown in the catalogue."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from client.sdk.checkpoints import push
from common.consumer import Consumers, Limits
from common.errors import TransientError
from common.instants import stamp
from common.topics import TopicProvisioner
from dokpamo.registry.v1 import service_pb2 as pb
from dokpamo.selection.v1 import events_pb2 as selection
from registry.domain.checkpoint import TeamId
from registry.domain.outcome import FinalDecision, Outcome
from registry.events import subscriptions
from registry.handlers import StageCloseUnknownError, conclude
from registry.store.outcomes import OutcomeStore
from registry.wire import REASONS

from tests.builders.delivery import eventually, platform
from tests.builders.registry_service import TEAM, checkpoint_folder, declaration

if TYPE_CHECKING:
    from pathlib import Path

    from google.protobuf.message import Message

    from tests.builders.registry_service import RunningRegistry

RULES, LATER_RULES = "a" * 64, "b" * 64
OTHER = "kt"


@dataclass
class Told:
    """A registry that hears decisions; `push` keeps what it commits by team and model."""

    registry: RunningRegistry
    folder: Path
    committed: dict[tuple[str, str], list[pb.Checkpoint]] = field(default_factory=dict)

    async def push(self, team: str, model: str = "solar") -> pb.Checkpoint:
        """A new version of a team's model."""
        async with self.registry.client("consortium", team=team) as client:
            said = declaration()
            made = await push(client, self.folder, team_id=team, model=model, declaration=said)
        self.committed.setdefault((team, model), []).append(made)
        return made

    async def closes(self, stage: str, at: datetime, rules: str = RULES) -> None:
        """Tell when a stage closes for scores."""
        async with self.registry.database.transaction() as tx:
            await OutcomeStore(tx).note_close(stage, rules, at)

    async def decide(self, stage: str, version: int, rules: str = RULES, **outcomes: str) -> None:
        """Tell a final decision."""
        said = {TeamId(team): Outcome(outcome) for team, outcome in outcomes.items()}
        async with self.registry.database.transaction() as tx:
            await conclude(FinalDecision(stage, rules, version, said), OutcomeStore(tx))

    async def outcomes(self, checkpoint: pb.Checkpoint) -> list[tuple[str, str, int]]:
        """What a checkpoint says of stages, as staff and its team read it."""
        request = pb.GetCheckpointRequest(checkpoint_digest=checkpoint.checkpoint_digest)
        async with self.registry.client("staff") as staff:
            found = (await staff.GetCheckpoint(request)).checkpoint
        async with self.registry.client("consortium", team=found.team_id) as team:
            listed = (await team.ListCheckpoints(pb.ListCheckpointsRequest(team_id=found.team_id))).checkpoints
        # The version of the name may have come between the two answers.
        (same,) = (each for each in listed if each.checkpoint_digest == found.checkpoint_digest)
        assert same.outcomes == found.outcomes
        return [(each.stage_id, each.outcome, each.decision_version) for each in found.outcomes]

    async def aliased(self, model: str, alias: str, **tags: str) -> str:
        """The version that an alias names, once it has these tags of the stage that it is called by."""
        wanted = {f"dokpamo.{alias}.{key}": value for key, value in tags.items()}
        names = self.registry.names

        async def shown() -> str | None:
            if (model, alias) not in names.aliases:
                return None
            version, said = names.aliased(model, alias)
            return version if wanted.items() <= said.items() else None

        return str(await eventually(shown))

    async def waiting(self) -> int:
        """How many outcomes are not shown yet."""
        async with self.registry.database.transaction() as tx:
            return int(
                await tx.fetchval("SELECT count(*) FROM process WHERE kind = 'mark-outcome' AND finished_at IS NULL")
            )

    async def all_shown(self) -> bool:
        """Whether every outcome is shown and no task is left."""
        async with self.registry.database.transaction() as tx:
            left = await tx.fetchval("SELECT count(*) FROM task WHERE kind = 'mark-outcome' AND state <> 'done'")
        return int(left) + await self.waiting() == 0


@pytest.fixture
async def told(registry: RunningRegistry, tmp_path: Path) -> Told:
    return Told(registry, checkpoint_folder(tmp_path / "checkpoint"))


def now() -> datetime:
    return datetime.now(UTC)


async def test_the_last_version_before_the_close_is_kept_and_shown_with_the_outcome(told: Told) -> None:
    before = await told.push(TEAM)
    last = await told.push(TEAM, "solar-open")
    theirs = await told.push(OTHER)
    await told.closes("stage-1", now())
    after = await told.push(TEAM)
    await told.decide("stage-1", 1, **{TEAM: "advanced", OTHER: "eliminated", "lunit": "eliminated"})
    assert await told.outcomes(before) == await told.outcomes(after) == []
    assert await told.outcomes(last) == [("stage-1", "advanced", 1)]
    assert await told.outcomes(theirs) == [("stage-1", "eliminated", 1)]
    assert await told.aliased(f"{TEAM}.solar-open", "stage-1", outcome="advanced", decision_version="1") == "1"
    assert await told.aliased(f"{OTHER}.solar", "stage-1", outcome="eliminated", decision_version="1") == "1"
    await eventually(told.all_shown)
    decided = {(model, alias) for model, alias in told.registry.names.aliases if alias == "stage-1"}
    assert decided == {(f"{TEAM}.solar-open", "stage-1"), (f"{OTHER}.solar", "stage-1")}


async def test_a_later_version_of_the_decision_is_followed_and_a_late_earlier_one_is_not(told: Told) -> None:
    await told.push(TEAM)
    kept = await told.push(TEAM)
    await told.closes("stage-1", now())
    await told.decide("stage-1", 1, **{TEAM: "advanced"})
    await told.push(TEAM)
    for version, outcome in ((2, "eliminated"), (2, "eliminated"), (1, "advanced")):
        await told.decide("stage-1", version, **{TEAM: outcome})
    assert await told.outcomes(kept) == [("stage-1", "eliminated", 2)]
    assert await told.aliased(f"{TEAM}.solar", "stage-1", outcome="eliminated", decision_version="2") == "2"
    await eventually(told.all_shown)
    assert told.registry.names.aliased(f"{TEAM}.solar", "stage-1")[1]["dokpamo.stage-1.outcome"] == "eliminated"


async def test_one_version_may_be_that_of_several_stages(told: Told) -> None:
    kept = await told.push(TEAM)
    for stage, outcome in (("stage-1", "eliminated"), ("added-call", "advanced")):
        await told.closes(stage, now())
        await told.decide(stage, 1, **{TEAM: outcome})
    assert await told.outcomes(kept) == [("stage-1", "eliminated", 1), ("added-call", "advanced", 1)]
    assert await told.aliased(f"{TEAM}.solar", "stage-1", outcome="eliminated") == "1"
    assert await told.aliased(f"{TEAM}.solar", "added-call", outcome="advanced") == "1"


async def test_an_outcome_is_shown_although_the_catalogue_was_away_and_waits_for_the_name(told: Told) -> None:
    told.registry.names.away = [TransientError("away")]
    kept = await told.push(TEAM)
    await told.closes("stage-1", now())
    await told.decide("stage-1", 1, **{TEAM: "advanced"})
    assert await told.outcomes(kept) == [("stage-1", "advanced", 1)]
    assert await told.aliased(f"{TEAM}.solar", "stage-1", outcome="advanced") == "1"
    told.registry.names.away = [TransientError("away")]
    await told.decide("stage-1", 2, **{TEAM: "eliminated"})
    assert await told.aliased(f"{TEAM}.solar", "stage-1", outcome="eliminated") == "1"
    await eventually(told.all_shown)
    assert told.registry.names.away == []


async def test_what_was_shown_of_a_version_that_gave_way_meanwhile_is_shown_again(told: Told) -> None:
    kept, names = await told.push(TEAM), told.registry.names
    await told.closes("stage-1", now())
    begun, free, mark = asyncio.Event(), asyncio.Event(), names.mark_version

    async def slowly(model: str, version: str, alias: str, tags: Any) -> None:
        if tags["dokpamo.stage-1.decision_version"] == "1":
            begun.set()
            await free.wait()
        await mark(model, version, alias, tags)

    names.mark_version = slowly  # type: ignore[method-assign]  # the first call is slow, no other behaviour
    await told.decide("stage-1", 1, **{TEAM: "advanced"})
    await begun.wait()
    await told.decide("stage-1", 2, **{TEAM: "eliminated"})
    assert await told.aliased(f"{TEAM}.solar", "stage-1", outcome="eliminated") == "1"
    free.set()
    await eventually(told.all_shown)
    assert await told.aliased(f"{TEAM}.solar", "stage-1", outcome="eliminated", decision_version="2") == "1"
    assert await told.outcomes(kept) == [("stage-1", "eliminated", 2)]


async def test_a_decision_waits_for_the_close_of_its_own_rule_set(told: Told) -> None:
    with pytest.raises(StageCloseUnknownError):
        await told.decide("stage-1", 1, **{TEAM: "advanced"})
    await told.push(TEAM)
    early = now()
    kept = await told.push(TEAM)
    await told.closes("stage-1", early)
    with pytest.raises(StageCloseUnknownError):
        await told.decide("stage-1", 1, LATER_RULES, **{TEAM: "advanced"})
    await told.closes("stage-1", now(), LATER_RULES)
    await told.decide("stage-1", 1, LATER_RULES, **{TEAM: "advanced"})
    assert await told.outcomes(kept) == [("stage-1", "advanced", 1)]


async def test_events_of_selection_are_heard_in_any_order(told: Told, kafka_bootstrap: list[str]) -> None:
    settings, registry, stage = platform(kafka_bootstrap), told.registry, f"stage-{uuid4().hex[:8]}"
    kept = await told.push(TEAM)
    opened = selection.StageOpened(stage_id=stage, rule_set_sha256=RULES, closes_at=stamp(now() - timedelta(days=1)))
    changed = selection.RuleSetChanged(stage_id=stage, new_sha256=LATER_RULES, closes_at=stamp(now()))
    final = selection.DecisionFinalized(stage_id=stage, rule_set_sha256=LATER_RULES, advanced=[TEAM], version=1)
    again = selection.DecisionFinalized(
        stage_id=stage,
        rule_set_sha256=LATER_RULES,
        eliminated=[selection.Elimination(team_id=TEAM, reason="override")],
        version=2,
    )
    # A cluster that other tests share may have stages of theirs that nobody opened.
    limits = Limits(parked=1_000_000)
    async with AsyncExitStack() as parts:
        await parts.enter_async_context(TopicProvisioner(settings))
        heard = subscriptions(OutcomeStore)
        await parts.enter_async_context(
            Consumers(settings, registry.database, heard, REASONS, registry.database.clock, limits=limits)
        )
        for topic, event in (("decision", final), ("stage", opened), ("stage", changed)):
            await send(kafka_bootstrap, topic, stage, event)
        assert await told.aliased(f"{TEAM}.solar", stage, outcome="advanced", decision_version="1") == "1"
        await send(kafka_bootstrap, "decision", stage, again)
        assert await told.aliased(f"{TEAM}.solar", stage, outcome="eliminated", decision_version="2") == "1"
    assert await told.outcomes(kept) == [(stage, "eliminated", 2)]


async def send(bootstrap: list[str], aggregate: str, key: str, message: Message) -> None:
    headers = {
        "ce_id": str(uuid4()),
        "ce_type": message.DESCRIPTOR.full_name,
        "ce_source": "/dokpamo/selection",
        "ce_time": now().isoformat(),
    }
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(
            f"dokpamo.selection.{aggregate}.v1",
            message.SerializeToString(),
            key=key.encode(),
            headers=[(name, value.encode()) for name, value in headers.items()],
        )

"""Evaluation on a real PostgreSQL, called over gRPC; events are handed to its own subscriptions."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from client.stack.ports import free_ports
from common.auth import Authenticator, DevelopmentIssuer
from common.clock import FixedClock
from common.database import Database
from common.errors import Refused
from common.grpc import Client, GrpcServer, connect
from common.ray_jobs import JobInfo, JobState, RayUnavailableError
from common.received import Received
from common.worker import Worker
from dokpamo.common.v1 import provenance_pb2
from dokpamo.evaluation.v1 import service_pb2 as pb
from dokpamo.registry.v1 import events_pb2 as registry
from dokpamo.selection.v1 import events_pb2 as selection
from evaluation.app import MIGRATIONS, SERVICE
from evaluation.events import Events, Tasks
from evaluation.grpc_api import EvaluationApi
from evaluation.handlers.runs import Bench, CheckpointSource, PartSource
from evaluation.settings import Settings
from evaluation.store import PanelStore, RunStore, TargetStore
from evaluation.wire import REASONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from common.database import Transaction
    from google.protobuf.message import Message

NOW = datetime(2026, 6, 30, 3, tzinfo=UTC)
STAGE = "stage-2"
TEAMS = ("lg-ai-research", "upstage")
EVENTS = Events(PanelStore, RunStore)


class FakeCluster:
    """Every job succeeds at once with the same figures, or fails with one exit status."""

    def __init__(self, exit_code: int = 0) -> None:
        self.exit_code = exit_code
        self.away = False
        self.jobs: dict[str, dict[str, str]] = {}

    async def submit(
        self, submission_id: str, entrypoint: str, env: Mapping[str, str], *, num_gpus: float = 0, num_cpus: float = 1
    ) -> None:
        assert entrypoint.endswith("-m scale_model evaluate")
        assert (num_gpus, num_cpus) == (0, 0.5)
        self.jobs[submission_id] = dict(env)

    async def status(self, submission_id: str) -> JobInfo | None:
        if self.away:
            raise RayUnavailableError("http://ray", "refused")
        if submission_id not in self.jobs:
            return None
        state = JobState.FAILED if self.exit_code else JobState.SUCCEEDED
        return JobInfo(state, NOW, NOW, "", self.exit_code, failed_by_cluster=False)

    async def logs(self, submission_id: str) -> str:
        if self.exit_code:
            return f"{submission_id}: no such file\n"
        return 'RESULT {"items": 1000, "accuracy": "0.4125", "bits_per_byte": "3.1010"}\n'


class Checkpoints:
    async def sources(self, checkpoint_digest: str) -> tuple[CheckpointSource, ...]:
        return (
            CheckpointSource(
                "model.safetensors", 8, checkpoint_digest, (PartSource(0, 8, checkpoint_digest, "http://store/x"),)
            ),
        )


@dataclass(frozen=True)
class Evaluation:
    """The running service and its callers."""

    database: Database
    clock: FixedClock
    cluster: FakeCluster
    issuer: DevelopmentIssuer
    address: str
    channels: AsyncExitStack

    async def as_(self, subject: str, role: str) -> Client:
        token = self.issuer.issue(subject, [role])
        return Client(await self.channels.enter_async_context(connect(self.address, lambda: token)), SERVICE)

    async def hear(self, message: Message) -> None:
        handlers: dict[type[Message], Callable[[Any, Transaction], Awaitable[None]]] = {
            selection.StagePlanned: EVENTS.on_stage_planned,
            selection.StageOpened: EVENTS.on_stage_opened,
            selection.RuleSetChanged: EVENTS.on_rule_set_changed,
            selection.DecisionProvisional: EVENTS.on_decision,
            registry.CheckpointCommitted: EVENTS.on_checkpoint,
        }
        name = message.DESCRIPTOR.full_name
        event = Received(uuid4(), name, "/dokpamo/x", "key", NOW, "service:x", message, b"", "topic", 0, 0, {})
        async with self.database.transaction() as tx:
            await handlers[type(message)](event, tx)

    async def events(self, kind: type[Any]) -> list[Any]:
        async with self.database.transaction() as tx:
            rows = await tx.fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", kind.DESCRIPTOR.full_name)
        return [kind.FromString(row["payload"]) for row in rows]

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        async def no_wait(_seconds: float) -> None:
            await asyncio.sleep(0)

        tasks = Tasks(self.database, Bench(self.cluster, Checkpoints(), "python3", no_wait), RunStore)
        async with Worker(self.database, self.database.clock, tasks.handlers(), on_failed=tasks.on_failed()):
            yield


@asynccontextmanager
async def running_evaluation(tmp_path: Path, fresh_database_url: str) -> AsyncIterator[Evaluation]:
    """Evaluation with all its parts that need no Kafka; its cluster is in memory."""
    issuer = DevelopmentIssuer.create(tmp_path / "issuer.pem")
    (tmp_path / "keys.json").write_text(json.dumps(issuer.key_set()))
    (port,) = free_ports(1)
    settings = Settings(
        environment="embedded",
        database_url=fresh_database_url,
        kafka_bootstrap=["127.0.0.1:1"],
        grpc_listen=f"127.0.0.1:{port}",
        token_keys=tmp_path / "keys.json",
        ray_address="http://127.0.0.1:1",
    )
    clock = FixedClock(NOW)
    database = Database(fresh_database_url, "evaluation", MIGRATIONS, clock)
    api = EvaluationApi(PanelStore, TargetStore, RunStore)
    authenticator = Authenticator(settings.token_keys, allow_development=True)
    async with AsyncExitStack() as parts:
        await parts.enter_async_context(database)
        await parts.enter_async_context(GrpcServer(settings, database, {SERVICE: api}, REASONS, clock, authenticator))
        channels = await parts.enter_async_context(AsyncExitStack())
        yield Evaluation(database, clock, FakeCluster(), issuer, settings.grpc_listen, channels)


def opened() -> selection.StageOpened:
    return selection.StageOpened(
        stage_id=STAGE,
        rule_set_sha256="ab" * 32,
        team_ids=TEAMS,
        sources=[
            selection.ScoreSource(
                source_id="expert", kind="sheets", criteria=["plan", "skill"], minimum="0", maximum="10", panel_size=2
            ),
            selection.ScoreSource(
                source_id="aaii", kind="measurement", criteria=["index"], minimum="0", maximum="100", panel_size=0
            ),
        ],
    )


def rows(value: str = "7.5") -> list[pb.ScoreRow]:
    return [pb.ScoreRow(team_id=team, criterion=name, value=value) for team in TEAMS for name in ("plan", "skill")]


def sheet(assessor: str, given: list[pb.ScoreRow]) -> pb.SubmitScoreSheetRequest:
    return pb.SubmitScoreSheetRequest(
        request_id=str(uuid4()),
        stage_id=STAGE,
        source_id="expert",
        assessor_id=assessor,
        rows=given,
        provenance=provenance_pb2.PROVENANCE_SYNTHETIC,
    )


def measured(team: str, value: str = "37.4") -> pb.RecordMeasurementsRequest:
    return pb.RecordMeasurementsRequest(
        request_id=str(uuid4()),
        stage_id=STAGE,
        source_id="aaii",
        rows=[pb.ScoreRow(team_id=team, criterion="index", value=value)],
        provenance=provenance_pb2.PROVENANCE_PUBLISHED,
        origin="AAII, edition 2026-06",
    )


async def seat(evaluation: Evaluation) -> None:
    staff = await evaluation.as_("kim", "staff")
    await staff.SeatPanel(
        pb.SeatPanelRequest(request_id=str(uuid4()), stage_id=STAGE, source_id="expert", assessor_ids=["bora", "anne"])
    )


async def refusal(answer: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        await answer
    assert {"field", "value"} <= refused.value.facts.keys()
    return refused.value

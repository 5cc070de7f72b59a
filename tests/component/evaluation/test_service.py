"""Evaluation on a real PostgreSQL, called over gRPC; events are handed to its own subscriptions."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from client.stack.ports import free_ports
from common.auth import Authenticator, DevelopmentIssuer
from common.clock import FixedClock
from common.database import Database
from common.errors import AwaitedError, Refused
from common.grpc import Client, GrpcServer, connect
from common.ray_jobs import JobInfo, JobState
from common.received import Received
from common.tasks import Worker
from dokpamo.common.v1 import provenance_pb2
from dokpamo.evaluation.v1 import events_pb2
from dokpamo.evaluation.v1 import service_pb2 as pb
from dokpamo.registry.v1 import events_pb2 as registry
from dokpamo.selection.v1 import events_pb2 as selection
from evaluation.app import MIGRATIONS, SERVICE
from evaluation.events import Events, Tasks
from evaluation.grpc_api import EvaluationApi
from evaluation.handlers.runs import Bench, CheckpointSource
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
        self.jobs: dict[str, dict[str, str]] = {}

    async def submit(
        self, submission_id: str, entrypoint: str, env: Mapping[str, str], *, num_gpus: float = 0, num_cpus: float = 1
    ) -> None:
        assert entrypoint.endswith("-m scale_model evaluate")
        assert (num_gpus, num_cpus) == (0, 0.5)
        self.jobs[submission_id] = dict(env)

    async def status(self, submission_id: str) -> JobInfo | None:
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
        return (CheckpointSource("model.safetensors", 8, checkpoint_digest, "http://store/x"),)


@dataclass(frozen=True)
class Evaluation:
    """The running service and its callers."""

    database: Database
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


@pytest.fixture
async def evaluation(tmp_path: Path, fresh_database_url: str) -> AsyncIterator[Evaluation]:
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
        yield Evaluation(database, FakeCluster(), issuer, settings.grpc_listen, channels)


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


async def test_seated_assessors_hand_in_sheets_until_the_stage_is_complete(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await seat(evaluation)
    for name in ("anne", "bora"):
        assessor = await evaluation.as_(name, "assessor")
        assert (await assessor.SubmitScoreSheet(sheet(name, rows()))).sheet_id == f"{STAGE}/expert/{name}"
    body = await evaluation.as_("testing", "testing_body")
    await body.RecordMeasurements(measured("upstage"))
    staff = await evaluation.as_("kim", "staff")
    found = (await staff.GetCompleteness(pb.GetCompletenessRequest(stage_id=STAGE))).sources
    assert [(each.source_id, each.present, each.required) for each in found] == [("aaii", 1, 2), ("expert", 2, 2)]
    sheets = await evaluation.events(events_pb2.ScoreSheetSubmitted)
    assert [each.assessor_id for each in sheets] == ["anne", "bora"]
    assert {each.provenance for each in sheets} == {provenance_pb2.PROVENANCE_SYNTHETIC}
    (panel,) = await evaluation.events(events_pb2.PanelSeated)
    assert list(panel.assessor_ids) == ["anne", "bora"]
    (values,) = await evaluation.events(events_pb2.MeasurementsRecorded)
    assert (values.rows[0].value, values.origin) == ("37.4", "AAII, edition 2026-06")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (rows("NaN"), "SCORE_NOT_A_NUMBER"),
        (rows("-Infinity"), "SCORE_NOT_A_NUMBER"),
        (rows("10.5"), "SCORE_OUT_OF_RANGE"),
        (rows()[:3], "SHEET_INCOMPLETE"),
        ([*rows(), pb.ScoreRow(team_id="nobody", criterion="plan", value="1")], "TEAM_UNKNOWN"),
        ([*rows(), pb.ScoreRow(team_id="upstage", criterion="looks", value="1")], "CRITERION_UNKNOWN"),
    ],
)
async def test_a_bad_sheet_is_refused_by_code_and_can_be_handed_in_again(
    evaluation: Evaluation, given: list[pb.ScoreRow], code: str
) -> None:
    await evaluation.hear(opened())
    await seat(evaluation)
    anne = await evaluation.as_("anne", "assessor")
    assert (await refusal(anne.SubmitScoreSheet(sheet("anne", given)))).code == code
    await anne.SubmitScoreSheet(sheet("anne", rows()))


async def test_a_second_sheet_and_one_without_a_seat_are_refused(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await seat(evaluation)
    anne, carl = await evaluation.as_("anne", "assessor"), await evaluation.as_("carl", "assessor")
    await anne.SubmitScoreSheet(sheet("anne", rows()))
    assert (await refusal(anne.SubmitScoreSheet(sheet("anne", rows("1"))))).code == "SHEET_ALREADY_SUBMITTED"
    assert (await refusal(carl.SubmitScoreSheet(sheet("carl", rows())))).code == "ASSESSOR_NOT_SEATED"
    assert len(await evaluation.events(events_pb2.ScoreSheetSubmitted)) == 1


async def test_two_sheets_of_one_assessor_at_the_same_moment_are_one(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await seat(evaluation)
    anne = await evaluation.as_("anne", "assessor")
    answers = await asyncio.gather(
        *(anne.SubmitScoreSheet(sheet("anne", rows())) for _ in range(5)), return_exceptions=True
    )
    assert sorted(getattr(each, "code", "kept") for each in answers) == ["SHEET_ALREADY_SUBMITTED"] * 4 + ["kept"]


async def test_a_measured_value_is_recorded_once(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    body = await evaluation.as_("testing", "testing_body")
    await body.RecordMeasurements(measured("upstage"))
    assert (await refusal(body.RecordMeasurements(measured("upstage", "99")))).code == "MEASUREMENT_ALREADY_RECORDED"
    await body.RecordMeasurements(measured("lg-ai-research"))


async def test_a_stage_takes_scores_only_between_its_opening_and_its_decision(evaluation: Evaluation) -> None:
    body = await evaluation.as_("testing", "testing_body")
    assert (await refusal(body.RecordMeasurements(measured("upstage")))).code == "STAGE_NOT_OPEN"
    await evaluation.hear(selection.StagePlanned(stage_id=STAGE, rule_set_sha256="ab" * 32))
    assert (await refusal(body.RecordMeasurements(measured("upstage")))).code == "STAGE_NOT_OPEN"
    with pytest.raises(AwaitedError):
        await evaluation.hear(selection.DecisionProvisional(stage_id=STAGE))
    await evaluation.hear(opened())
    await body.RecordMeasurements(measured("upstage"))
    await evaluation.hear(selection.DecisionProvisional(stage_id=STAGE))
    refused = await refusal(body.RecordMeasurements(measured("lg-ai-research")))
    assert (refused.code, "decided" in refused.facts["rule"]) == ("STAGE_NOT_OPEN", True)


def reference(name: str, value: str, day: str) -> pb.ReferenceModel:
    return pb.ReferenceModel(
        model_id=name,
        organisation="org",
        family=name,
        releases=[pb.Release(kind="api", date=day, source="publisher")],
        scores=[pb.ReferenceScore(index="AAII", edition="2026-06", value=value, source="index")],
        provenance=provenance_pb2.PROVENANCE_PUBLISHED,
    )


def pin(target: str = "stage-2") -> pb.PinTargetRequest:
    return pb.PinTargetRequest(
        request_id=str(uuid4()),
        target_id=target,
        stage_id=STAGE,
        index="AAII",
        edition="2026-06",
        as_of="2026-06-30",
        window_months=6,
        release_kind="api",
        ratio="0.95",
        candidates=[
            pb.CandidateScore(team_id="upstage", value="37.4", declared_model_id="open"),
            pb.CandidateScore(team_id="lg-ai-research", value="31.0"),
        ],
    )


async def load(evaluation: Evaluation, *models: pb.ReferenceModel) -> pb.ImportReferenceModelsResponse:
    staff = await evaluation.as_("kim", "staff")
    request = pb.ImportReferenceModelsRequest(request_id=str(uuid4()), models=models)
    answer: pb.ImportReferenceModelsResponse = await staff.ImportReferenceModels(request)
    return answer


async def test_a_pinned_target_keeps_both_ratios_and_a_snapshot_that_proves_it(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await load(
        evaluation,
        reference("frontier", "63.1", "2025-12-30"),
        reference("open", "59.7", "2026-06-30"),
        reference("old", "90", "2025-12-29"),
    )
    staff = await evaluation.as_("kim", "staff")
    target = (await staff.PinTarget(pin())).target
    assert (target.best_model_id, target.threshold, target.window_from) == ("frontier", "59.945", "2025-12-30")
    ratios = {each.team_id: (each.ratio_to_best, each.ratio_to_declared) for each in target.candidates}
    assert ratios == {"upstage": ("0.5927", "0.6265"), "lg-ai-research": ("0.4913", "")}
    assert sha256(target.snapshot_json).hexdigest() == target.snapshot_sha256
    assert [each["model_id"] for each in json.loads(target.snapshot_json)["references"]] == ["frontier", "open"]
    assert list((await staff.ListTargets(pb.ListTargetsRequest())).targets) == [target]
    assert [each.target for each in await evaluation.events(events_pb2.TargetPinned)] == [target]
    assert (await refusal(staff.PinTarget(pin()))).code == "TARGET_TAKEN"


async def test_a_later_fact_does_not_change_a_pinned_target(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await load(evaluation, reference("frontier", "63.1", "2026-05-01"), reference("open", "59.7", "2026-05-01"))
    staff = await evaluation.as_("kim", "staff")
    first = (await staff.PinTarget(pin("before"))).target
    await load(evaluation, reference("late", "80", "2026-06-01"))
    assert (await staff.PinTarget(pin("after"))).target.best_model_id == "late"
    assert (await staff.ListTargets(pb.ListTargetsRequest())).targets[0] == first


async def test_a_target_without_a_reference_in_its_window_is_refused(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await load(evaluation, reference("old", "90", "2025-12-29"))
    staff = await evaluation.as_("kim", "staff")
    refused = await refusal(staff.PinTarget(pin()))
    assert (refused.code, refused.facts["value"]) == ("NO_REFERENCE_IN_WINDOW", "2025-12-30..2026-06-30")


async def test_an_import_adds_extends_and_refuses_what_contradicts(evaluation: Evaluation) -> None:
    known = reference("frontier", "63.1", "2026-05-01")
    assert (await load(evaluation, known)).added == 1
    again = await load(evaluation, known)
    assert (again.added, again.extended) == (0, 0)
    more = reference("frontier", "63.1", "2026-05-01")
    more.scores[0].edition = "2026-07"
    assert (await load(evaluation, more, reference("open", "5", "2026-01-01"))).extended == 1
    assert (await refusal(load(evaluation, reference("frontier", "63.1", "2026-05-02")))).code == "REFERENCE_CONFLICT"
    assert (await refusal(load(evaluation, reference("new", "NaN", "2026-05-02")))).code == "SCORE_NOT_A_NUMBER"
    assert (await refusal(load(evaluation, reference("new", "1", "2026-02-30")))).code == "DAY_INVALID"
    staff = await evaluation.as_("kim", "staff")
    page = await staff.ListReferenceModels(pb.ListReferenceModelsRequest(page_size=1))
    rest = await staff.ListReferenceModels(pb.ListReferenceModelsRequest(page_token=page.next_page_token))
    assert [(each.model_id, len(each.scores)) for each in [*page.models, *rest.models]] == [
        ("frontier", 2),
        ("open", 1),
    ]
    assert len(await evaluation.events(events_pb2.ReferenceModelsImported)) == 2


def committed() -> registry.CheckpointCommitted:
    event = registry.CheckpointCommitted(checkpoint_digest="cd" * 32)
    event.checkpoint.team_id = "upstage"
    event.checkpoint.declaration.period = "2025-h2"
    return event


async def ended_run(evaluation: Evaluation) -> pb.BenchmarkRun:
    client = await evaluation.as_("kim", "staff")
    async with evaluation.working(), asyncio.timeout(20):
        while True:
            (run,) = (await client.ListBenchmarkRuns(pb.ListBenchmarkRunsRequest())).runs
            if run.state in {"completed", "failed"}:
                return run  # type: ignore[no-any-return]  # clients are built from descriptors
            await asyncio.sleep(0.05)


async def test_a_committed_checkpoint_is_measured_once_however_often_it_is_announced(evaluation: Evaluation) -> None:
    await evaluation.hear(committed())
    await evaluation.hear(committed())
    run = await ended_run(evaluation)
    assert (run.state, run.items, run.accuracy, run.bits_per_byte) == ("completed", 1000, "0.4125", "3.1010")
    assert (run.team_id, run.period, run.suite) == ("upstage", "2025-h2", "next-byte")
    assert list(evaluation.cluster.jobs) == [run.run_id]
    (finished,) = await evaluation.events(events_pb2.BenchmarkRunFinished)
    assert finished.run == run


async def test_a_run_whose_job_is_invalid_fails_with_the_jobs_last_words(evaluation: Evaluation) -> None:
    evaluation.cluster.exit_code = 2
    await evaluation.hear(committed())
    run = await ended_run(evaluation)
    assert (run.state, run.accuracy) == ("failed", "")
    assert "no such file" in run.reason
    (finished,) = await evaluation.events(events_pb2.BenchmarkRunFinished)
    assert finished.run == run

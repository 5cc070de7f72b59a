"""Selection and grants as real processes on a real Kafka and PostgreSQL: stage 1 is decided, its support is booked."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from client.stack.ports import free_ports
from client.stack.postgres import create_databases, with_database
from common.auth import DevelopmentIssuer
from common.clock import VirtualClockFile
from common.errors import Refused
from common.grpc import Client, connect
from common.instants import stamp
from dokpamo.evaluation.v1 import events_pb2 as evaluation
from dokpamo.evaluation.v1 import service_pb2 as evaluation_service
from dokpamo.grants.v1 import service_pb2 as grants_pb2
from dokpamo.intake.v1 import events_pb2 as intake
from dokpamo.selection.v1 import service_pb2 as pb
from rules import Inputs, load_inputs, load_rule_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMME = files("client") / "programmes" / "sovereign-ai"
# Stage 1 alone: its five teams enter by a call.
DOCUMENT = (
    (PROGRAMME / "rule-sets" / "stage-1.yaml")
    .read_text(encoding="utf-8")
    .replace("eligibility: {advanced_from: [presentation]}", "eligibility: {newcomers_may_apply: true}")
)
RULES = load_rule_set(DOCUMENT)


def stage_one() -> Inputs:
    return load_inputs((PROGRAMME / "scores" / "stage-1.yaml").read_text(encoding="utf-8"))


@contextmanager
def process(name: str, folder: Path, bootstrap: list[str], database_url: str) -> Iterator[str]:
    """`python -m <name>` until the end of the block; yields its address."""
    (port,) = free_ports(1)
    environment = os.environ | {
        "DOKPAMO_ENVIRONMENT": "embedded",
        "DOKPAMO_DATABASE_URL": database_url,
        "DOKPAMO_KAFKA_BOOTSTRAP": ",".join(bootstrap),
        "DOKPAMO_GRPC_LISTEN": f"127.0.0.1:{port}",
        "DOKPAMO_TOKEN_KEYS": str(folder / "keys.json"),
        "DOKPAMO_VIRTUAL_CLOCK": str(folder / "clock"),
    }
    with (folder / f"{name}.log").open("wb") as log:
        started = subprocess.Popen([sys.executable, "-m", name], env=environment, stdout=log, stderr=log)
        try:
            yield f"127.0.0.1:{port}"
        finally:
            started.terminate()
            assert started.wait(30) == 0, (folder / f"{name}.log").read_text()[-4000:]


def messages(given: Inputs) -> list[tuple[str, str, Any]]:
    """Topic, key and event of everything that intake and evaluation say of stage 1."""
    closed = intake.CallClosed(call_id="call", team_ids=given.entrants)
    found: list[tuple[str, str, Any]] = [("dokpamo.intake.call.v1", "call", closed)]
    sheets = defaultdict(list)
    for score in given.scores():
        row = evaluation_service.ScoreRow(team_id=score.team, criterion=score.criterion, value=str(score.value))
        sheets[score.source, score.assessor].append(row)
    for (source, assessor), rows in sheets.items():
        key = f"stage-1/{source}/{assessor}"
        sheet = evaluation.ScoreSheetSubmitted(
            sheet_id=key, stage_id="stage-1", source_id=source, assessor_id=assessor, rows=rows
        )
        found.append(("dokpamo.evaluation.sheet.v1", key, sheet))
    measured = defaultdict(list)
    for each in given.measurements:
        row = evaluation_service.ScoreRow(team_id=each.team, criterion=each.criterion, value=str(each.value))
        measured[each.source].append(row)
    for source, rows in measured.items():
        told = evaluation.MeasurementsRecorded(stage_id="stage-1", source_id=source, rows=rows)
        found.append(("dokpamo.evaluation.measurement.v1", "stage-1", told))
    handed_in = Counter(source for source, _ in sheets)
    handed_in.update({source: len(rows) for source, rows in measured.items()})
    tallies = [evaluation.SourceTally(source_id=source, handed_in=number) for source, number in handed_in.items()]
    ended = evaluation.ScoringClosed(stage_id="stage-1", closes_at=stamp(RULES.dates.closes), tallies=tallies)
    found.append(("dokpamo.evaluation.scoring.v1", "stage-1", ended))
    return found


CALL_CLOSED, SCORED = "2025-07-21T07:00:00+00:00", "2026-01-05T01:00:00+00:00"
"""When what intake and evaluation say was raised: before the stage opened, and after."""


async def send(bootstrap: list[str], said: list[tuple[str, str, Any]]) -> None:
    """Send events as the relays of their owners do."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all")
    await producer.start()
    try:
        for topic, key, message in said:
            headers = {
                "ce_id": str(uuid4()),
                "ce_type": message.DESCRIPTOR.full_name,
                "ce_source": "/dokpamo/test",
                "ce_actor": "staff",
                "ce_time": CALL_CLOSED if topic == "dokpamo.intake.call.v1" else SCORED,
            }
            sent = [(name, value.encode()) for name, value in headers.items()]
            await producer.send_and_wait(topic, message.SerializeToString(), key=key.encode(), headers=sent)
    finally:
        await producer.stop()


async def stage_in(client: Client, state: str, seconds: float = 60.0) -> Any:
    """Stage 1 once it is in this state."""
    async with asyncio.timeout(seconds):
        while True:
            stage = (await client.GetStage(pb.GetStageRequest(stage_id="stage-1"))).stage
            if stage.state == state:
                return stage
            await asyncio.sleep(0.2)


async def ready(client: Client, request: Any, rpc: str) -> None:
    """Return when the service answers."""
    async with asyncio.timeout(90):
        while True:
            try:
                await getattr(client, rpc)(request)
            except Refused as refused:
                if refused.status.name not in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
                    raise
                await asyncio.sleep(0.3)
            else:
                return


async def booked(grants: Client, seconds: float = 60.0) -> Any:
    """The check of the ledger once something is in it."""
    async with asyncio.timeout(seconds):
        while True:
            check = await grants.CheckLedger(grants_pb2.CheckLedgerRequest())
            if check.transactions:
                return check
            await asyncio.sleep(0.2)


async def refused_document(client: Client) -> Refused:
    """What a rule set gets whose points do not sum."""
    wrong = pb.PublishRuleSetRequest(request_id=str(uuid4()), document=DOCUMENT.replace("points: 35", "points: 34", 1))
    with pytest.raises(Refused) as refused:
        await client.PublishRuleSet(wrong)
    return refused.value


async def plan(client: Client) -> None:
    """Publish, freeze, and plan stage 1 under it."""
    request = pb.PublishRuleSetRequest(request_id=str(uuid4()), document=DOCUMENT)
    digest = (await client.PublishRuleSet(request)).rule_set.rule_set_sha256
    await client.FreezeRuleSet(pb.FreezeRuleSetRequest(request_id=str(uuid4()), rule_set_sha256=digest))
    planning = pb.OpenStageRequest(
        request_id=str(uuid4()), stage_id="stage-1", rule_set_sha256=digest, from_call_id="call"
    )
    assert (await client.OpenStage(planning)).stage.state == "planned"


async def judge(client: Client, given: Inputs) -> None:
    """Record the verdicts of the gate."""
    for verdict in given.verdicts:
        request = pb.RecordGateVerdictRequest(
            request_id=str(uuid4()),
            stage_id="stage-1",
            team_id=verdict.team,
            gate=verdict.gate,
            passed=verdict.passed,
            reason=verdict.reason,
            judged_by=verdict.judged_by,
        )
        await client.RecordGateVerdict(request)


async def decided_stage_one(client: Client, clock: VirtualClockFile, bootstrap: list[str]) -> Any:
    """Stage 1 from its planning to its decision, with events as intake and evaluation raise them."""
    given = stage_one()
    said = messages(given)
    await plan(client)
    await send(bootstrap, said[:1])
    clock.advance(RULES.dates.opens)
    await stage_in(client, "collecting")
    await send(bootstrap, said[1:])
    await judge(client, given)
    clock.advance(RULES.dates.decides)
    return await stage_in(client, "objection")


async def run_stage_one(client: Client, clock: VirtualClockFile, bootstrap: list[str]) -> Any:
    """Stage 1 from its planning to its end."""
    await decided_stage_one(client, clock, bootstrap)
    clock.advance(RULES.dates.decides + timedelta(days=11))
    return await stage_in(client, "final")


@pytest.mark.timeout(400)  # it starts Kafka, PostgreSQL and two services
async def test_stage_one_is_decided_and_its_support_booked_by_the_running_services(
    kafka_bootstrap: list[str], fresh_database_url: str, postgres_url: str, tmp_path: Path
) -> None:
    name = f"grants_{uuid4().hex[:8]}"
    create_databases(postgres_url, (name,))
    issuer = DevelopmentIssuer.create(tmp_path / "issuer.pem")
    (tmp_path / "keys.json").write_text(json.dumps(issuer.key_set()))
    clock = VirtualClockFile(tmp_path / "clock")
    clock.create()
    clock.advance(RULES.dates.published)
    with (
        process("selection", tmp_path, kafka_bootstrap, fresh_database_url) as selection_address,
        process("grants", tmp_path, kafka_bootstrap, with_database(postgres_url, name)) as grants_address,
    ):
        staff = connect(selection_address, lambda: issuer.issue("kim", ["staff"]))
        grants_staff = connect(grants_address, lambda: issuer.issue("kim", ["staff"]))
        async with staff as channel, grants_staff as grants_channel:
            client = Client(channel, "dokpamo.selection.v1.SelectionService")
            grants = Client(grants_channel, "dokpamo.grants.v1.GrantsService")
            await ready(client, pb.ListStagesRequest(), "ListStages")
            await ready(grants, grants_pb2.CheckLedgerRequest(), "CheckLedger")
            refusal = await refused_document(client)
            final = await run_stage_one(client, clock, kafka_bootstrap)
            decision = await client.GetDecision(pb.GetDecisionRequest(stage_id="stage-1"))
            check = await booked(grants)
            balances = await grants.GetBalances(grants_pb2.GetBalancesRequest(team_id="upstage"))

    assert refusal.code == "RULE_SET_INVALID"
    assert {"field", "value", "rule", "violations"} <= refusal.facts.keys()
    assert decision.decision_sha256 == final.decision_sha256
    assert [(each.team_id, each.rank, each.outcome, each.reason) for each in final.standings] == [
        ("lg-ai-research", 1, "advanced", ""),
        ("sk-telecom", 2, "advanced", ""),
        ("upstage", 3, "advanced", ""),
        ("naver-cloud", 4, "eliminated", "gate"),
        ("nc-ai", 5, "eliminated", "rank"),
    ]
    assert final.standings[0].total == "90.2"
    support = RULES.consequences.support
    assert support is not None
    assert support.gpu is not None
    seconds = int((support.gpu.valid_to - support.gpu.valid_from).total_seconds())
    assert (check.balanced, list(check.findings)) == (True, [])
    assert {each.account: each.amount for each in balances.balances} == {
        "upstage:granted": support.gpu.b200_equivalent * seconds,
        "upstage:data": support.data_krw,
    }

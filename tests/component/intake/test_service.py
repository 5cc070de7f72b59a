"""Intake on a real PostgreSQL, called over gRPC; its timers run by a clock that the test moves."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from client.stack.ports import free_ports
from common.auth import Authenticator, DevelopmentIssuer
from common.clock import FixedClock
from common.database import Database
from common.errors import Refused
from common.grpc import Client, GrpcServer, connect
from common.timers import Timers
from dokpamo.intake.v1 import events_pb2
from dokpamo.intake.v1 import service_pb2 as pb
from intake import handlers
from intake.app import MIGRATIONS, SERVICE
from intake.domain.application import application_id
from intake.domain.call import CallId, TeamId
from intake.domain.eligibility import EligibilityCheck
from intake.events import timers
from intake.grpc_api import IntakeApi
from intake.settings import Settings
from intake.store import IntakeStore
from intake.wire import REASONS, to_content

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CALL = "sovereign-ai-2025"
OPENS = datetime(2025, 6, 19, 15, tzinfo=UTC)
CLOSES = datetime(2025, 7, 21, 7, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Intake:
    """The running service and its callers."""

    clock: FixedClock
    database: Database
    clients: dict[str, Client]

    def team(self, name: str = "upstage") -> Client:
        return self.clients[name]

    @property
    def staff(self) -> Client:
        return self.clients["staff"]

    async def events(self, kind: type[Any]) -> list[Any]:
        async with self.database.transaction() as tx:
            rows = await tx.fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", kind.DESCRIPTOR.full_name)
        return [kind.FromString(row["payload"]) for row in rows]

    async def state_becomes(self, state: str) -> None:
        async with asyncio.timeout(20):
            while True:
                if (await self.staff.GetCall(pb.GetCallRequest(call_id=CALL))).call.state == state:
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(folder: Path, url: str) -> AsyncIterator[Intake]:
    issuer = DevelopmentIssuer.create(folder / "issuer.pem")
    (folder / "keys.json").write_text(json.dumps(issuer.key_set()))
    (port,) = free_ports(1)
    settings = Settings(
        environment="embedded",
        database_url=url,
        kafka_bootstrap=["127.0.0.1:1"],
        grpc_listen=f"127.0.0.1:{port}",
        token_keys=folder / "keys.json",
    )
    clock = FixedClock(OPENS - timedelta(days=1))
    database = Database(url, "intake", MIGRATIONS, clock)
    authenticator = Authenticator(settings.token_keys, allow_development=True)
    tokens = {"staff": issuer.issue("kim", ["staff"])}
    tokens |= {name: issuer.issue(f"{name}-member", ["consortium"], name) for name in ("upstage", "lg-ai-research")}
    async with AsyncExitStack() as parts:
        await parts.enter_async_context(database)
        await parts.enter_async_context(Timers(database, clock, timers(IntakeStore)))
        api = IntakeApi(IntakeStore)
        await parts.enter_async_context(GrpcServer(settings, database, {SERVICE: api}, REASONS, clock, authenticator))
        clients = {}
        for name, token in tokens.items():
            channel = await parts.enter_async_context(connect(settings.grpc_listen, partial(str, token)))
            clients[name] = Client(channel, SERVICE)
        yield Intake(clock, database, clients)


@pytest.fixture
async def intake(tmp_path: Path, fresh_database_url: str) -> AsyncIterator[Intake]:
    async with running(tmp_path, fresh_database_url) as service:
        call = pb.Call(call_id=CALL, title_ko="공고", title_en="Call", requires_students=True)
        call.opens_at.FromDatetime(OPENS)
        call.closes_at.FromDatetime(CLOSES)
        await service.staff.OpenCall(pb.OpenCallRequest(request_id=str(uuid4()), call=call))
        yield service


def submission(team: str = "upstage", request_id: str = "", **changes: Any) -> pb.SubmitApplicationRequest:
    application = pb.Application(
        call_id=CALL,
        team_id=team,
        lead_ko="업스테이지",
        lead_en="Upstage",
        participants=[pb.Participant(organisation="KAIST", kind="university", students=2)],
        plan="plan",
        contribution_plan="open weights",
        target_model="frontier",
        wished_gpus=512,
        documents=[pb.Document(name="plan.pdf", sha256="ab" * 32, size_bytes=5)],
        synthetic=True,
    )
    for name, value in changes.items():
        setattr(application, name, value)
    return pb.SubmitApplicationRequest(request_id=request_id or str(uuid4()), team_id=team, application=application)


async def refusal(answer: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        await answer
    assert {"field", "value", "rule"} <= refused.value.facts.keys()
    return refused.value


async def test_a_receipt_proves_itself_and_its_event_is_published(intake: Intake) -> None:
    intake.clock.set(OPENS)
    receipt = (await intake.team().SubmitApplication(submission())).receipt
    assert receipt.application_sha256 == sha256(receipt.application_json).hexdigest()
    assert json.loads(receipt.application_json)["lead_ko"] == "업스테이지"
    assert receipt.received_at.ToDatetime(UTC) == OPENS
    (event,) = await intake.events(events_pb2.ApplicationSubmitted)
    assert event.receipt.event_id == ""
    assert event.receipt.application_sha256 == receipt.application_sha256
    async with intake.database.transaction() as tx:
        assert (
            str(await tx.fetchval("SELECT id FROM outbox WHERE type LIKE '%ApplicationSubmitted'")) == receipt.event_id
        )
    kept = await intake.team().GetApplication(pb.GetApplicationRequest(call_id=CALL, team_id="upstage"))
    assert kept.receipt == receipt


async def test_an_application_is_accepted_until_just_before_the_closing_instant(intake: Intake) -> None:
    intake.clock.set(CLOSES - TICK)
    await intake.team().SubmitApplication(submission())


async def test_a_late_application_is_refused_and_leaves_nothing(intake: Intake) -> None:
    intake.clock.set(CLOSES)
    refused = await refusal(intake.team().SubmitApplication(submission()))
    assert refused.code == "APPLICATION_LATE"
    assert refused.facts["value"] == CLOSES.isoformat()
    assert await intake.events(events_pb2.ApplicationSubmitted) == []


async def test_an_early_application_is_refused(intake: Intake) -> None:
    assert (await refusal(intake.team().SubmitApplication(submission()))).code == "CALL_NOT_OPEN"


async def test_the_same_request_again_is_one_application_and_the_same_receipt(intake: Intake) -> None:
    intake.clock.set(OPENS)
    request = submission(request_id=str(uuid4()))
    first = await intake.team().SubmitApplication(request)
    intake.clock.set(CLOSES + timedelta(days=1))
    assert await intake.team().SubmitApplication(request) == first
    assert len(await intake.events(events_pb2.ApplicationSubmitted)) == 1


async def test_the_same_content_in_a_new_request_is_a_duplicate(intake: Intake) -> None:
    intake.clock.set(OPENS)
    await intake.team().SubmitApplication(submission())
    refused = await refusal(intake.team().SubmitApplication(submission()))
    assert (refused.code, refused.facts["value"]) == ("APPLICATION_DUPLICATE", f"{CALL}/upstage@1")


async def test_a_double_click_with_two_request_ids_is_one_application(intake: Intake) -> None:
    intake.clock.set(OPENS)
    answers = await asyncio.gather(
        *(intake.team().SubmitApplication(submission()) for _ in range(6)), return_exceptions=True
    )
    assert sorted(getattr(each, "code", "kept") for each in answers) == ["APPLICATION_DUPLICATE"] * 5 + ["kept"]


async def test_a_changed_application_is_a_new_version_and_the_old_receipt_stays(intake: Intake) -> None:
    intake.clock.set(OPENS)
    await intake.team().SubmitApplication(submission())
    second = (await intake.team().SubmitApplication(submission(plan="better"))).receipt
    assert second.version == 2
    receipts = (await intake.staff.ListReceipts(pb.ListReceiptsRequest(call_id=CALL))).receipts
    assert [each.version for each in receipts] == [1, 2]
    assert {each.application_json for each in receipts} == {b""}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"team_id": "lg-ai-research"}, "APPLICATION_TEAM_MISMATCH"),
        ({"plan": ""}, "FIELD_EMPTY"),
    ],
)
async def test_a_bad_application_is_refused_by_field_and_rule(
    intake: Intake, changes: dict[str, Any], code: str
) -> None:
    intake.clock.set(OPENS)
    assert (await refusal(intake.team().SubmitApplication(submission(**changes)))).code == code


async def test_students_and_digests_are_checked(intake: Intake) -> None:
    intake.clock.set(OPENS)
    without_students = submission()
    without_students.application.participants[0].students = 0
    assert (await refusal(intake.team().SubmitApplication(without_students))).code == "STUDENTS_MISSING"
    bad_digest = submission()
    bad_digest.application.documents[0].sha256 = "AB" * 32
    refused = await refusal(intake.team().SubmitApplication(bad_digest))
    assert (refused.code, refused.facts["field"]) == ("DOCUMENT_DIGEST_INVALID", "application.documents[0].sha256")


async def test_a_call_opens_and_closes_at_its_instants_and_says_who_counts(intake: Intake) -> None:
    intake.clock.set(OPENS)
    await intake.state_becomes("open")
    for team in ("upstage", "lg-ai-research"):
        await intake.team(team).SubmitApplication(submission(team))
    failed = pb.RecordEligibilityRequest(
        request_id=str(uuid4()), call_id=CALL, team_id="lg-ai-research", check="students-present", evidence="list"
    )
    assert (await intake.staff.RecordEligibility(failed)).state == "ineligible"
    intake.clock.set(CLOSES)
    await intake.state_becomes("closed")
    (closed,) = await intake.events(events_pb2.CallClosed)
    assert (list(closed.team_ids), list(closed.ineligible_team_ids)) == (["upstage"], ["lg-ai-research"])


async def test_a_later_verdict_on_the_same_check_counts_and_the_earlier_stays(intake: Intake) -> None:
    intake.clock.set(OPENS)
    await intake.team().SubmitApplication(submission())
    for passed, state in ((False, "ineligible"), (True, "eligible")):
        request = pb.RecordEligibilityRequest(
            request_id=str(uuid4()), call_id=CALL, team_id="upstage", check="readable", passed=passed, evidence="opened"
        )
        assert (await intake.staff.RecordEligibility(request)).state == state
    assert [each.passed for each in await intake.events(events_pb2.EligibilityRecorded)] == [False, True]


async def test_lists_come_in_pages_without_gap_or_repetition(intake: Intake) -> None:
    intake.clock.set(OPENS)
    for team in ("upstage", "lg-ai-research"):
        await intake.team(team).SubmitApplication(submission(team))
    first = await intake.staff.ListApplications(pb.ListApplicationsRequest(call_id=CALL, page_size=1))
    token = first.next_page_token
    second = await intake.staff.ListApplications(
        pb.ListApplicationsRequest(call_id=CALL, page_size=1, page_token=token)
    )
    assert [each.team_id for page in (first, second) for each in page.applications] == ["lg-ai-research", "upstage"]
    assert second.next_page_token == ""
    receipts = await intake.staff.ListReceipts(pb.ListReceiptsRequest(page_size=1))
    rest = await intake.staff.ListReceipts(pb.ListReceiptsRequest(page_size=1, page_token=receipts.next_page_token))
    ids = [each.application_id for page in (receipts, rest) for each in page.receipts]
    assert ids == [f"{CALL}/upstage", f"{CALL}/lg-ai-research"]
    assert (await refusal(intake.staff.ListReceipts(pb.ListReceiptsRequest(page_token="x")))).code == "FIELD_INVALID"


async def test_who_counts_cannot_change_once_the_call_has_closed(intake: Intake) -> None:
    intake.clock.set(OPENS)
    for team in ("upstage", "lg-ai-research"):
        await intake.team(team).SubmitApplication(submission(team))
    intake.clock.set(CLOSES)
    await intake.state_becomes("closed")

    def checked(*, passed: bool) -> Any:
        return intake.staff.RecordEligibility(
            pb.RecordEligibilityRequest(
                request_id=str(uuid4()), call_id=CALL, team_id="upstage", check="readable", passed=passed, evidence="-"
            )
        )

    refused = await refusal(checked(passed=False))
    assert (refused.code, refused.facts["field"], refused.facts["value"]) == ("APPLICANTS_FINAL", "passed", "false")
    assert (await checked(passed=True)).state == "eligible"
    assert len(await intake.events(events_pb2.EligibilityRecorded)) == 1


async def test_what_is_under_way_at_the_closing_instant_is_on_the_list_that_closing_makes(intake: Intake) -> None:
    intake.clock.set(CLOSES - TICK)
    await intake.team("lg-ai-research").SubmitApplication(submission("lg-ai-research"))
    content = to_content(submission().application)
    checked = EligibilityCheck(
        application_id(CallId(CALL), TeamId("lg-ai-research")), "readable", passed=False, evidence="empty"
    )
    async with intake.database.transaction() as tx:
        store = IntakeStore(tx)
        await handlers.submit_application(handlers.Submission(TeamId("upstage"), content), store, intake.clock)
        await handlers.record_eligibility(CallId(CALL), TeamId("lg-ai-research"), checked, store)
        intake.clock.set(CLOSES)
        # The timer has come to the call and waits for this transaction.
        async with asyncio.timeout(20):
            while not await tx.fetchval(  # noqa: ASYNC110  what is waited for is in the database
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND wait_event_type = 'Lock'"
                " AND datname = current_database())"
            ):
                await asyncio.sleep(0.02)
    await intake.state_becomes("closed")
    (closed,) = await intake.events(events_pb2.CallClosed)
    assert (list(closed.team_ids), list(closed.ineligible_team_ids)) == (["upstage"], ["lg-ai-research"])


async def test_an_application_that_no_event_can_carry_is_refused_by_its_size(intake: Intake) -> None:
    intake.clock.set(OPENS)
    refused = await refusal(intake.team().SubmitApplication(submission(plan="가" * 140_000)))
    assert (refused.code, refused.facts["field"]) == ("APPLICATION_TOO_LARGE", "application")
    await intake.team().SubmitApplication(submission(plan="가" * 130_000))


@pytest.mark.parametrize(("seconds", "nanos"), [(2**62, 0), (-1, 0), (1, 10**9), (253_402_300_799, 0)])
async def test_an_instant_that_no_calendar_has_is_refused(intake: Intake, seconds: int, nanos: int) -> None:
    call = pb.Call(call_id="other", title_ko="공고", title_en="Call")
    call.opens_at.FromDatetime(OPENS)
    call.closes_at.seconds, call.closes_at.nanos = seconds, nanos
    refused = await refusal(intake.staff.OpenCall(pb.OpenCallRequest(request_id=str(uuid4()), call=call)))
    assert (refused.code, refused.facts["field"]) == ("FIELD_INVALID", "call.closes_at")


async def test_lists_of_a_call_that_does_not_exist_are_refused(intake: Intake) -> None:
    for answer in (
        intake.staff.ListApplications(pb.ListApplicationsRequest(call_id="no-such-call")),
        intake.staff.ListReceipts(pb.ListReceiptsRequest(call_id="no-such-call")),
    ):
        with pytest.raises(Refused) as refused:
            await answer
        assert (refused.value.code, refused.value.facts["value"]) == ("NOT_FOUND", "no-such-call")


async def test_a_call_id_can_be_used_once(intake: Intake) -> None:
    call = (await intake.staff.GetCall(pb.GetCallRequest(call_id=CALL))).call
    refused = await refusal(intake.staff.OpenCall(pb.OpenCallRequest(request_id=str(uuid4()), call=call)))
    assert refused.code == "CALL_TAKEN"

"""Servers and clients over a real socket and a real PostgreSQL; the contract is the platform's own service."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
import structlog
from common import tracing
from common.auth import Authenticator, DevelopmentIssuer
from common.clock import FixedClock
from common.database import Database
from common.errors import Reason, Reasons, Refused, TransientError
from common.grpc import Client, GrpcServer, connect
from common.grpc.contract import UnknownServiceError
from common.grpc.server import MethodMissingError, PortTakenError
from common.settings import ServiceSettings
from dokpamo.intake.v1 import service_pb2 as pb
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from common.grpc import Call

SERVICE = "dokpamo.intake.v1.IntakeService"
TEAM = "nc-ai"
TABLE = "CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, team text NOT NULL);"


class CallClosedError(Exception):
    def __init__(self, call_id: str) -> None:
        super().__init__(f"call {call_id} is closed")
        self.field = "call_id"
        self.value = call_id


REASONS: Reasons = {CallClosedError: Reason(grpc.StatusCode.FAILED_PRECONDITION, "CALL_CLOSED")}


class Api:
    """Every RPC of the contract, of which the tests use two: `write` and `read` say what they do."""

    def __init__(self) -> None:
        self.write: Callable[[Any, Call], Awaitable[Any]] = self.record
        self.read: Callable[[Any, Call], Awaitable[Any]] = self.count

    def __getattr__(self, name: str) -> Callable[[Any, Call], Awaitable[Any]]:
        if name not in pb.DESCRIPTOR.services_by_name["IntakeService"].methods_by_name:
            raise AttributeError(name)

        # Looked up at each call: a test changes what an RPC does while the server runs.
        async def method(request: Any, call: Call) -> Any:
            return await (self.write if name == "SubmitApplication" else self.read)(request, call)

        return method

    async def record(self, request: pb.SubmitApplicationRequest, call: Call) -> pb.SubmitApplicationResponse:
        number = await call.tx.fetchval("INSERT INTO effect (team) VALUES ($1) RETURNING id", request.team_id)
        return pb.SubmitApplicationResponse(receipt=pb.Receipt(application_id=f"{number}"))

    async def count(self, _request: pb.ListReceiptsRequest, call: Call) -> pb.ListReceiptsResponse:
        number = await call.tx.fetchval("SELECT count(*) FROM effect")
        return pb.ListReceiptsResponse(next_page_token=str(number))


class Running:
    def __init__(self, server: GrpcServer, database: Database, api: Api, issuer: DevelopmentIssuer) -> None:
        self.server, self.database, self.api, self.issuer = server, database, api, issuer
        self.address = f"127.0.0.1:{server.port}"
        self.parts = AsyncExitStack()

    async def client(self, role: str = "consortium", *, team: str | None = TEAM, subject: str = "lee") -> Client:
        token = self.issuer.issue(subject, [role], team)
        return await self.client_with(lambda: token)

    async def client_with(self, tokens: Callable[[], str] | None) -> Client:
        return Client(await self.parts.enter_async_context(connect(self.address, tokens)), SERVICE)

    async def effects(self) -> int:
        async with self.database.transaction() as tx:
            return int(await tx.fetchval("SELECT count(*) FROM effect"))

    async def recorded(self) -> list[tuple[str, str]]:
        async with self.database.transaction() as tx:
            return [tuple(row) for row in await tx.fetch("SELECT method, actor FROM request_log ORDER BY at")]


def settings(folder: Path, url: str, listen: str = "127.0.0.1:0") -> ServiceSettings:
    return ServiceSettings(
        environment="embedded",
        kafka_bootstrap=["unused:1"],
        token_keys=folder / "keys.json",
        grpc_listen=listen,
        database_url=url,
    )


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    made = DevelopmentIssuer.create(tmp_path / "key.pem")
    (tmp_path / "keys.json").write_text(json.dumps(made.key_set()))
    return made


@pytest.fixture
async def database(fresh_database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/0001_effect.sql").write_text(TABLE)
    clock = FixedClock(datetime(2025, 7, 21, tzinfo=UTC))
    async with Database(
        fresh_database_url, "intake", tmp_path / "migrations", clock, acquire_wait_seconds=0.5
    ) as database:
        yield database


@pytest.fixture
async def running(
    database: Database, fresh_database_url: str, tmp_path: Path, issuer: DevelopmentIssuer
) -> AsyncIterator[Running]:
    api = Api()
    server = GrpcServer(settings(tmp_path, fresh_database_url), database, {SERVICE: api}, REASONS, database.clock)
    async with server:
        running = Running(server, database, api, issuer)
        async with running.parts:
            yield running


def submission(team: str = TEAM, request_id: str | None = None) -> pb.SubmitApplicationRequest:
    return pb.SubmitApplicationRequest(request_id=request_id or str(uuid4()), team_id=team)


async def refusal(call: Awaitable[Any]) -> Refused:
    with pytest.raises(Refused) as refused:
        await call
    return refused.value


async def test_a_write_is_recorded_with_who_made_it(running: Running) -> None:
    client = await running.client(subject="lee")

    await client.SubmitApplication(submission())

    assert await running.recorded() == [(f"{SERVICE}/SubmitApplication", "lee")]
    assert await running.effects() == 1


async def test_a_repeated_request_has_one_effect_and_the_same_answer(running: Running) -> None:
    client, request = await running.client(), submission()

    first, second = await client.SubmitApplication(request), await client.SubmitApplication(request)

    assert first == second
    assert await running.effects() == 1


async def test_concurrent_duplicates_have_one_effect_and_the_same_answer(running: Running) -> None:
    client, request = await running.client(), submission()

    async def slowly(request: pb.SubmitApplicationRequest, call: Call) -> pb.SubmitApplicationResponse:
        response = await running.api.record(request, call)
        await asyncio.sleep(0.1)
        return response

    running.api.write = slowly

    answers = await asyncio.gather(*(client.SubmitApplication(request) for _ in range(6)))

    assert len({answer.receipt.application_id for answer in answers}) == 1
    assert await running.effects() == 1


@pytest.mark.parametrize("other", ["request", "caller"])
async def test_an_id_that_stands_for_another_request_is_refused(running: Running, other: str) -> None:
    request = submission()
    await (await running.client()).SubmitApplication(request)
    team = "upstage" if other == "request" else TEAM
    client = await running.client(team=team, subject="lee" if other == "request" else "somebody")

    refused = await refusal(client.SubmitApplication(submission(team, request.request_id)))

    assert (refused.code, refused.status) == ("REQUEST_ID_REUSED", grpc.StatusCode.ALREADY_EXISTS)
    assert refused.facts["value"] == request.request_id
    assert await running.effects() == 1


@pytest.mark.parametrize("request_id", ["", "1", "not-a-uuid"])
async def test_a_write_without_a_uuid_is_refused(running: Running, request_id: str) -> None:
    request = pb.SubmitApplicationRequest(request_id=request_id, team_id=TEAM)

    refused = await refusal((await running.client()).SubmitApplication(request))

    assert (refused.code, refused.facts["field"], refused.facts["value"]) == ("FIELD_INVALID", "request_id", request_id)


async def test_a_refused_write_changes_nothing_and_may_be_tried_again_with_its_id(running: Running) -> None:
    client, request = await running.client(), submission()

    async def closed(request: pb.SubmitApplicationRequest, call: Call) -> pb.SubmitApplicationResponse:
        await running.api.record(request, call)
        raise CallClosedError("2025")

    running.api.write = closed
    refused = await refusal(client.SubmitApplication(request))
    assert (refused.code, refused.status) == ("CALL_CLOSED", grpc.StatusCode.FAILED_PRECONDITION)
    assert refused.facts == {"field": "call_id", "value": "2025"}
    assert (await running.recorded(), await running.effects()) == ([], 0)

    running.api.write = running.api.record

    assert (await client.SubmitApplication(request)).receipt.application_id
    assert await running.effects() == 1


async def test_a_consortium_may_not_write_for_another_team(running: Running) -> None:
    client = await running.client(team="upstage")

    refused = await refusal(client.SubmitApplication(submission(TEAM)))

    assert (refused.code, refused.facts["field"]) == ("PERMISSION_DENIED", "team_id")
    assert (await running.recorded(), await running.effects()) == ([], 0)


async def test_without_a_token_only_what_is_public_can_be_called(running: Running) -> None:
    anyone = await running.client_with(None)

    refused = await refusal(anyone.SubmitApplication(submission()))

    assert refused.status is grpc.StatusCode.UNAUTHENTICATED
    assert (await anyone.ListReceipts(pb.ListReceiptsRequest())).next_page_token == "0"


async def test_a_bad_token_is_refused_also_where_none_is_needed(running: Running) -> None:
    refused = await refusal((await running.client_with(lambda: "x.y.z")).ListReceipts(pb.ListReceiptsRequest()))

    assert refused.status is grpc.StatusCode.UNAUTHENTICATED


async def test_a_reading_rpc_cannot_write_and_what_is_unknown_does_not_leak(running: Running) -> None:
    async def writes(_request: pb.ListReceiptsRequest, call: Call) -> pb.ListReceiptsResponse:
        await call.tx.execute("INSERT INTO effect (team) VALUES ('secret')")
        return pb.ListReceiptsResponse()

    running.api.read = writes

    with structlog.testing.capture_logs() as lines:
        refused = await refusal((await running.client_with(None)).ListReceipts(pb.ListReceiptsRequest()))

    assert (refused.code, refused.status) == ("INTERNAL", grpc.StatusCode.INTERNAL)
    assert "read-only" not in refused.message
    (failed,) = (line for line in lines if line["event"] == "rpc.failed")
    assert "read-only" in str(failed["exc_info"])
    assert len(refused.facts["trace_id"]) == 32


async def test_every_call_is_told_in_one_line(running: Running) -> None:
    client, request = await running.client(), submission()

    with structlog.testing.capture_logs() as lines:
        await client.SubmitApplication(request)
        await client.SubmitApplication(request)
        await refusal((await running.client_with(None)).SubmitApplication(request))

    told = [
        (line["method"], line["actor"], line["status"], line["code"], line["request_id"], line["repeated"])
        for line in lines
        if line["event"] == "rpc.finished"
    ]
    method = f"{SERVICE}/SubmitApplication"
    assert told == [
        (method, "lee", "OK", "", request.request_id, False),
        (method, "lee", "OK", "", request.request_id, True),
        (method, "anonymous", "UNAUTHENTICATED", "UNAUTHENTICATED", request.request_id, False),
    ]


async def test_the_trace_of_the_caller_goes_on_in_the_service(running: Running) -> None:
    seen: list[str] = []

    async def look(_request: pb.ListReceiptsRequest, _call: Call) -> pb.ListReceiptsResponse:
        seen.append(tracing.trace_id())
        return pb.ListReceiptsResponse()

    running.api.read = look
    client = await running.client_with(None)

    with tracing.span("test"):
        await client.ListReceipts(pb.ListReceiptsRequest())
        own = tracing.trace_id()

    assert seen == [own]


async def test_a_call_ends_at_its_deadline_and_leaves_nothing(running: Running) -> None:
    async def never(request: pb.SubmitApplicationRequest, call: Call) -> pb.SubmitApplicationResponse:
        await running.api.record(request, call)
        await asyncio.sleep(60)
        return pb.SubmitApplicationResponse()

    running.api.write = never

    refused = await refusal((await running.client()).SubmitApplication(submission(), timeout=0.3))
    await asyncio.sleep(0.2)

    assert refused.status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert isinstance(refused, TransientError)
    assert (await running.recorded(), await running.effects()) == ([], 0)


async def test_a_call_without_a_deadline_gets_one(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.grpc.calls.DEFAULT_DEADLINE_SECONDS", 0.2)

    async def never(_request: pb.ListReceiptsRequest, _call: Call) -> pb.ListReceiptsResponse:
        await asyncio.sleep(60)
        return pb.ListReceiptsResponse()

    running.api.read = never
    async with aio.insecure_channel(running.address) as channel:
        bare = channel.unary_unary(
            f"/{SERVICE}/ListReceipts",
            request_serializer=pb.ListReceiptsRequest.SerializeToString,
            response_deserializer=pb.ListReceiptsResponse.FromString,
        )
        with pytest.raises(aio.AioRpcError) as error:
            await bare(pb.ListReceiptsRequest())

    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_text_that_could_not_be_stored_is_refused_with_its_field(running: Running) -> None:
    request = submission()
    request.application.plan = "a plan\0"

    refused = await refusal((await running.client()).SubmitApplication(request))

    assert (refused.code, refused.facts["field"]) == ("FIELD_INVALID", "application.plan")
    assert await running.effects() == 0


async def test_a_lost_database_connection_is_unavailable_and_the_client_tries_again(running: Running) -> None:
    lost: list[bool] = []

    async def loses_it_once(request: pb.SubmitApplicationRequest, call: Call) -> pb.SubmitApplicationResponse:
        if not lost:
            lost.append(True)
            async with running.database.dedicated() as killer:
                await killer.execute(
                    "SELECT pg_terminate_backend($1)", await call.tx.fetchval("SELECT pg_backend_pid()")
                )
        return await running.api.record(request, call)

    running.api.write = loses_it_once

    with structlog.testing.capture_logs() as lines:
        await (await running.client()).SubmitApplication(submission())

    told = [(line["status"], line["code"]) for line in lines if line["event"] == "rpc.finished"]
    assert told == [("UNAVAILABLE", "DATABASE_UNAVAILABLE"), ("OK", "")]
    assert await running.effects() == 1


async def test_a_call_waits_for_a_server_that_is_started_later(
    database: Database, fresh_database_url: str, tmp_path: Path, issuer: DevelopmentIssuer
) -> None:
    made = settings(tmp_path, fresh_database_url)
    first = GrpcServer(made, database, {SERVICE: Api()}, REASONS, database.clock)
    async with first:
        port = first.port
    at_the_same = settings(tmp_path, fresh_database_url, f"127.0.0.1:{port}")
    async with connect(f"127.0.0.1:{port}", lambda: issuer.issue("lee", ["consortium"], TEAM)) as channel:
        call = asyncio.create_task(Client(channel, SERVICE).SubmitApplication(submission()))
        await asyncio.sleep(0.4)
        assert not call.done()
        async with GrpcServer(at_the_same, database, {SERVICE: Api()}, REASONS, database.clock):
            assert (await call).receipt.application_id


async def test_a_peer_that_stays_away_is_unavailable_in_time() -> None:
    async with connect("127.0.0.1:1", timeout_seconds=0.5) as channel:
        refused = await refusal(Client(channel, SERVICE).ListReceipts(pb.ListReceiptsRequest()))

    assert refused.status in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
    assert isinstance(refused, TransientError)


async def test_health_needs_no_token_and_follows_what_the_service_stands_on(
    database: Database,
    fresh_database_url: str,
    tmp_path: Path,
    issuer: DevelopmentIssuer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert issuer
    monkeypatch.setattr("common.grpc.server._HEALTH_SECONDS", 0.05)
    broker_is_there = True

    async def broker() -> bool:
        return broker_is_there

    server = GrpcServer(
        settings(tmp_path, fresh_database_url), database, {SERVICE: Api()}, REASONS, database.clock, ready=[broker]
    )
    async with server, aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        assert (await stub.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING

        broker_is_there = False
        for _ in range(100):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=SERVICE))
            if answer.status == health_pb2.HealthCheckResponse.NOT_SERVING:
                break
            await asyncio.sleep(0.05)

        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_server_whose_start_ends_half_way_does_not_go_on_listening(
    database: Database, fresh_database_url: str, tmp_path: Path, issuer: DevelopmentIssuer
) -> None:
    assert issuer

    async def breaks() -> bool:
        raise KeyError("what it stands on")

    broken = GrpcServer(
        settings(tmp_path, fresh_database_url), database, {SERVICE: Api()}, REASONS, database.clock, ready=[breaks]
    )
    with pytest.raises(KeyError):
        await broken.__aenter__()

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", broken.port)


async def test_a_server_whose_api_lacks_an_rpc_is_not_made(
    database: Database, fresh_database_url: str, tmp_path: Path
) -> None:
    with pytest.raises(MethodMissingError) as refused:
        GrpcServer(
            settings(tmp_path, fresh_database_url),
            database,
            {SERVICE: object()},
            REASONS,
            database.clock,
            Authenticator(tmp_path / "keys.json"),
        )

    assert refused.value.method.startswith(f"{SERVICE}/")


async def test_two_servers_never_share_a_port(
    running: Running, database: Database, fresh_database_url: str, tmp_path: Path
) -> None:
    second = GrpcServer(
        settings(tmp_path, fresh_database_url, running.address), database, {SERVICE: Api()}, REASONS, database.clock
    )

    with pytest.raises(PortTakenError):
        await second.__aenter__()


async def test_a_service_of_no_contract_has_no_client() -> None:
    with pytest.raises(UnknownServiceError):
        Client(connect("127.0.0.1:1"), "dokpamo.treasury.v1.TreasuryService")

"""Streams over a real socket and a real PostgreSQL: the contract is selection's, what is followed is the test's own."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from common.auth import Authenticator, DevelopmentIssuer
from common.clock import FixedClock
from common.database import Database
from common.errors import Refused
from common.grpc import Client, GrpcServer, calls, connect, following
from common.service import PartDiedError
from common.settings import ServiceSettings
from dokpamo.common.v1 import events_pb2
from dokpamo.selection.v1 import pipeline_pb2 as pb

from tests.builders.delivery import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from common.database import Transaction
    from common.grpc import Following

SERVICE = "dokpamo.selection.v1.PipelineService"


class Api:
    """Tells the places of the outbox."""

    def __init__(self) -> None:
        self.reads = 0

    async def follow(
        self, request: pb.FollowTransitionsRequest, following: Following
    ) -> AsyncIterator[pb.FollowTransitionsResponse]:
        if request.stage_ids:
            message = "a fault of the program"
            raise RuntimeError(message)

        async def read(tx: Transaction, place: int, limit: int) -> tuple[list[int], int]:
            self.reads += 1
            rows = await tx.fetch("SELECT seq FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2", place, limit)
            return [row["seq"] for row in rows], rows[-1]["seq"] if rows else place

        async for seq in following.after(int(request.after_cursor or 0), read):
            yield pb.FollowTransitionsResponse(cursor=str(seq))

    def __getattr__(self, name: str) -> Any:
        if name not in pb.DESCRIPTOR.services_by_name["PipelineService"].methods_by_name:
            raise AttributeError(name)
        return self.follow


class Running:
    def __init__(self, server: GrpcServer, database: Database, api: Api, issuer: DevelopmentIssuer) -> None:
        self.server, self.database, self.api, self.issuer = server, database, api, issuer
        self.parts = AsyncExitStack()

    async def client(self, role: str = "pipeline") -> Client:
        channel = connect(f"127.0.0.1:{self.server.port}", lambda: self.issuer.issue("index-watch", [role]))
        return Client(await self.parts.enter_async_context(channel), SERVICE)

    async def say(self, times: int = 1) -> None:
        async with self.database.transaction() as tx:
            for number in range(times):
                await tx.publish(events_pb2.ProcessOverdue(service="intake", process_id=str(number)))


@asynccontextmanager
async def running(folder: Path, url: str) -> AsyncIterator[Running]:
    issuer = DevelopmentIssuer.create(folder / "issuer.pem")
    (folder / "keys.json").write_text(json.dumps(issuer.key_set()))
    (folder / "migrations").mkdir()
    settings = ServiceSettings(
        environment="embedded",
        kafka_bootstrap=["unused:1"],
        database_url=url,
        grpc_listen="127.0.0.1:0",
        token_keys=folder / "keys.json",
    )
    clock = FixedClock(datetime(2026, 1, 5, tzinfo=UTC))
    authenticator = Authenticator(settings.token_keys, allow_development=True)
    api = Api()
    async with Database(url, "intake", folder / "migrations", clock) as database, AsyncExitStack() as parts:
        server = await parts.enter_async_context(
            GrpcServer(settings, database, {SERVICE: api}, {}, clock, authenticator)
        )
        at = Running(server, database, api, issuer)
        await parts.enter_async_context(at.parts)
        yield at


async def take(stream: Any, number: int) -> list[int]:
    """The next answers of a stream."""
    async with asyncio.timeout(20):
        return [int((await anext(stream)).cursor) for _ in range(number)]


def follow(client: Client, after: str = "", **named: Any) -> Any:
    return client.FollowTransitions(pb.FollowTransitionsRequest(after_cursor=after), **named)


async def test_a_stream_tells_what_was_there_and_then_what_is_added_and_goes_on_where_it_was(
    fresh_database_url: str, tmp_path: Path
) -> None:
    async with running(tmp_path, fresh_database_url) as at:
        client = await at.client()
        # More than a page, and one that fills its page exactly.
        await at.say(2 * following.PAGE)
        first, second = follow(client), follow(client)
        for stream in (first, second):
            assert await take(stream, 2 * following.PAGE) == list(range(1, 2 * following.PAGE + 1))
        await at.say(2)
        for stream in (first, second):
            assert await take(stream, 2) == [201, 202]
        await first.aclose()
        again = follow(client, "201")
        assert await take(again, 1) == [202]
        for stream in (second, again):
            await stream.aclose()
        await eventually(lambda: _is(at.server.streams, 0))


async def _is(found: int, wanted: int) -> bool:
    return found == wanted


async def test_a_stream_that_hears_nothing_reads_nothing(fresh_database_url: str, tmp_path: Path) -> None:
    async with running(tmp_path, fresh_database_url) as at:
        await at.say()
        stream = follow(await at.client())
        assert await take(stream, 1) == [1]
        before = at.api.reads
        waiting = asyncio.create_task(take(stream, 1))
        await asyncio.wait({waiting}, timeout=1)
        # One look after the last page, and perhaps one when it began to listen.
        assert at.api.reads <= before + 2
        await at.say()
        assert await waiting == [2]


async def test_a_stream_that_lost_the_database_s_word_hears_again(fresh_database_url: str, tmp_path: Path) -> None:
    async with running(tmp_path, fresh_database_url) as at:
        stream = follow(await at.client())
        await at.say()
        assert await take(stream, 1) == [1]
        async with at.database.transaction() as tx:
            await tx.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query ILIKE 'LISTEN%' AND pid <> pg_backend_pid()"
            )
        await at.say()
        assert await take(stream, 1) == [2]


async def test_streams_end_at_once_when_the_server_stops_and_say_so(fresh_database_url: str, tmp_path: Path) -> None:
    async with running(tmp_path, fresh_database_url) as at:
        client = await at.client()
        stream = follow(client)
        await at.say()
        assert await take(stream, 1) == [1]
        waiting = asyncio.create_task(take(stream, 1))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        stopping = asyncio.create_task(at.server.__aexit__(None, None, None))
        with pytest.raises(Refused) as refused:
            await waiting
        await stopping
        assert refused.value.code == "SERVER_STOPPING"
        assert loop.time() - begun < calls.DEFAULT_DEADLINE_SECONDS


async def test_access_faults_and_deadlines_are_those_of_any_call(fresh_database_url: str, tmp_path: Path) -> None:
    async with running(tmp_path, fresh_database_url) as at:
        with pytest.raises(Refused) as refused:
            await take(follow(await at.client("consortium")), 1)
        assert refused.value.code == "PERMISSION_DENIED"
        client = await at.client()
        with pytest.raises(Refused) as refused:
            await take(client.FollowTransitions(pb.FollowTransitionsRequest(stage_ids=["a"])), 1)
        assert (refused.value.code, "fault" in str(refused.value)) == ("INTERNAL", False)
        with pytest.raises(Refused) as refused:
            await take(follow(client, timeout=0.2), 1)
        assert refused.value.status.name == "DEADLINE_EXCEEDED"
        await eventually(lambda: _is(at.server.streams, 0))


async def test_a_stream_lasts_no_longer_than_a_token(
    fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "LONGEST_STREAM_SECONDS", 0.2)
    async with running(tmp_path, fresh_database_url) as at:
        with pytest.raises(Refused) as refused:
            await take(follow(await at.client()), 1)
        assert refused.value.code == "STREAM_ENDED"


async def test_one_stream_too_many_is_refused(
    fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_MOST_STREAMS", 1)
    async with running(tmp_path, fresh_database_url) as at:
        await at.say()
        client = await at.client()
        one = follow(client)
        assert await take(one, 1) == [1]
        with pytest.raises(Refused) as refused:
            await take(follow(client), 1)
        assert refused.value.code == "TOO_MANY_STREAMS"
        await one.aclose()
        await eventually(lambda: _is(at.server.streams, 0))
        assert await take(follow(client), 1) == [1]


async def test_a_server_dies_with_what_wakes_its_streams(
    fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_news: following.News) -> None:
        message = "a fault of the program"
        raise RuntimeError(message)

    monkeypatch.setattr(following.News, "_listen", broken)
    async with running(tmp_path, fresh_database_url) as at:
        died = at.server.died
        assert died is not None
        await asyncio.wait({died}, timeout=20)
        assert isinstance(died.exception(), PartDiedError)

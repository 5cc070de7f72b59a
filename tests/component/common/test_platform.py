"""What a service tells about itself, on a real PostgreSQL and a real Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from common.auth import Actor
from common.clock import SystemClock
from common.errors import FieldInvalidError, NotFoundError
from common.grpc import Call
from common.platform import PlatformApi
from dokpamo.common.v1 import platform_pb2 as pb

from tests.builders.delivery import REASONS, JobStarted, World, apply, eventually, started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from common.consumer import Received
    from common.database import Transaction

STAFF = Actor(subject="staff:kim", roles=frozenset({"staff"}), team=None)


@pytest.fixture
async def world(kafka_bootstrap: list[str], fresh_database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with World(kafka_bootstrap, fresh_database_url, tmp_path / "migrations") as world:
        yield world


async def test_what_is_said_is_pending_in_one_place_or_the_other_until_it_is_applied(world: World) -> None:
    consumers = world.consumers()
    publisher = PlatformApi(world.publisher, REASONS, None)
    consumer = PlatformApi(world.consumer, REASONS, consumers)

    async def settlement(api: PlatformApi) -> pb.GetSettlementResponse:
        database = world.publisher if api is publisher else world.consumer
        async with database.transaction(readonly=True) as tx:
            return await api.GetSettlement(pb.GetSettlementRequest(), Call(STAFF, tx, SystemClock()))

    async with consumers:
        await eventually(lambda: _connected(world, consumer))
        before = (await settlement(consumer)).consumed_total
        await world.publish([started("a", number) for number in range(30)])
        assert (await settlement(publisher)).outbox_pending == 30
        async with world.relay():
            # Asked in the order of the flow, one of the two always knows of the 30.
            while True:
                sender, receiver = await settlement(publisher), await settlement(consumer)
                if sender.outbox_pending + receiver.inbox_pending == 0:
                    break
        assert (sender.published_total, receiver.consumed_total) == (30, before + 30)


async def _connected(world: World, api: PlatformApi) -> bool:
    try:
        async with world.consumer.transaction(readonly=True) as tx:
            answer = await api.GetSettlement(pb.GetSettlementRequest(), Call(STAFF, tx, SystemClock()))
    except Exception:  # noqa: BLE001  not yet connected
        return False
    return answer.inbox_pending == 0


async def test_parked_messages_are_listed_in_pages_and_closed_by_staff(world: World) -> None:
    async def refuse(event: Received[JobStarted], tx: Transaction) -> None:
        await apply(event, tx)
        raise ValueError(f"number {event.message.attempt}")

    consumers = world.consumers(world.subscriptions(refuse))
    api = PlatformApi(world.consumer, REASONS, consumers)
    async with consumers, world.relay():
        await world.publish([started("a", number) for number in range(5)])
        await eventually(world.outbox_empty)
        await eventually(lambda: _connected(world, api))
    async with world.consumer.transaction(actor=STAFF.subject) as tx:
        call = Call(STAFF, tx, SystemClock())
        page = await api.ListParked(pb.ListParkedRequest(page_size=3), call)
        rest = await api.ListParked(pb.ListParkedRequest(page_size=500, page_token=page.next_page_token), call)
        reasons = [item.reason for item in [*page.parked, *rest.parked] if item.code == "NUMBER_REFUSED"]
        assert reasons == [f"number {number}" for number in (4, 3, 2, 1, 0)]
        answer = await api.RedriveParked(pb.RedriveParkedRequest(parked_id=page.parked[0].parked_id), call)
        assert (answer.state, answer.reason) == ("parked", "number 4")
        with pytest.raises(FieldInvalidError):
            await api.DismissParked(pb.DismissParkedRequest(parked_id=page.parked[0].parked_id), call)
        await api.DismissParked(pb.DismissParkedRequest(parked_id=page.parked[0].parked_id, reason="wrong"), call)
        with pytest.raises(NotFoundError):
            await api.DismissParked(pb.DismissParkedRequest(parked_id=str(uuid4()), reason="wrong"), call)
        closed = await api.ListParked(pb.ListParkedRequest(include_closed=True, page_size=1), call)
        assert closed.parked[0].state == "dismissed"


async def test_processes_are_listed_in_pages(world: World) -> None:
    api = PlatformApi(world.consumer, REASONS, None)
    async with world.consumer.transaction() as tx:
        for number in range(5):
            await tx.processes.start("stage", str(number), "open", owner="staff", wake_at=tx.now)
        call = Call(STAFF, tx, SystemClock())
        page = await api.ListProcesses(pb.ListProcessesRequest(page_size=3), call)
        rest = await api.ListProcesses(pb.ListProcessesRequest(page_size=3, page_token=page.next_page_token), call)
        assert [process.process_id for process in [*page.processes, *rest.processes]] == ["0", "1", "2", "3", "4"]
        assert rest.next_page_token == ""
        with pytest.raises(FieldInvalidError):
            await api.ListProcesses(pb.ListProcessesRequest(page_size=501), call)

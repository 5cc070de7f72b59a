"""What every service with a database offers about itself: settlement, parked messages, process managers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from dokpamo.common.v1 import platform_pb2 as pb

from common import inbox, outbox, parked, processes, tasks
from common.errors import FieldInvalidError, NotFoundError
from common.instants import stamp
from common.paging import page_size, position

if TYPE_CHECKING:
    from common.consumer import Consumers
    from common.database import Database
    from common.errors import Reasons
    from common.grpc.calls import Call
    from common.parked import Parked
    from common.processes import Process


class PlatformApi:
    """The methods of `dokpamo.common.v1.PlatformService`."""

    def __init__(self, database: Database, reasons: Reasons, consumers: Consumers | None) -> None:
        """Tell about `database` and `consumers`; a service without consumers has nothing pending."""
        self._database = database
        self._reasons = reasons
        self._consumers = consumers

    async def GetSettlement(self, _request: pb.GetSettlementRequest, call: Call) -> pb.GetSettlementResponse:  # noqa: N802  the contract's name
        """Tell how much is due and not done.

        The order matters: an event is counted as pending until its effect is committed, and the snapshot of the tables
        begins with the first query after that, so what the event caused is in one of the two.
        """
        pending = 0 if self._consumers is None else await self._consumers.pending()
        tx = call.tx
        unpublished = await outbox.pending(tx)
        # Read after the snapshot has begun, or a jump of the clock in between would be answered with its past.
        now = call.clock.now()
        due = [await tasks.next_due(tx, now), await processes.next_due(tx, now)]
        return pb.GetSettlementResponse(
            outbox_pending=unpublished,
            inbox_pending=pending,
            tasks_due=await tasks.due_count(tx, now),
            processes_due=await processes.due_count(tx, now),
            published_total=await outbox.published_total(tx),
            consumed_total=await inbox.consumed_total(tx),
            parked_open=await parked.open_count(tx),
            now=stamp(now),
            next_due_at=stamp(min((instant for instant in due if instant is not None), default=None)),
        )

    async def ListParked(self, request: pb.ListParkedRequest, call: Call) -> pb.ListParkedResponse:  # noqa: N802  the contract's name
        """List parked messages, newest first."""
        size = page_size(request.page_size)
        before = position(request.page_token) if request.page_token else None
        found = await parked.list_parked(call.tx, limit=size + 1, before=before, include_closed=request.include_closed)
        page = found[:size]
        more = len(found) > size
        return pb.ListParkedResponse(
            parked=[_parked(item) for item in page], next_page_token=str(page[-1].position) if more else ""
        )

    async def RedriveParked(self, request: pb.RedriveParkedRequest, call: Call) -> pb.RedriveParkedResponse:  # noqa: N802  the contract's name
        """Apply a parked message again."""
        if self._consumers is None:
            raise NotFoundError("parked_id", request.parked_id)
        refusal = await parked.redrive(
            call.tx, self._consumers.subscriptions, self._consumers.reasons, _uuid("parked_id", request.parked_id)
        )
        if refusal is None:
            return pb.RedriveParkedResponse(state="redriven")
        return pb.RedriveParkedResponse(state="parked", reason=refusal.message)

    async def DismissParked(self, request: pb.DismissParkedRequest, call: Call) -> pb.DismissParkedResponse:  # noqa: N802  the contract's name
        """Close a parked message without applying it."""
        await parked.dismiss(call.tx, _uuid("parked_id", request.parked_id), request.reason)
        return pb.DismissParkedResponse()

    async def ListProcesses(self, request: pb.ListProcessesRequest, call: Call) -> pb.ListProcessesResponse:  # noqa: N802  the contract's name
        """List process managers by kind and id."""
        size = page_size(request.page_size)
        kind, slash, process_id = request.page_token.partition("/")
        if request.page_token and not slash:
            raise FieldInvalidError("page_token", request.page_token, "it comes from the page before")
        found = await call.tx.processes.list(
            limit=size + 1, after=(kind, process_id) if slash else None, overdue_only=request.overdue_only
        )
        page = found[:size]
        token = f"{page[-1].kind}/{page[-1].id}" if len(found) > size else ""
        return pb.ListProcessesResponse(processes=[_process(process) for process in page], next_page_token=token)


def _uuid(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise FieldInvalidError(field, text, "it must be a UUID") from error


def _parked(item: Parked) -> pb.ParkedEvent:
    return pb.ParkedEvent(
        parked_id=str(item.id),
        topic=item.topic,
        partition=item.partition,
        offset=item.kafka_offset,
        event_id=item.event_id,
        event_type=item.event_type,
        code=item.code,
        reason=item.reason,
        attempts=item.attempts,
        payload=item.payload or b"",
        state=item.state,
        facts=item.facts,
        parked_at=stamp(item.parked_at),
    )


def _process(process: Process) -> pb.Process:
    return pb.Process(
        kind=process.kind,
        process_id=process.id,
        state=process.state,
        owner=process.owner,
        attempt=process.attempt,
        last_error=process.last_error,
        wake_at=stamp(process.wake_at),
        deadline=stamp(process.deadline),
    )

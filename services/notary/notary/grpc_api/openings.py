"""dokpamo.notary.v1.OpeningService."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from uuid import uuid4

from common.paging import page_size, position, token
from dokpamo.notary.v1 import openings_pb2 as pb

from notary import handlers, wire
from notary.domain.erasing import Erasure
from notary.domain.two_person import Act
from notary.grpc_api.log import LARGEST_PAGE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call


class OpeningApi:
    """One method for each RPC of the contract."""

    def __init__(
        self, log: Callable[[Transaction], handlers.Log], openings: Callable[[Transaction], handlers.Openings]
    ) -> None:
        """Answer from this log and what opens it."""
        self._log = log
        self._openings = openings

    async def ListOpenings(self, request: pb.ListOpeningsRequest, call: Call) -> pb.ListOpeningsResponse:
        """Released openings by entry and path, of fewer entries than asked for where they would not fit a message."""
        size = await self._log(call.tx).size()
        start = min(wire.index_of("start", request.start), size)
        end = min(start + page_size(request.page_size), size)
        response = pb.ListOpeningsResponse(tree_size=size, next_start=end)
        room = LARGEST_PAGE_BYTES
        found = await self._openings(call.tx).released(start, end)
        for index, of_entry in groupby(found, key=lambda opened: opened.index):
            messages = [wire.opening_message(opened) for opened in of_entry]
            room -= sum(message.ByteSize() for message in messages)
            if room < 0 and response.openings:
                response.next_start = index
                break
            response.openings.extend(messages)
        return response

    async def GetOpenings(self, request: pb.GetOpeningsRequest, call: Call) -> pb.GetOpeningsResponse:
        """All sealed values of an entry."""
        kept = await handlers.read(wire.event_id_of(request.event_id), self._log(call.tx), self._openings(call.tx))
        return pb.GetOpeningsResponse(values=[wire.sealed_value_message(each) for each in kept])

    async def ReleaseOpenings(self, request: pb.ReleaseOpeningsRequest, call: Call) -> pb.ReleaseOpeningsResponse:
        """Open sealed values of an entry to everyone."""
        await handlers.release(
            wire.event_id_of(request.event_id),
            list(request.paths),
            request.reason,
            self._log(call.tx),
            self._openings(call.tx),
        )
        return pb.ReleaseOpeningsResponse()

    async def RequestErasure(self, request: pb.RequestErasureRequest, call: Call) -> pb.RequestErasureResponse:
        """Ask for an erasure."""
        act = Act(str(uuid4()), request.reason, requested_by=call.actor.subject, requested_at=call.tx.now)
        wanted = Erasure(act, wire.event_id_of(request.event_id), tuple(request.paths))
        asked = await handlers.request_erasure(wanted, self._log(call.tx), self._openings(call.tx))
        return pb.RequestErasureResponse(erasure=wire.erasure_message(asked))

    async def ConfirmErasure(self, request: pb.ConfirmErasureRequest, call: Call) -> pb.ConfirmErasureResponse:
        """Erase what another person asked to erase."""
        done = await handlers.confirm_erasure(
            wire.act_id_of(request.erasure_id, "erasure_id"), call.actor.subject, call.tx.now, self._openings(call.tx)
        )
        return pb.ConfirmErasureResponse(erasure=wire.erasure_message(done))

    async def ListErasures(self, request: pb.ListErasuresRequest, call: Call) -> pb.ListErasuresResponse:
        """Erasures, newest first."""
        found, following = await self._openings(call.tx).erasures(
            position(request.page_token), page_size(request.page_size)
        )
        return pb.ListErasuresResponse(
            erasures=[wire.erasure_message(each) for each in found],
            next_page_token=token(following),
        )

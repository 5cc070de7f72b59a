"""dokpamo.notary.v1.WithholdingService."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from common.paging import page_size, position
from dokpamo.notary.v1 import withholding_pb2 as pb

from notary import handlers, wire
from notary.domain.two_person import Act

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call


class WithholdingApi:
    """One method for each RPC of the contract."""

    def __init__(
        self, log: Callable[[Transaction], handlers.Log], withholdings: Callable[[Transaction], handlers.Withholdings]
    ) -> None:
        """Withhold entries of this log."""
        self._log = log
        self._withholdings = withholdings

    async def RequestWithholding(
        self, request: pb.RequestWithholdingRequest, call: Call
    ) -> pb.RequestWithholdingResponse:
        """Ask that an entry's content be withheld or given back."""
        asked = await handlers.request_withholding(
            wire.withholding_kind_of(request.kind),
            wire.event_id_of(request.event_id),
            Act(str(uuid4()), request.reason, call.tx.actor, call.tx.now),
            self._log(call.tx),
            self._withholdings(call.tx),
        )
        return pb.RequestWithholdingResponse(withholding=wire.withholding_message(asked))

    async def ConfirmWithholding(
        self, request: pb.ConfirmWithholdingRequest, call: Call
    ) -> pb.ConfirmWithholdingResponse:
        """Do what another person asked for."""
        tx = call.tx
        act_id = wire.act_id_of(request.act_id)
        done = await handlers.confirm_withholding(act_id, tx.actor, tx.now, self._log(tx), self._withholdings(tx))
        return pb.ConfirmWithholdingResponse(withholding=wire.withholding_message(done))

    async def ListWithholdings(self, request: pb.ListWithholdingsRequest, call: Call) -> pb.ListWithholdingsResponse:
        """Requests, oldest first."""
        after = position(request.page_token)
        found, more = await self._withholdings(call.tx).all(after, page_size(request.page_size))
        return pb.ListWithholdingsResponse(
            withholdings=map(wire.withholding_message, found), next_page_token=str(more) if more else ""
        )

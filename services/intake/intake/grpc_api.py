"""Intake's RPCs: read the request, call the use case, write the response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.paging import page_size, position, token
from dokpamo.intake.v1 import service_pb2 as pb

from intake import handlers, wire
from intake.domain.call import CallId, TeamId

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call


class IntakeApi:
    """`dokpamo.intake.v1.IntakeService`."""

    def __init__(self, records: Callable[[Transaction], handlers.Records]) -> None:
        """Keep everything in what `records` opens on a call's transaction."""
        self._records = records

    async def OpenCall(self, request: pb.OpenCallRequest, call: Call) -> pb.OpenCallResponse:
        """Announce a call."""
        kept = await handlers.open_call(wire.to_call(request.call), self._records(call.tx), call.clock)
        return pb.OpenCallResponse(call=wire.from_call(kept))

    async def GetCall(self, request: pb.GetCallRequest, call: Call) -> pb.GetCallResponse:
        """Return one call."""
        kept = await handlers.get_call(CallId(request.call_id), self._records(call.tx))
        return pb.GetCallResponse(call=wire.from_call(kept))

    async def ListCalls(self, request: pb.ListCallsRequest, call: Call) -> pb.ListCallsResponse:
        """Return all calls, oldest first."""
        size = page_size(request.page_size)
        kept, following = await self._records(call.tx).calls(position(request.page_token), size)
        return pb.ListCallsResponse(calls=map(wire.from_call, kept), next_page_token=token(following))

    async def SubmitApplication(self, request: pb.SubmitApplicationRequest, call: Call) -> pb.SubmitApplicationResponse:
        """Take an application and give its receipt."""
        submission = handlers.Submission(TeamId(request.team_id), wire.to_content(request.application))
        receipt = await handlers.submit_application(submission, self._records(call.tx), call.clock)
        return pb.SubmitApplicationResponse(receipt=wire.from_receipt(receipt))

    async def GetApplication(self, request: pb.GetApplicationRequest, call: Call) -> pb.GetApplicationResponse:
        """Return a team's current version with its receipt."""
        store = self._records(call.tx)
        kept = await handlers.current_application(CallId(request.call_id), TeamId(request.team_id), store)
        receipt = await store.receipt(kept.application_id, kept.version)
        return pb.GetApplicationResponse(application=wire.from_application(kept), receipt=wire.from_receipt(receipt))

    async def ListApplications(self, request: pb.ListApplicationsRequest, call: Call) -> pb.ListApplicationsResponse:
        """Return the applications of a call by team id."""
        size = page_size(request.page_size)
        store = self._records(call.tx)
        call_id = (await handlers.get_call(CallId(request.call_id), store)).call_id
        kept, following = await store.applications(call_id, request.page_token, size)
        return pb.ListApplicationsResponse(
            applications=map(wire.from_application, kept), next_page_token=token(following)
        )

    async def ListReceipts(self, request: pb.ListReceiptsRequest, call: Call) -> pb.ListReceiptsResponse:
        """Return receipts in order of receipt, without content."""
        size = page_size(request.page_size)
        store = self._records(call.tx)
        if request.call_id:
            await handlers.get_call(CallId(request.call_id), store)
        kept, following = await store.receipts(request.call_id, position(request.page_token), size)
        return pb.ListReceiptsResponse(
            receipts=[wire.from_receipt(each, with_content=False) for each in kept], next_page_token=token(following)
        )

    async def RecordEligibility(self, request: pb.RecordEligibilityRequest, call: Call) -> pb.RecordEligibilityResponse:
        """Record an eligibility check."""
        state = await handlers.record_eligibility(
            CallId(request.call_id), TeamId(request.team_id), wire.to_check(request), self._records(call.tx)
        )
        return pb.RecordEligibilityResponse(state=state.value)

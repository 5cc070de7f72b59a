"""dokpamo.selection.v1.ObjectionService."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.paging import page_size, position, token
from dokpamo.selection.v1 import objections_pb2 as pb

from selection import handlers, wire
from selection.domain.objection_refusal import ProceedingUnknownError
from selection.domain.versions import Corrections
from selection.grpc_api.opening import DisclosingApi
from selection.wire import Sight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.grpc import Call

    from selection.domain.objection_proceeding import Proceeding
    from selection.wire.objections import Step


class Views(Protocol):
    """What the reading RPCs need."""

    async def proceeding(self, proceeding_id: str) -> Proceeding | None:
        """A proceeding, whole; `None` where none has this id."""

    async def proceeding_steps(self, proceeding_id: str) -> Sequence[Step]:
        """The steps of a proceeding, oldest first."""

    async def version_sha256(self, stage_id: str, version: int) -> str:
        """SHA-256 of a version of a stage's decision, lower-case hex."""

    async def proceeding_page(
        self, stage_id: str, open_only: bool, after: int, limit: int
    ) -> tuple[list[Proceeding], int | None]:
        """Up to `limit` proceedings, of all stages if `stage_id` is empty, after a position, and where the next are."""


class ObjectionApi(DisclosingApi[Views]):
    """One method for each RPC of the contract."""

    async def ListGrounds(self, _: pb.ListGroundsRequest, __: Call) -> pb.ListGroundsResponse:
        """The closed list of grounds."""
        return pb.ListGroundsResponse(grounds=wire.ground_messages())

    async def FileObjection(self, request: pb.FileObjectionRequest, call: Call) -> pb.FileObjectionResponse:
        """File a team's objection."""
        found = await handlers.file_objection(
            request.stage_id,
            request.team_id,
            request.decision_version,
            request.ground,
            request.statement,
            self._records(call.tx),
            wire.provenance_of(request.provenance),
        )
        return pb.FileObjectionResponse(proceeding=await self._shown(found, call))

    async def OpenCase(self, request: pb.OpenCaseRequest, call: Call) -> pb.OpenCaseResponse:
        """Open a case, as staff or as an assessor."""
        found = await handlers.open_case(
            request.stage_id,
            request.team_id,
            request.ground,
            request.statement,
            request.alleged_by,
            self._records(call.tx),
            wire.provenance_of(request.provenance),
        )
        return pb.OpenCaseResponse(proceeding=await self._shown(found, call))

    async def AddEvidence(self, request: pb.AddEvidenceRequest, call: Call) -> pb.AddEvidenceResponse:
        """Keep a piece of evidence."""
        found = await handlers.add_evidence(
            request.proceeding_id,
            request.team_id,
            request.reference,
            request.sha256,
            request.size_bytes,
            request.description,
            self._records(call.tx),
        )
        return pb.AddEvidenceResponse(number=len(found.evidence))

    async def RuleOnAdmission(self, request: pb.RuleOnAdmissionRequest, call: Call) -> pb.RuleOnAdmissionResponse:
        """Admit a proceeding or reject it."""
        found = await handlers.rule_on_admission(
            request.proceeding_id,
            request.reason,
            request.reply_days,
            self._records(call.tx),
            admitted=request.admitted,
        )
        return pb.RuleOnAdmissionResponse(proceeding=await self._shown(found, call))

    async def Reply(self, request: pb.ReplyRequest, call: Call) -> pb.ReplyResponse:
        """Keep the other side's reply."""
        found = await handlers.reply(request.proceeding_id, request.team_id, request.text, self._records(call.tx))
        return pb.ReplyResponse(proceeding=await self._shown(found, call))

    async def RecordOriginalAssessors(
        self, request: pb.RecordOriginalAssessorsRequest, call: Call
    ) -> pb.RecordOriginalAssessorsResponse:
        """Keep who stood behind a source or a gate."""
        unknown = await handlers.record_original_assessors(
            request.stage_id, request.source_id, list(request.person_ids), self._records(call.tx)
        )
        return pb.RecordOriginalAssessorsResponse(unknown=unknown)

    async def SeatPanel(self, request: pb.SeatPanelRequest, call: Call) -> pb.SeatPanelResponse:
        """Seat a fresh panel."""
        found = await handlers.seat_panel(
            request.proceeding_id, list(request.member_ids), request.quorum, request.reason, self._records(call.tx)
        )
        return pb.SeatPanelResponse(proceeding=await self._shown(found, call))

    async def SubmitFinding(self, request: pb.SubmitFindingRequest, call: Call) -> pb.SubmitFindingResponse:
        """Keep what a member finds."""
        remedy = wire.remedy_of(request.remedy)
        found = await handlers.submit_finding(
            request.proceeding_id, request.member_id, remedy, request.reason, self._records(call.tx)
        )
        return pb.SubmitFindingResponse(proceeding=await self._shown(found, call))

    async def OrderRemedy(self, request: pb.OrderRemedyRequest, call: Call) -> pb.OrderRemedyResponse:
        """Order what the panel found."""
        order = wire.order_of(request)
        records = self._records(call.tx)
        if isinstance(order, Corrections):
            found = await handlers.order_recompute(request.proceeding_id, order, request.reason, records)
        else:
            found = await handlers.order_rescore(request.proceeding_id, order, request.reason, records)
        return pb.OrderRemedyResponse(proceeding=await self._shown(found, call))

    async def SubmitFreshScores(self, request: pb.SubmitFreshScoresRequest, call: Call) -> pb.SubmitFreshScoresResponse:
        """Keep what a fresh scorer hands in."""
        sheet = wire.fresh_sheet_of(request)
        found = await handlers.submit_fresh_scores(request.proceeding_id, sheet, self._records(call.tx))
        return pb.SubmitFreshScoresResponse(proceeding=await self._shown(found, call))

    async def CarryOutRemedy(self, request: pb.CarryOutRemedyRequest, call: Call) -> pb.CarryOutRemedyResponse:
        """Carry out a re-score that waited."""
        found = await handlers.carry_out(request.proceeding_id, self._records(call.tx))
        return pb.CarryOutRemedyResponse(proceeding=await self._shown(found, call))

    async def WithdrawProceeding(
        self, request: pb.WithdrawProceedingRequest, call: Call
    ) -> pb.WithdrawProceedingResponse:
        """Take a proceeding back."""
        found = await handlers.withdraw_proceeding(
            request.proceeding_id, request.team_id, request.reason, self._records(call.tx)
        )
        return pb.WithdrawProceedingResponse(proceeding=await self._shown(found, call))

    async def GetProceeding(self, request: pb.GetProceedingRequest, call: Call) -> pb.GetProceedingResponse:
        """One proceeding, as whole as the caller may see it."""
        views = self._views(call.tx)
        found = await views.proceeding(request.proceeding_id)
        if found is None:
            raise ProceedingUnknownError("proceeding_id", request.proceeding_id, "must be an objection or a case")
        steps = await views.proceeding_steps(found.id)
        return pb.GetProceedingResponse(proceeding=await self._shown(found, call, steps))

    async def ListProceedings(self, request: pb.ListProceedingsRequest, call: Call) -> pb.ListProceedingsResponse:
        """Proceedings in order of filing."""
        found, following = await self._views(call.tx).proceeding_page(
            request.stage_id, request.open_only, position(request.page_token), page_size(request.page_size)
        )
        return pb.ListProceedingsResponse(
            proceedings=[await self._shown(each, call) for each in found],
            next_page_token=token(following),
        )

    async def _shown(self, found: Proceeding, call: Call, steps: Sequence[Step] = ()) -> pb.Proceeding:
        """Return a proceeding as the caller may see it: a decision's values once they are open to him."""
        sight = _sight(found, call)
        values = sight is Sight.WHOLE
        if not values and found.result_version:
            digest = await self._views(call.tx).version_sha256(found.stage, found.result_version)
            values = await self._disclosed.is_open(found.stage, digest, call)
        return wire.proceeding_message(found, sight, call.actor.subject, values=values, steps=steps)


def _sight(found: Proceeding, call: Call) -> Sight:
    """Return how much the caller may see: by role, then as a party, then as one of those who hear or score it."""
    actor = call.actor
    if actor.roles & {"staff", "auditor"}:
        return Sight.WHOLE
    if "consortium" in actor.roles and actor.team == found.team:
        return Sight.PARTY
    scorers = {scorer for each in found.fresh for scorer in each.scorers}
    if "assessor" in actor.roles and actor.subject in {*found.members, *scorers}:
        return Sight.PANEL
    return Sight.PUBLIC

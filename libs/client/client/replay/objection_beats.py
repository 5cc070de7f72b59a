"""The beats of objections: filed, admitted, replied to, heard by a fresh panel, which finds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from common.provenance import value_of
from dokpamo.selection.v1 import objections_pb2 as pb

from client.replay.objection_plan import numbered
from client.replay.score import Beat, request_id
from client.session import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from client.replay.objection_plan import ObjectionPlan
    from client.replay.programme import Programme
    from client.session import Session

_RULING: Final = Caller.staff("objections-desk")
_REPLYING: Final = Caller.staff("evaluation-desk")
_REMEDIES: Final = {
    "uphold": pb.REMEDY_UPHOLD,
    "recompute": pb.REMEDY_RECOMPUTE,
    "rescore": pb.REMEDY_RESCORE,
}


class ObjectionBeats:
    """What teams, staff and panels do about the objections of a programme, over a session."""

    def __init__(self, programme: Programme, session: Session) -> None:
        self._plans = numbered(programme.objections)
        self._session = session

    def in_order(self) -> Iterator[Beat]:
        """Each step of each objection at its instant."""
        for name, plan in self._plans.items():
            yield Beat(plan.filed.at, f"{name} filed", partial(self._file, name, plan))
            yield Beat(plan.admitted.at, f"{name} admitted", partial(self._admit, name, plan))
            yield Beat(plan.replied.at, f"{name} replied to", partial(self._reply, name, plan))
            yield Beat(plan.seated.at, f"{name} before a panel", partial(self._seat, name, plan))
            yield Beat(plan.found.at, f"{name} found on", partial(self._find, name, plan))

    async def _file(self, name: str, plan: ObjectionPlan) -> None:
        team = Caller.consortium(plan.team_id)
        filing = pb.FileObjectionRequest(
            request_id=request_id("objection", name),
            stage_id=plan.stage_id,
            team_id=plan.team_id,
            decision_version=1,
            ground=plan.ground,
            statement=plan.filed.text,
            provenance=value_of(plan.provenance.value),
        )
        await self._call(team, "FileObjection", filing)
        for each in plan.evidence:
            adding = pb.AddEvidenceRequest(
                request_id=request_id("objection", name, "evidence", each.sha256),
                proceeding_id=name,
                team_id=plan.team_id,
                reference=each.reference,
                sha256=each.sha256,
                size_bytes=len(each.content),
                description=each.description,
            )
            await self._call(team, "AddEvidence", adding)

    async def _admit(self, name: str, plan: ObjectionPlan) -> None:
        ruling = pb.RuleOnAdmissionRequest(
            request_id=request_id("objection", name, "admission"),
            proceeding_id=name,
            admitted=True,
            reason=plan.admitted.text,
        )
        await self._call(_RULING, "RuleOnAdmission", ruling)

    async def _reply(self, name: str, plan: ObjectionPlan) -> None:
        replying = pb.ReplyRequest(
            request_id=request_id("objection", name, "reply"), proceeding_id=name, text=plan.replied.text
        )
        await self._call(_REPLYING, "Reply", replying)

    async def _seat(self, name: str, plan: ObjectionPlan) -> None:
        for source, people in plan.seated.original_assessors.items():
            naming = pb.RecordOriginalAssessorsRequest(
                request_id=request_id("objection", name, "originals", source),
                stage_id=plan.stage_id,
                source_id=source,
                person_ids=people,
            )
            await self._call(_RULING, "RecordOriginalAssessors", naming)
        seating = pb.SeatPanelRequest(
            request_id=request_id("objection", name, "panel"), proceeding_id=name, member_ids=plan.seated.members
        )
        await self._call(_RULING, "SeatPanel", seating)

    async def _find(self, name: str, plan: ObjectionPlan) -> None:
        for each in plan.found.findings:
            finding = pb.SubmitFindingRequest(
                request_id=request_id("objection", name, "finding", each.member),
                proceeding_id=name,
                member_id=each.member,
                remedy=_REMEDIES[each.remedy],
                reason=each.reason,
            )
            await self._call(Caller.assessor(each.member), "SubmitFinding", finding)

    async def _call(self, caller: Caller, rpc: str, request: Any) -> None:
        await self._session.call(caller, "selection", rpc, request)

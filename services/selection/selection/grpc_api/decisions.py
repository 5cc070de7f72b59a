"""dokpamo.selection.v1.DecisionService."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.instants import stamp
from dokpamo.selection.v1 import decisions_pb2 as pb

from selection import handlers, wire
from selection.grpc_api.opening import DisclosingApi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.grpc import Call

    from selection.grpc_api.selection import Known


class Views(Protocol):
    """What the reading RPC needs."""

    async def decisions(self, stage_id: str) -> Sequence[Known]:
        """All versions of a stage's decision, oldest first."""


class DecisionApi(DisclosingApi[Views]):
    """One method for each RPC of the contract."""

    async def Redecide(self, request: pb.RedecideRequest, call: Call) -> pb.RedecideResponse:
        """Decide again; what is corrected is its cause, else the wish to compute again."""
        corrections = wire.corrections_of(request)
        cause = "correction" if corrections.scores or corrections.verdicts else "recompute"
        await handlers.redecide(
            request.stage_id, request.reason, cause, self._records(call.tx), corrections=corrections
        )
        return pb.RedecideResponse(decision=await self._newest(request.stage_id, call))

    async def ListDecisions(self, request: pb.ListDecisionsRequest, call: Call) -> pb.ListDecisionsResponse:
        """All versions of a stage's decision."""
        found = await self._views(call.tx).decisions(request.stage_id)
        return pb.ListDecisionsResponse(decisions=[await self._seen(each, call) for each in found])

    async def ProposeOverride(self, request: pb.ProposeOverrideRequest, call: Call) -> pb.ProposeOverrideResponse:
        """Propose an override."""
        proposal = await handlers.propose_override(
            request.stage_id, list(request.advanced), request.reason, list(request.evidence), self._records(call.tx)
        )
        return pb.ProposeOverrideResponse(
            override=wire.override_message(proposal.override), expires_at=stamp(proposal.expires_at)
        )

    async def ConfirmOverride(self, request: pb.ConfirmOverrideRequest, call: Call) -> pb.ConfirmOverrideResponse:
        """Confirm an override, as another officer."""
        record = await handlers.confirm_override(request.override_id, self._records(call.tx))
        return pb.ConfirmOverrideResponse(decision=await self._newest(record.stage, call))

    async def WithdrawOverride(self, request: pb.WithdrawOverrideRequest, call: Call) -> pb.WithdrawOverrideResponse:
        """Take a proposed override back."""
        await handlers.withdraw_override(request.override_id, self._records(call.tx))
        return pb.WithdrawOverrideResponse()

    async def WaiveObjection(self, request: pb.WaiveObjectionRequest, call: Call) -> pb.WaiveObjectionResponse:
        """Waive the right to object."""
        waiting = await handlers.waive_objection(
            request.stage_id, request.team_id, request.version, self._records(call.tx)
        )
        return pb.WaiveObjectionResponse(waiting_team_ids=waiting)

    async def _seen(self, known: Known, call: Call) -> pb.DecisionVersion:
        """A version as the caller may see it: that there is one and since when, all once it is open to him."""
        message = _version(known)
        if not await self._disclosed.is_open(known.record.stage, known.record.sha256, call):
            message.ClearField("decision_sha256")
            message.ClearField("override")
        return message

    async def _newest(self, stage_id: str, call: Call) -> pb.DecisionVersion:
        return _version((await self._views(call.tx).decisions(stage_id))[-1])


def _version(known: Known) -> pb.DecisionVersion:
    return wire.version_message(known.record, known.state, known.decided_at, known.finalized_at)

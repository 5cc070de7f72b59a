"""dokpamo.selection.v1.PipelineService."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dokpamo.selection.v1 import pipeline_pb2 as pb

from selection import handlers
from selection.domain.trigger import missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call


class PipelineApi:
    """One method for each RPC of the contract."""

    def __init__(self, records: Callable[[Transaction], handlers.Records]) -> None:
        """Write to what `records` opens."""
        self._records = records

    async def TriggerStage(self, request: pb.TriggerStageRequest, call: Call) -> pb.TriggerStageResponse:
        """Say that an event has come."""
        stage = await handlers.trigger_stage(
            request.stage_id,
            request.trigger_id,
            list(request.evidence),
            self._records(call.tx),
            pipeline=None if "staff" in call.actor.roles else call.actor.subject,
        )
        return pb.TriggerStageResponse(missing_trigger_ids=[each.id for each in missing(stage.triggers)])

    async def CancelStage(self, request: pb.CancelStageRequest, call: Call) -> pb.CancelStageResponse:
        """Cancel a planned stage."""
        await handlers.cancel_stage(request.stage_id, request.reason, self._records(call.tx))
        return pb.CancelStageResponse()

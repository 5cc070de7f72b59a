"""dokpamo.selection.v1.PipelineService."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from common.errors import FieldInvalidError
from common.paging import position
from dokpamo.selection.v1 import pipeline_pb2 as pb

from selection import handlers
from selection.domain.trigger import missing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from common.database import Transaction
    from common.grpc import Call, Following
    from dokpamo.selection.v1.events_pb2 import StageAdvanced


class Move(Protocol):
    """A move of a stage and its place among all."""

    @property
    def place(self) -> int:
        """Where to go on after it."""

    @property
    def told(self) -> StageAdvanced:
        """What others heard of it."""


Moves = Callable[["Transaction", "Sequence[str]", int, int], Awaitable[tuple["Sequence[Move]", int]]]
"""Up to a number of moves of some stages (of all for none) after a place, and the place that was looked up to."""


class PipelineApi:
    """One method for each RPC of the contract."""

    def __init__(self, records: Callable[[Transaction], handlers.Records], moves: Moves) -> None:
        """Write to what `records` opens, follow what `moves` finds."""
        self._records = records
        self._moves = moves

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

    async def FollowTransitions(
        self, request: pb.FollowTransitionsRequest, following: Following
    ) -> AsyncIterator[pb.FollowTransitionsResponse]:
        """Every move of a stage after a cursor, in order of commit; who caused it is for staff."""
        staff = "staff" in following.actor.roles

        async def read(tx: Transaction, place: int, limit: int) -> tuple[Sequence[Move], int]:
            found, seen = await self._moves(tx, request.stage_ids, place, limit)
            if seen < place:
                raise FieldInvalidError("after_cursor", request.after_cursor, "must be a cursor of these events")
            return found, seen

        async for move in following.after(position(request.after_cursor, "after_cursor"), read):
            told = pb.FollowTransitionsResponse(
                cursor=str(move.place), stage_id=move.told.stage_id, transition=move.told.transition
            )
            if not staff:
                told.transition.ClearField("actor")
            yield told

    async def CancelStage(self, request: pb.CancelStageRequest, call: Call) -> pb.CancelStageResponse:
        """Cancel a planned stage."""
        await handlers.cancel_stage(request.stage_id, request.reason, self._records(call.tx))
        return pb.CancelStageResponse()

"""dokpamo.selection.v1.GateService."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dokpamo.selection.v1 import gates_pb2 as pb

from selection import handlers, wire
from selection.grpc_api.opening import ReadingApi

if TYPE_CHECKING:
    from datetime import datetime

    from common.grpc import Call

    from selection.domain.gates import Bench, Judgement


class Views(Protocol):
    """What the reading RPC needs."""

    async def bench(self, stage_id: str) -> tuple[Bench, list[tuple[Judgement, datetime]]]:
        """Judges, conflicts and judgements of a stage; the judgements also with their instants."""


class GateApi(ReadingApi[Views]):
    """One method for each RPC of the contract."""

    async def SeatGateJudges(self, request: pb.SeatGateJudgesRequest, call: Call) -> pb.SeatGateJudgesResponse:
        """Seat the judges of a gate."""
        await handlers.seat_judges(request.stage_id, request.gate, list(request.judge_ids), self._records(call.tx))
        return pb.SeatGateJudgesResponse()

    async def RecordGateConflict(
        self, request: pb.RecordGateConflictRequest, call: Call
    ) -> pb.RecordGateConflictResponse:
        """Record a conflict of interest."""
        await handlers.record_conflict(request.stage_id, wire.conflict_of(request), self._records(call.tx))
        return pb.RecordGateConflictResponse()

    async def RecordGateJudgement(
        self, request: pb.RecordGateJudgementRequest, call: Call
    ) -> pb.RecordGateJudgementResponse:
        """Record what a judge finds."""
        await handlers.record_judgement(request.stage_id, wire.judgement_of(request), self._records(call.tx))
        return pb.RecordGateJudgementResponse()

    async def ListGateJudgements(
        self, request: pb.ListGateJudgementsRequest, call: Call
    ) -> pb.ListGateJudgementsResponse:
        """Judges, conflicts and judgements of a stage."""
        return wire.bench_message(*await self._views(call.tx).bench(request.stage_id))

"""Evaluation's RPCs: read the request, call the use case, write the response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.instants import stamp
from common.paging import page_size, position, token
from dokpamo.evaluation.v1 import service_pb2 as pb

from evaluation import wire
from evaluation.domain.stage import AssessorId, SourceId, StageId
from evaluation.handlers import panels, targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from evaluation.handlers.panels import Panels
    from evaluation.handlers.runs import Runs
    from evaluation.handlers.targets import Targets


@dataclass(frozen=True, slots=True)
class EvaluationApi:
    """`dokpamo.evaluation.v1.EvaluationService`; what it keeps is opened on a call's transaction."""

    panels: Callable[[Transaction], Panels]
    targets: Callable[[Transaction], Targets]
    runs: Callable[[Transaction], Runs]

    async def SeatPanel(self, request: pb.SeatPanelRequest, call: Call) -> pb.SeatPanelResponse:
        """Seat the assessors of a source."""
        await panels.seat_panel(wire.to_panel(request), self.panels(call.tx))
        return pb.SeatPanelResponse()

    async def SubmitScoreSheet(self, request: pb.SubmitScoreSheetRequest, call: Call) -> pb.SubmitScoreSheetResponse:
        """Take one assessor's sheet."""
        sheet = await panels.submit_sheet(
            StageId(request.stage_id),
            SourceId(request.source_id),
            AssessorId(request.assessor_id),
            wire.to_rows(request.rows),
            self.panels(call.tx),
            provenance=wire.to_provenance(request.provenance),
        )
        return pb.SubmitScoreSheetResponse(sheet_id=sheet.sheet_id, received_at=stamp(call.tx.now))

    async def RecordMeasurements(
        self, request: pb.RecordMeasurementsRequest, call: Call
    ) -> pb.RecordMeasurementsResponse:
        """Record measured values."""
        await panels.record_measurements(
            StageId(request.stage_id),
            SourceId(request.source_id),
            wire.to_rows(request.rows),
            request.origin,
            self.panels(call.tx),
            provenance=wire.to_provenance(request.provenance),
            pipeline=None if "testing_body" in call.actor.roles else call.actor.subject,
        )
        return pb.RecordMeasurementsResponse()

    async def SubmitComparison(self, request: pb.SubmitComparisonRequest, call: Call) -> pb.SubmitComparisonResponse:
        """Take which of two teams an assessor prefers."""
        given = wire.to_comparison(request)
        await panels.submit_comparison(given, self.panels(call.tx))
        return pb.SubmitComparisonResponse(comparison_id=given.comparison_id, received_at=stamp(call.tx.now))

    async def GetCompleteness(self, request: pb.GetCompletenessRequest, call: Call) -> pb.GetCompletenessResponse:
        """Return how many sheets and values a stage has and lacks."""
        found = await panels.stage_completeness(StageId(request.stage_id), self.panels(call.tx))
        return pb.GetCompletenessResponse(
            sources=[
                pb.SourceCompleteness(source_id=each.source_id, present=each.present, required=each.required)
                for each in found
            ]
        )

    async def ImportReferenceModels(
        self, request: pb.ImportReferenceModelsRequest, call: Call
    ) -> pb.ImportReferenceModelsResponse:
        """Add reference models; the request's id is the import's."""
        models = wire.to_models(request.models)
        imported = await targets.import_models(request.request_id, models, self.targets(call.tx))
        return pb.ImportReferenceModelsResponse(added=imported.added, extended=imported.extended)

    async def ListReferenceModels(
        self, request: pb.ListReferenceModelsRequest, call: Call
    ) -> pb.ListReferenceModelsResponse:
        """Return the catalogue by model id."""
        size = page_size(request.page_size)
        found, following = await self.targets(call.tx).models(request.page_token, size)
        return pb.ListReferenceModelsResponse(models=map(wire.from_model, found), next_page_token=token(following))

    async def PinTarget(self, request: pb.PinTargetRequest, call: Call) -> pb.PinTargetResponse:
        """Compute and pin the moving target of a stage."""
        pinned = await targets.pin_target(wire.to_question(request), self.targets(call.tx))
        return pb.PinTargetResponse(target=wire.from_target(pinned))

    async def ListTargets(self, request: pb.ListTargetsRequest, call: Call) -> pb.ListTargetsResponse:
        """Return pinned targets in order of pinning."""
        size = page_size(request.page_size)
        found, following = await self.targets(call.tx).targets(position(request.page_token), size)
        return pb.ListTargetsResponse(targets=map(wire.from_target, found), next_page_token=token(following))

    async def ListBenchmarkRuns(self, request: pb.ListBenchmarkRunsRequest, call: Call) -> pb.ListBenchmarkRunsResponse:
        """Return benchmark runs in order of start."""
        size = page_size(request.page_size)
        found, following = await self.runs(call.tx).runs(position(request.page_token), size)
        return pb.ListBenchmarkRunsResponse(runs=map(wire.from_run, found), next_page_token=token(following))

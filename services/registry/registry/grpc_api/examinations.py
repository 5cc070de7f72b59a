"""Examinations of checkpoints, and the catalogue of models that they are examined against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import NotFoundError
from common.paging import page_size, position, token
from dokpamo.registry.v1 import examinations_pb2 as pb

from registry import handlers, wire
from registry.domain.checkpoint import Digest
from registry.grpc_api.reading import piece, scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from registry.domain.examination import Examination
    from registry.handlers import Checkpoints, Examinations, Examiner, Objects


class ExaminationApi:
    """`dokpamo.registry.v1.ExaminationService`."""

    def __init__(
        self,
        examinations: Callable[[Transaction], Examinations],
        checkpoints: Callable[[Transaction], Checkpoints],
        objects: Objects,
        examiner: Examiner,
    ) -> None:
        """Work on each call's transaction; fingerprints are in `objects`, and `examiner` reads them."""
        self._examinations = examinations
        self._checkpoints = checkpoints
        self._objects = objects
        self._examiner = examiner

    async def StartExamination(self, request: pb.StartExaminationRequest, call: Call) -> pb.StartExaminationResponse:
        """Examine a checkpoint again."""
        found = await handlers.start_examination(
            self._examinations(call.tx), self._checkpoints(call.tx), Digest(request.checkpoint_digest)
        )
        return pb.StartExaminationResponse(examination=wire.from_examination(found))

    async def GetExamination(self, request: pb.GetExaminationRequest, call: Call) -> pb.GetExaminationResponse:
        """Return an examination."""
        return pb.GetExaminationResponse(examination=wire.from_examination(await self._found(request, call)))

    async def GetReport(self, request: pb.GetReportRequest, call: Call) -> pb.GetReportResponse:
        """Return a piece of a report."""
        found = await self._found(request, call)
        digest = Digest(request.checkpoint_digest)
        whole = await self._examinations(call.tx).report(digest, found.number, request.against)
        if whole is None:
            raise NotFoundError("against", request.against)
        return pb.GetReportResponse(piece=piece(whole, request.offset_bytes), size_bytes=len(whole))

    async def AddReference(self, request: pb.AddReferenceRequest, call: Call) -> pb.AddReferenceResponse:
        """Add a model to the catalogue."""
        examinations = self._examinations(call.tx)
        reference = wire.to_reference(request, handlers.fingerprint_key(request.fingerprint_sha256), examinations.now)
        kept, target = await handlers.add_reference(examinations, self._objects, reference, call.actor.subject)
        answer = pb.AddReferenceResponse(reference=wire.from_reference(kept))
        if target is not None:
            answer.url = target.url
            answer.headers.update(target.headers)
        return answer

    async def ConfirmReference(self, request: pb.ConfirmReferenceRequest, call: Call) -> pb.ConfirmReferenceResponse:
        """Confirm that a model's fingerprint is there, and is one."""
        found = await handlers.confirm_reference(
            self._examinations(call.tx), self._objects, self._examiner, request.reference_id
        )
        return pb.ConfirmReferenceResponse(reference=wire.from_reference(found))

    async def WithdrawReference(self, request: pb.WithdrawReferenceRequest, call: Call) -> pb.WithdrawReferenceResponse:
        """Examine checkpoints against a model no more."""
        found = await handlers.withdraw_reference(self._examinations(call.tx), request.reference_id, request.reason)
        return pb.WithdrawReferenceResponse(reference=wire.from_reference(found))

    async def ListReferences(self, request: pb.ListReferencesRequest, call: Call) -> pb.ListReferencesResponse:
        """Return the catalogue in order of addition."""
        found, following = await self._examinations(call.tx).references(
            page_size(request.page_size), position(request.page_token)
        )
        return pb.ListReferencesResponse(references=map(wire.from_reference, found), next_page_token=token(following))

    async def _found(self, request: pb.GetExaminationRequest | pb.GetReportRequest, call: Call) -> Examination:
        return await handlers.find_examination(
            self._examinations(call.tx),
            self._checkpoints(call.tx),
            scope(request.team_id, call),
            Digest(request.checkpoint_digest),
            request.number,
        )

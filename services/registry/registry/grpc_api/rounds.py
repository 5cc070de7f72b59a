"""Rounds of examinations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.paging import page_size, position, token
from dokpamo.registry.v1 import examination_rounds_pb2 as pb

from registry import handlers, wire
from registry.domain.examination_round import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from registry.handlers import Examinations, Rounds


class ExaminationRoundApi:
    """`dokpamo.registry.v1.ExaminationRoundService`."""

    def __init__(
        self, rounds: Callable[[Transaction], Rounds], examinations: Callable[[Transaction], Examinations]
    ) -> None:
        """Work on each call's transaction."""
        self._rounds = rounds
        self._examinations = examinations

    async def StartExaminationRound(
        self, request: pb.StartExaminationRoundRequest, call: Call
    ) -> pb.StartExaminationRoundResponse:
        """Have committed checkpoints examined again."""
        scope = Scope(request.team_id, request.model, request.not_against)
        found = await handlers.start_round(self._rounds(call.tx), self._examinations(call.tx), scope)
        return pb.StartExaminationRoundResponse(round=wire.from_round(found))

    async def GetExaminationRound(
        self, request: pb.GetExaminationRoundRequest, call: Call
    ) -> pb.GetExaminationRoundResponse:
        """Return how far a round is."""
        found = await handlers.find_round(self._rounds(call.tx), request.round_id)
        return pb.GetExaminationRoundResponse(round=wire.from_round(found))

    async def ListExaminationRounds(
        self, request: pb.ListExaminationRoundsRequest, call: Call
    ) -> pb.ListExaminationRoundsResponse:
        """Return rounds, the last first."""
        found, following = await self._rounds(call.tx).rounds(
            page_size(request.page_size), position(request.page_token)
        )
        return pb.ListExaminationRoundsResponse(rounds=map(wire.from_round, found), next_page_token=token(following))

    async def ListRoundExaminations(
        self, request: pb.ListRoundExaminationsRequest, call: Call
    ) -> pb.ListRoundExaminationsResponse:
        """Return examinations of a round."""
        rounds = self._rounds(call.tx)
        found, following = await rounds.examinations(
            (await handlers.find_round(rounds, request.round_id)).round_id,
            wire.to_examination_state(request.state),
            page_size(request.page_size),
            position(request.page_token),
        )
        return pb.ListRoundExaminationsResponse(
            examinations=map(wire.from_examination, found), next_page_token=token(following)
        )

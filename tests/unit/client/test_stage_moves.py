"""Who follows stages goes on after every end of a stream, with nothing left out and nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from client.sdk.stage_moves import stage_moves
from common.errors import Refused
from dokpamo.selection.v1 import pipeline_pb2 as pb
from grpc import StatusCode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Pipelines:
    """Tells moves 1 to 5, a few at a time; a stream ends in another way each time."""

    def __init__(self, *ends: StatusCode | None) -> None:
        self.ends = list(ends)
        self.asked: list[str] = []

    async def FollowTransitions(  # noqa: N802 - named by the contract
        self, request: pb.FollowTransitionsRequest
    ) -> AsyncIterator[pb.FollowTransitionsResponse]:
        self.asked.append(request.after_cursor)
        after = int(request.after_cursor or 0)
        for place in range(after + 1, min(after + 2, 5) + 1):
            yield pb.FollowTransitionsResponse(cursor=str(place))
        if (end := self.ends.pop(0)) is not None:
            raise Refused("END", "it ends", status=end)


async def test_a_stream_that_ends_is_begun_again_after_the_last_move() -> None:
    pipelines: Any = Pipelines(StatusCode.UNAVAILABLE, None, StatusCode.DEADLINE_EXCEEDED)
    found = []
    async for move in stage_moves(pipelines, pause_seconds=0):
        found.append(move.cursor)
        if len(found) == 5:
            break
    assert found == ["1", "2", "3", "4", "5"]
    assert pipelines.asked == ["", "2", "4"]


async def test_what_no_repetition_mends_is_told() -> None:
    pipelines: Any = Pipelines(StatusCode.INVALID_ARGUMENT)
    with pytest.raises(Refused):
        async for _ in stage_moves(pipelines, "4", pause_seconds=0):
            pass

"""Follow how stages move, for as long as one likes: a stream that ends is begun again after the last move that came."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from common.errors import Refused
from dokpamo.selection.v1 import pipeline_pb2 as pb
from grpc import StatusCode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from common.grpc import Client

# The service stops, cannot read, has too many followers; a token's hour is over.
_AGAIN: Final = frozenset({StatusCode.UNAVAILABLE, StatusCode.RESOURCE_EXHAUSTED, StatusCode.DEADLINE_EXCEEDED})


async def stage_moves(
    pipelines: Client, after_cursor: str = "", stage_ids: Iterable[str] = (), *, pause_seconds: float = 1.0
) -> AsyncIterator[pb.FollowTransitionsResponse]:
    """Yield every move of these stages, of all for none, after a cursor and then for ever, each once and in order.

    `pipelines` are the RPCs of `PipelineService`. Keep the `cursor` of the last move that you have dealt with: with it
    you go on after a start. Raises `Refused` for what no repetition mends.
    """
    stages = list(stage_ids)
    while True:
        request = pb.FollowTransitionsRequest(after_cursor=after_cursor, stage_ids=stages)
        try:
            async for move in pipelines.FollowTransitions(request):
                after_cursor = move.cursor
                yield move
        except Refused as refused:
            if refused.status not in _AGAIN:
                raise
        await asyncio.sleep(pause_seconds)

"""Lineage as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry import handlers, wire
from registry.domain.checkpoint import Digest, TeamId

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call
    from dokpamo.registry.v1 import lineage_pb2 as pb

    from registry.handlers import Declared


class LineageApi:
    """`dokpamo.registry.v1.LineageService`."""

    def __init__(self, declared: Callable[[Transaction], Declared]) -> None:
        """Read what is `declared` in each call's transaction."""
        self._declared = declared

    async def GetLineage(self, request: pb.GetLineageRequest, call: Call) -> pb.GetLineageResponse:
        """Return the graph around a checkpoint, or of a team's versions."""
        declared = self._declared(call.tx)
        if request.checkpoint_digest:
            return wire.from_graph(await handlers.lineage_of(declared, Digest(request.checkpoint_digest)))
        return wire.from_graph(await handlers.lineage_of_team(declared, TeamId(request.team_id), request.model))

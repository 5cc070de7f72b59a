"""dokpamo.registry.v1.TeamKeysService."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.paging import page_size, position, token
from dokpamo.registry.v1 import keys_pb2 as pb

from registry import handlers, wire
from registry.domain.checkpoint import TeamId

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call

    from registry.handlers import TeamKeys


class TeamKeysApi:
    """One method for each RPC of the contract."""

    def __init__(self, keys: Callable[[Transaction], TeamKeys]) -> None:
        """Work on each call's transaction."""
        self._keys = keys

    async def RegisterKey(self, request: pb.RegisterKeyRequest, call: Call) -> pb.RegisterKeyResponse:
        """Let a team sign with a key."""
        keys = self._keys(call.tx)
        key = await handlers.register_key(keys, TeamId(request.team_id), request.public_key, request.proof)
        return pb.RegisterKeyResponse(key=wire.from_key(key))

    async def RetireKey(self, request: pb.RetireKeyRequest, call: Call) -> pb.RetireKeyResponse:
        """Take no more signatures of a key."""
        keys = self._keys(call.tx)
        key = await handlers.retire_key(keys, TeamId(request.team_id), request.key_id, request.reason)
        return pb.RetireKeyResponse(key=wire.from_key(key))

    async def ListKeys(self, request: pb.ListKeysRequest, call: Call) -> pb.ListKeysResponse:
        """Keys in order of registration."""
        size, after = page_size(request.page_size), position(request.page_token)
        found, following = await self._keys(call.tx).page(request.team_id, size, after)
        return pb.ListKeysResponse(keys=map(wire.from_key, found), next_page_token=token(following))

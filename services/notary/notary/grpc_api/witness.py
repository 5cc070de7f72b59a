"""dokpamo.notary.v1.WitnessService."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from dokpamo.notary.v1 import witness_pb2 as pb
from verify.head import raw_public_key

from notary import handlers, wire
from notary.domain.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class WitnessApi:
    """One method for each RPC of the contract."""

    def __init__(self, witnesses: Callable[[Transaction], handlers.Witnesses], key: Ed25519PrivateKey) -> None:
        """Keep cosignatures of the log that this key signs."""
        self._witnesses = witnesses
        self._key = key

    async def GetCheckpoint(self, request: pb.GetCheckpointRequest, call: Call) -> pb.GetCheckpointResponse:
        """A signed head as a checkpoint with its cosignatures."""
        size = wire.index_of("tree_size", request.tree_size)
        note = await handlers.checkpoint(size, self._key, self._witnesses(call.tx))
        return pb.GetCheckpointResponse(checkpoint=note.encode())

    async def ListCosignedCheckpoints(
        self, request: pb.ListCosignedCheckpointsRequest, call: Call
    ) -> pb.ListCosignedCheckpointsResponse:
        """Cosigned checkpoints, smallest first."""
        limit = wire.page_size_of(request.page_size)
        after = wire.page_token_of(request.page_token)
        notes, more = await handlers.cosigned_checkpoints(after, limit, self._key, self._witnesses(call.tx))
        return pb.ListCosignedCheckpointsResponse(
            checkpoints=[note.encode() for note in notes], next_page_token=str(more) if more else ""
        )

    async def RegisterWitness(self, request: pb.RegisterWitnessRequest, call: Call) -> pb.RegisterWitnessResponse:
        """Let a witness hand in cosignatures."""
        key = wire.witness_key_of(request.verifier_key)
        witness = Witness(key, request.operator, call.tx.actor, call.tx.now)
        own = raw_public_key(self._key.public_key())
        await handlers.register_witness(witness, own, self._witnesses(call.tx))
        return pb.RegisterWitnessResponse(witness=wire.witness_message(witness))

    async def ListWitnesses(self, request: pb.ListWitnessesRequest, call: Call) -> pb.ListWitnessesResponse:  # noqa: ARG002 - it asks nothing
        """All witnesses."""
        return pb.ListWitnessesResponse(witnesses=map(wire.witness_message, await self._witnesses(call.tx).all()))

    async def AddCosignature(self, request: pb.AddCosignatureRequest, call: Call) -> pb.AddCosignatureResponse:
        """Keep a cosignature."""
        size = wire.index_of("tree_size", request.tree_size)
        signed_at = await handlers.add_cosignature(size, request.signature_line, self._witnesses(call.tx))
        return pb.AddCosignatureResponse(signed_at=stamp(signed_at))

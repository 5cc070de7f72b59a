"""dokpamo.notary.v1.WitnessService."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from common.instants import stamp
from common.paging import page_size, position
from dokpamo.notary.v1 import witness_pb2 as pb
from verify.head import raw_public_key

from notary import handlers, wire
from notary.domain.two_person import Act
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
        limit, after = page_size(request.page_size), position(request.page_token)
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

    async def RequestWitnessRetirement(
        self, request: pb.RequestWitnessRetirementRequest, call: Call
    ) -> pb.RequestWitnessRetirementResponse:
        """Ask that a witness be retired."""
        act = Act(str(uuid4()), request.reason, call.tx.actor, call.tx.now)
        asked = await handlers.request_retirement(request.name, act, self._witnesses(call.tx))
        return pb.RequestWitnessRetirementResponse(retirement=wire.retirement_message(asked))

    async def ConfirmWitnessRetirement(
        self, request: pb.ConfirmWitnessRetirementRequest, call: Call
    ) -> pb.ConfirmWitnessRetirementResponse:
        """Retire a witness as another person asked."""
        tx = call.tx
        act_id = wire.act_id_of(request.act_id)
        done = await handlers.confirm_retirement(act_id, tx.actor, tx.now, self._witnesses(tx))
        return pb.ConfirmWitnessRetirementResponse(retirement=wire.retirement_message(done))

    async def ListWitnessRetirements(
        self, request: pb.ListWitnessRetirementsRequest, call: Call
    ) -> pb.ListWitnessRetirementsResponse:
        """Retirements, oldest first."""
        after = position(request.page_token)
        found, more = await self._witnesses(call.tx).retirements(after, page_size(request.page_size))
        return pb.ListWitnessRetirementsResponse(
            retirements=map(wire.retirement_message, found), next_page_token=str(more) if more else ""
        )

    async def AddCosignature(self, request: pb.AddCosignatureRequest, call: Call) -> pb.AddCosignatureResponse:
        """Keep a cosignature."""
        size = wire.index_of("tree_size", request.tree_size)
        signed_at = await handlers.add_cosignature(size, request.signature_line, self._witnesses(call.tx))
        return pb.AddCosignatureResponse(signed_at=stamp(signed_at))

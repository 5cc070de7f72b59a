"""dokpamo.notary.v1.NotaryService: only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.paging import page_size, position
from dokpamo.notary.v1 import service_pb2 as pb
from verify.head import log_id, raw_public_key

from notary import handlers, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.database import Transaction
    from common.grpc import Call
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LARGEST_PAGE_BYTES = 2 * 1024 * 1024
"""Well below the 4 MiB that a gRPC message may have."""


class NotaryApi:
    """One method for each RPC of the contract."""

    def __init__(
        self,
        log: Callable[[Transaction], handlers.Log],
        withholdings: Callable[[Transaction], handlers.Withholdings],
        key: Ed25519PublicKey,
    ) -> None:
        """Answer from this log, which this key signs, without what is withheld of it."""
        self._log = log
        self._withholdings = withholdings
        self._key = key

    async def GetHead(self, request: pb.GetHeadRequest, call: Call) -> pb.GetHeadResponse:  # noqa: ARG002 - it asks nothing
        """The newest signed head, and how far the log has grown since."""
        log = self._log(call.tx)
        newest = await log.newest_head()
        return pb.GetHeadResponse(
            head=wire.head_message(newest) if newest else None,
            tree_size=await log.size(),
            pending=await log.count_pending(),
        )

    async def ListHeads(self, request: pb.ListHeadsRequest, call: Call) -> pb.ListHeadsResponse:
        """Signed heads, oldest first."""
        limit = page_size(request.page_size)
        heads = await self._log(call.tx).heads(position(request.page_token), limit)
        return pb.ListHeadsResponse(
            heads=[wire.head_message(head) for head in heads],
            next_page_token=str(heads[-1].head.tree_size) if len(heads) == limit else "",
        )

    async def GetInclusionProof(self, request: pb.GetInclusionProofRequest, call: Call) -> pb.GetInclusionProofResponse:
        """Proof that an entry is in the log."""
        by_event = request.WhichOneof("entry") == "event_id"
        proof = await handlers.prove_inclusion(
            self._log(call.tx),
            event_id=wire.event_id_of(request.event_id) if by_event else None,
            index=wire.index_of("leaf_index", request.leaf_index),
            size=wire.index_of("tree_size", request.tree_size),
        )
        return pb.GetInclusionProofResponse(
            leaf_index=proof.index, tree_size=proof.tree_size, leaf_hash=proof.leaf_hash, hashes=proof.hashes
        )

    async def GetConsistencyProof(
        self, request: pb.GetConsistencyProofRequest, call: Call
    ) -> pb.GetConsistencyProofResponse:
        """Proof that the log of one size extends the log of a smaller size."""
        first = wire.index_of("first", request.first)
        second, hashes = await handlers.prove_consistency(
            self._log(call.tx), first, wire.index_of("second", request.second)
        )
        return pb.GetConsistencyProofResponse(first=first, second=second, hashes=hashes)

    async def ListEntries(self, request: pb.ListEntriesRequest, call: Call) -> pb.ListEntriesResponse:
        """Entries in order of the log, fewer than asked for where they would not fit a message."""
        log = self._log(call.tx)
        response = pb.ListEntriesResponse(tree_size=await log.size())
        room = LARGEST_PAGE_BYTES
        page = await log.leaves(wire.index_of("start", request.start), page_size(request.page_size))
        withheld = await self._withholdings(call.tx).in_force([placed.index for placed in page])
        for placed in page:
            room -= len(placed.leaf)
            if room < 0 and response.entries:
                break
            response.entries.append(wire.entry_message(placed.index, placed.leaf, withheld.get(placed.index)))
        return response

    async def FindEntry(self, request: pb.FindEntryRequest, call: Call) -> pb.FindEntryResponse:
        """The entry of one event."""
        placed = await handlers.find(self._log(call.tx), wire.event_id_of(request.event_id))
        withheld = await self._withholdings(call.tx).in_force([placed.index])
        entry = wire.entry_message(placed.index, placed.leaf, withheld.get(placed.index))
        return pb.FindEntryResponse(entry=entry)

    async def GetPublicKey(self, request: pb.GetPublicKeyRequest, call: Call) -> pb.GetPublicKeyResponse:  # noqa: ARG002 - it asks nothing
        """The key that signs heads."""
        return pb.GetPublicKeyResponse(public_key=raw_public_key(self._key), log_id=log_id(self._key))

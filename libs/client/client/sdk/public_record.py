"""Fetch the public record of a programme from its services. All calls are public: no token, no account."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Self

from common.errors import Refused
from common.grpc import Client, connect
from dokpamo.intake.v1 import service_pb2 as intake
from dokpamo.notary.v1 import openings_pb2 as notary_openings
from dokpamo.notary.v1 import service_pb2 as notary
from dokpamo.notary.v1 import withholding_pb2 as notary_withholding
from dokpamo.notary.v1 import witness_pb2 as witness
from dokpamo.selection.v1 import service_pb2 as selection
from verify import canonical
from verify.export import DecisionDocuments, Opened, Receipt, Record, final_versions
from verify.head import SignedTreeHead, TreeHead
from verify.sealing import Opening
from verify.withheld import Withheld, untold

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from types import TracebackType

PAGE = 500
COVER_SECONDS = 60.0
"""How long to wait for a head that covers what was in the log when the export began."""
NOT_THERE = {"NOT_RELEASED", "STAGE_UNKNOWN", "VERSION_UNKNOWN", "DECISION_MISSING"}
"""Codes of selection for a decision that is not open to everybody yet, or that it does not have."""
LOOK_AGAIN_SECONDS = 0.25


class NotCoveredError(Exception):
    """The notary did not sign a head over what it has in time."""

    def __init__(self, tree_size: int, signed_size: int) -> None:
        """Say what it has and what it signed."""
        super().__init__(f"the notary has {tree_size} entries and signed only {signed_size} within {COVER_SECONDS:g} s")
        self.tree_size = tree_size
        self.signed_size = signed_size


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the three services that publish are reached, each "host:port"."""

    notary: str
    selection: str
    intake: str


class PublicRecord:
    """Clients of the three services; enter it, then `fetch`."""

    def __init__(self, addresses: Addresses) -> None:
        """Speak to the services at these addresses."""
        self._addresses = addresses
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the channels."""
        self._notary = await self._client(self._addresses.notary, "dokpamo.notary.v1.NotaryService")
        self._opening = await self._client(self._addresses.notary, "dokpamo.notary.v1.OpeningService")
        self._withholding = await self._client(self._addresses.notary, "dokpamo.notary.v1.WithholdingService")
        self._witness = await self._client(self._addresses.notary, "dokpamo.notary.v1.WitnessService")
        self._selection = await self._client(self._addresses.selection, "dokpamo.selection.v1.SelectionService")
        self._intake = await self._client(self._addresses.intake, "dokpamo.intake.v1.IntakeService")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the channels."""
        await self._open.aclose()

    async def _client(self, address: str, service: str) -> Client:
        return Client(await self._open.enter_async_context(connect(address)), service)

    async def fetch(self, on_entries: Callable[[int, int], None], known: Sequence[bytes | Withheld] = ()) -> Record:
        """Everything up to a head that covers all that is in the log now; `on_entries(done, total)` tells progress.

        Entries that are `known` are not fetched again, unless they were withheld or given back.

        Raises:
            NotCoveredError: no such head was signed in time.
            Refused: a service cannot be reached or refuses.
        """
        covered = await self._covering_head()
        entries = await self._entries(covered, on_entries, known)
        while untold(entries):
            # Withheld a moment ago: the entry that says so is on its way.
            covered = await self._covering_head()
            entries = await self._entries(covered, on_entries, known)
        key = await self._notary.GetPublicKey(notary.GetPublicKeyRequest())
        return Record(
            public_key=key.public_key,
            log_id=key.log_id,
            heads=[head async for head in self._heads() if head.head.tree_size <= covered],
            entries=entries,
            rule_sets={sha256: document async for sha256, document in self._rule_sets()},
            decisions=await decision_documents(self._selection, entries),
            receipts=[receipt async for receipt in self._receipts()],
            checkpoint=(await self._witness.GetCheckpoint(witness.GetCheckpointRequest(tree_size=covered))).checkpoint,
            cosigned=[cosigned async for cosigned in self._cosigned()],
            openings=[opened async for opened in self._openings(covered)],
        )

    async def _covering_head(self) -> int:
        """The size of a signed head over all that the notary had when it was first asked."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + COVER_SECONDS
        head = await self._notary.GetHead(notary.GetHeadRequest())
        wanted = head.tree_size + head.pending
        while head.head.tree_size < wanted:
            if loop.time() > give_up_at:
                raise NotCoveredError(wanted, head.head.tree_size)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            head = await self._notary.GetHead(notary.GetHeadRequest())
        return int(head.head.tree_size)

    async def _heads(self) -> AsyncIterator[SignedTreeHead]:
        async for page in _pages(self._notary.ListHeads, notary.ListHeadsRequest(page_size=PAGE)):
            for each in page.heads:
                head = TreeHead(each.log_id, each.tree_size, each.root_hash, each.signed_at.ToDatetime(UTC))
                yield SignedTreeHead(head, each.signature)

    async def _cosigned(self) -> AsyncIterator[bytes]:
        request = witness.ListCosignedCheckpointsRequest(page_size=PAGE)
        async for page in _pages(self._witness.ListCosignedCheckpoints, request):
            for checkpoint in page.checkpoints:
                yield checkpoint

    async def _entries(
        self, covered: int, on_entries: Callable[[int, int], None], known: Sequence[bytes | Withheld]
    ) -> list[bytes | Withheld]:
        entries = list(known[:covered])
        for index in sorted(await self._touched()):
            if index < len(entries):
                request = notary.ListEntriesRequest(start=index, page_size=1)
                entries[index] = _entry((await self._notary.ListEntries(request)).entries[0])
        while len(entries) < covered:
            request = notary.ListEntriesRequest(start=len(entries), page_size=min(PAGE, covered - len(entries)))
            page = await self._notary.ListEntries(request)
            if not page.entries:
                raise NotCoveredError(covered, len(entries))
            entries.extend(map(_entry, page.entries))
            on_entries(len(entries), covered)
        return entries

    async def _touched(self) -> set[int]:
        """Entries that were withheld or given back at some time."""
        request = notary_withholding.ListWithholdingsRequest(page_size=PAGE)
        pages = _pages(self._withholding.ListWithholdings, request)
        return {each.leaf_index async for page in pages for each in page.withholdings}

    async def _openings(self, covered: int) -> AsyncIterator[Opened]:
        """What is released of these entries; asked for after the head, so that whatever it shows to have ended has."""
        start = 0
        while start < covered:
            page = await self._opening.ListOpenings(
                notary_openings.ListOpeningsRequest(start=start, page_size=min(PAGE, covered - start))
            )
            for each in page.openings:
                yield Opened(each.leaf_index, each.path, Opening(each.salt, canonical.parse(each.value_json)))
            if page.next_start <= start:
                raise NotCoveredError(covered, start)
            start = page.next_start

    async def _rule_sets(self) -> AsyncIterator[tuple[str, bytes]]:
        async for page in _pages(self._selection.ListRuleSets, selection.ListRuleSetsRequest(page_size=PAGE)):
            for listed in page.rule_sets:
                request = selection.GetRuleSetRequest(rule_set_sha256=listed.rule_set_sha256)
                whole = await self._selection.GetRuleSet(request)
                yield listed.rule_set_sha256, whole.rule_set.rule_set_json

    async def _receipts(self) -> AsyncIterator[Receipt]:
        async for page in _pages(self._intake.ListReceipts, intake.ListReceiptsRequest(page_size=PAGE)):
            for each in page.receipts:
                yield Receipt(
                    application_id=each.application_id,
                    version=each.version,
                    application_sha256=each.application_sha256,
                    received_at=each.received_at.ToDatetime(UTC),
                    event_id=each.event_id,
                )


async def decision_documents(client: Client, entries: Iterable[bytes | Withheld]) -> dict[str, DecisionDocuments]:
    """The documents of each decision that is final by these entries, in the version that is, from SelectionService.

    Left out is what is not released yet, and what the service does not have although the log says so: that is for
    `verify` to notice.

    Raises:
        Refused: the service cannot be reached or refuses.
    """
    found = {}
    for stage_id, version in final_versions(entries).items():
        request = selection.GetDecisionRequest(stage_id=stage_id, version=version)
        try:
            kept = await client.GetDecision(request)
        except Refused as refused:
            if refused.code not in NOT_THERE:
                raise
        else:
            found[stage_id] = DecisionDocuments(kept.inputs_json, kept.decision_json)
    return found


def _entry(entry: notary.Entry) -> bytes | Withheld:
    if not entry.HasField("withheld"):
        return entry.entry_json
    said = entry.withheld
    return Withheld(said.leaf_hash, said.reason, said.requested_by, said.confirmed_by)


async def _pages(rpc: Callable[[Any], Any], request: Any) -> AsyncIterator[Any]:
    """Every page of a list."""
    while True:
        page = await rpc(request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


__all__ = ["Addresses", "NotCoveredError", "PublicRecord", "Refused", "decision_documents"]

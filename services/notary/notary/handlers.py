"""The notary's use cases: record an event, give recorded events their places, sign the head, prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from verify import entry as log_entry
from verify import tree
from verify.head import SignedTreeHead, TreeHead, check_signature, log_id, sign
from verify.merkle import hash_leaf

from notary.domain.admission import require_same_event
from notary.domain.cadence import LogState, head_is_due
from notary.domain.extent import extent, require_entry, require_leaf, require_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from verify.entry import Entry
    from verify.tree import Coordinate, Frontier

BATCH = 1_000
"""Entries that get their places in one transaction."""


class KeyChangedError(Exception):
    """The configured key is not the one that signed the newest head: the log would have two identities."""

    def __init__(self, head_log_id: str, key_log_id: str) -> None:
        """Name both identities."""
        super().__init__(f"the log was signed as {head_log_id}, the configured key is {key_log_id}")
        self.head_log_id = head_log_id
        self.key_log_id = key_log_id


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf with its place."""

    index: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of inclusion."""

    index: int
    tree_size: int
    leaf_hash: bytes
    hashes: Sequence[bytes]


class Log(Protocol):
    """What the use cases need kept, in one transaction."""

    async def leaf_of(self, event_id: str) -> bytes:
        """The leaf of a recorded event, with or without a place."""

    async def add(self, event_id: str, leaf: bytes) -> bool:
        """Keep a new leaf without a place; false where the event has one already."""

    async def lock_tree(self) -> Frontier:
        """The right edge of the tree, which nobody else can change before this transaction ends."""

    async def size(self) -> int:
        """Entries in the tree."""

    async def pending(self, limit: int) -> list[tuple[int, bytes]]:
        """Leaves without a place in order of arrival, with their sequence."""

    async def count_pending(self) -> int:
        """How many leaves have no place."""

    async def grow(self, sequences: Sequence[int], start: int, frontier: Frontier,
                   nodes: Sequence[tuple[Coordinate, bytes]]) -> None:  # fmt: skip
        """Give leaves their places from `start` on, and keep the new nodes and the new right edge."""

    async def nodes(self, wanted: Sequence[Coordinate]) -> Mapping[Coordinate, bytes]:
        """Complete nodes of the tree."""

    async def newest_head(self) -> SignedTreeHead | None:
        """The signed head with the largest size."""

    async def heads(self, after: int, limit: int) -> list[SignedTreeHead]:
        """Signed heads larger than `after`, smallest first."""

    async def keep_head(self, signed: SignedTreeHead) -> None:
        """Keep a signed head."""

    async def index_of(self, event_id: str) -> int | None:
        """The place of an event; none where it is not known or has no place yet."""

    async def leaves(self, start: int, limit: int) -> list[Placed]:
        """Leaves from a place on, in order."""


async def record(entry: Entry, log: Log) -> None:
    """Take an event into the log, once; its place is given soon after by `sequence`.

    Raises:
        EventRewrittenError: the log has this event with another content.
    """
    if await log.add(entry.event_id, entry.encode()):
        return
    require_same_event(entry, log_entry.decode(await log.leaf_of(entry.event_id)))


async def sequence(log: Log) -> int:
    """Give the oldest recorded events the next places in the tree, up to `BATCH`; how many there were."""
    frontier = await log.lock_tree()
    waiting = await log.pending(BATCH)
    if waiting:
        grown, nodes = tree.append(frontier, [hash_leaf(leaf) for _, leaf in waiting])
        await log.grow([number for number, _ in waiting], frontier.size, grown, nodes)
    return len(waiting)


async def sign_head(
    log: Log, key: Ed25519PrivateKey, now: datetime, *, waited_seconds: float, interval_seconds: float
) -> SignedTreeHead | None:
    """Sign the present tree if that is due; the new head.

    Raises:
        KeyChangedError: another key signed the heads before.
    """
    frontier = await log.lock_tree()
    last = await log.newest_head()
    identity = log_id(key.public_key())
    if last is not None and last.head.log_id != identity:
        raise KeyChangedError(last.head.log_id, identity)
    state = LogState(frontier.size, last.head.tree_size if last else 0, await log.count_pending())
    if not head_is_due(state, waited_seconds=waited_seconds, interval_seconds=interval_seconds):
        return None
    signed = sign(TreeHead(identity, frontier.size, frontier.root(), now), key)
    await log.keep_head(signed)
    return signed


async def require_same_key(log: Log, key: Ed25519PrivateKey) -> None:
    """Refuse to go on with a log whose newest head this key did not sign.

    Raises:
        KeyChangedError: another key signed it.
        HeadRefusedError: the kept head does not bear its signature.
    """
    last = await log.newest_head()
    if last is None:
        return
    identity = log_id(key.public_key())
    if last.head.log_id != identity:
        raise KeyChangedError(last.head.log_id, identity)
    check_signature(last, key.public_key())


async def prove_inclusion(log: Log, *, event_id: str | None, index: int, size: int) -> Proof:
    """Prove that an entry, named by its event or its place, is in the tree of `size`; 0 means the newest signed head's.

    Raises:
        NotLoggedError: there is no such entry, or no such size.
    """
    size = await _extent(log, "tree_size", size)
    if event_id is not None:
        index = require_entry(event_id, await log.index_of(event_id))
    require_leaf(index, size)
    plan = tree.plan_inclusion(index, size)
    leaf = tree.Coordinate(0, index)
    nodes = await log.nodes([*tree.coordinates(plan), leaf])
    return Proof(index, size, nodes[leaf], tree.assemble(plan, nodes))


async def prove_consistency(log: Log, first: int, second: int) -> tuple[int, Sequence[bytes]]:
    """The larger size and the proof that its tree extends the tree of `first`; 0 means the newest signed head's.

    Raises:
        NotLoggedError: there are no such sizes, or they are in the wrong order.
    """
    second = await _extent(log, "second", second)
    require_order(first, second)
    plan = tree.plan_consistency(first, second)
    return second, tree.assemble(plan, await log.nodes(tree.coordinates(plan)))


async def find(log: Log, event_id: str) -> Placed:
    """The entry of an event.

    Raises:
        NotLoggedError: the log has none.
    """
    index = require_entry(event_id, await log.index_of(event_id))
    [placed] = await log.leaves(index, 1)
    return placed


async def _extent(log: Log, field: str, size: int) -> int:
    newest = await log.newest_head()
    return extent(field, size, grown=await log.size(), signed=newest.head.tree_size if newest else None)

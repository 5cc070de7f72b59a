"""Prove what the log holds, and find an entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify import tree

from notary.domain.extent import extent, require_entry, require_leaf, require_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notary.handlers.log import Log, Placed


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of inclusion."""

    index: int
    tree_size: int
    leaf_hash: bytes
    hashes: Sequence[bytes]


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

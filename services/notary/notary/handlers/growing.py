"""Give recorded events their places in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import tree
from verify.merkle import hash_leaf

if TYPE_CHECKING:
    from notary.handlers.log import Log

BATCH = 1_000
"""Entries that get their places in one transaction."""


async def sequence(log: Log) -> int:
    """Give the oldest recorded events the next places in the tree, up to `BATCH`; how many there were."""
    frontier = await log.lock_tree()
    waiting = await log.pending(BATCH)
    if waiting:
        grown, nodes = tree.append(frontier, [hash_leaf(leaf) for _, leaf in waiting])
        await log.grow([number for number, _ in waiting], frontier.size, grown, nodes)
    return len(waiting)

"""The log in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from verify.head import SignedTreeHead, TreeHead
from verify.tree import Coordinate, Frontier

from notary.handlers import Placed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncpg import Record
    from common.database import Transaction


class LogStore:
    """`handlers.Log` over one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in this transaction."""
        self._tx = tx

    async def leaf_of(self, event_id: str) -> bytes:
        """The leaf of a recorded event, with or without a place."""
        leaf: bytes = await self._tx.fetchval("SELECT leaf FROM entry WHERE event_id = $1", UUID(event_id))
        return leaf

    async def add(self, leaves: Mapping[str, bytes]) -> set[str]:
        """Keep new leaves by event id, in this order and without a place; the ids of those that were new."""
        rows = await self._tx.fetch(
            "INSERT INTO entry (event_id, leaf) SELECT event_id, leaf FROM unnest($1::uuid[], $2::bytea[])"
            " WITH ORDINALITY AS arrived (event_id, leaf, number) ORDER BY number"
            " ON CONFLICT (event_id) DO NOTHING RETURNING event_id",
            list(leaves.keys()),
            list(leaves.values()),
        )
        return {str(row["event_id"]) for row in rows}

    async def lock_tree(self) -> Frontier:
        """The right edge of the tree, which nobody else can change before this transaction ends."""
        row = await self._tx.fetchrow("SELECT size, peaks FROM tree FOR UPDATE")
        assert row is not None, "the first migration made the row and a trigger keeps it"
        return Frontier(row["size"], tuple(row["peaks"]))

    async def size(self) -> int:
        """Entries in the tree."""
        size: int = await self._tx.fetchval("SELECT size FROM tree")
        return size

    async def pending(self, limit: int) -> list[tuple[int, bytes]]:
        """Leaves without a place in order of arrival, with their sequence."""
        rows = await self._tx.fetch(
            "SELECT sequence, leaf FROM entry WHERE leaf_index IS NULL ORDER BY sequence LIMIT $1", limit
        )
        return [(row["sequence"], row["leaf"]) for row in rows]

    async def count_pending(self) -> int:
        """How many leaves have no place."""
        count: int = await self._tx.fetchval("SELECT count(*) FROM entry WHERE leaf_index IS NULL")
        return count

    async def grow(
        self, sequences: Sequence[int], start: int, frontier: Frontier, nodes: Sequence[tuple[Coordinate, bytes]]
    ) -> None:
        """Give leaves their places from `start` on, and keep the new nodes and the new right edge."""
        await self._tx.execute(
            "UPDATE entry SET leaf_index = placed.leaf_index FROM unnest($1::bigint[], $2::bigint[])"
            " AS placed (sequence, leaf_index) WHERE entry.sequence = placed.sequence",
            list(sequences),
            list(range(start, start + len(sequences))),
        )
        await self._tx.execute(
            "INSERT INTO node (level, position, hash) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])",
            [node.level for node, _ in nodes],
            [node.position for node, _ in nodes],
            [hashed for _, hashed in nodes],
        )
        await self._tx.execute("UPDATE tree SET size = $1, peaks = $2", frontier.size, list(frontier.peaks))

    async def nodes(self, wanted: Sequence[Coordinate]) -> Mapping[Coordinate, bytes]:
        """Complete nodes of the tree."""
        rows = await self._tx.fetch(
            "SELECT level, position, hash FROM node JOIN unnest($1::smallint[], $2::bigint[])"
            " AS wanted (level, position) USING (level, position)",
            [node.level for node in wanted],
            [node.position for node in wanted],
        )
        return {Coordinate(row["level"], row["position"]): row["hash"] for row in rows}

    async def newest_head(self) -> SignedTreeHead | None:
        """The signed head with the largest size."""
        row = await self._tx.fetchrow("SELECT * FROM head ORDER BY tree_size DESC LIMIT 1")
        return head_of(row) if row else None

    async def heads(self, after: int, limit: int) -> list[SignedTreeHead]:
        """Signed heads larger than `after`, smallest first."""
        rows = await self._tx.fetch("SELECT * FROM head WHERE tree_size > $1 ORDER BY tree_size LIMIT $2", after, limit)
        return [head_of(row) for row in rows]

    async def keep_head(self, signed: SignedTreeHead) -> None:
        """Keep a signed head."""
        await self._tx.execute(
            "INSERT INTO head (tree_size, log_id, root_hash, signed_at, signature) VALUES ($1, $2, $3, $4, $5)",
            signed.head.tree_size,
            signed.head.log_id,
            signed.head.root_hash,
            signed.head.timestamp,
            signed.signature,
        )

    async def index_of(self, event_id: str) -> int | None:
        """The place of an event; none where it is not known or has no place yet."""
        index: int | None = await self._tx.fetchval("SELECT leaf_index FROM entry WHERE event_id = $1", UUID(event_id))
        return index

    async def leaves(self, start: int, limit: int) -> list[Placed]:
        """Leaves from a place on, in order."""
        rows = await self._tx.fetch(
            "SELECT leaf_index, leaf FROM entry WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT $2", start, limit
        )
        return [Placed(row["leaf_index"], row["leaf"]) for row in rows]


def head_of(row: Record) -> SignedTreeHead:
    """The signed head of its row."""
    head = TreeHead(row["log_id"], row["tree_size"], row["root_hash"], row["signed_at"])
    return SignedTreeHead(head, row["signature"])

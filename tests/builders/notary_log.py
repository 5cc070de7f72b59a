"""The notary's log in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notary.handlers import Placed
from verify.tree import Coordinate, Frontier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.head import SignedTreeHead


@dataclass
class MemoryLog:
    """`notary.handlers.Log` without a database."""

    arrived: dict[str, bytes] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    frontier: Frontier = field(default_factory=Frontier)
    kept: dict[Coordinate, bytes] = field(default_factory=dict)
    signed: list[SignedTreeHead] = field(default_factory=list)

    async def leaf_of(self, event_id: str) -> bytes:
        return self.arrived[event_id]

    async def add(self, leaves: Mapping[str, bytes]) -> set[str]:
        new = leaves.keys() - self.arrived.keys()
        self.arrived.update((event_id, leaf) for event_id, leaf in leaves.items() if event_id in new)
        return new

    async def lock_tree(self) -> Frontier:
        return self.frontier

    async def size(self) -> int:
        return self.frontier.size

    async def pending(self, limit: int) -> list[tuple[int, bytes]]:
        waiting = [each for each in enumerate(self.arrived.values()) if each[0] not in self.places]
        return waiting[:limit]

    async def count_pending(self) -> int:
        return len(self.arrived) - len(self.places)

    async def grow(
        self, sequences: Sequence[int], start: int, frontier: Frontier, nodes: Sequence[tuple[Coordinate, bytes]]
    ) -> None:
        assert start == self.frontier.size
        assert not self.kept.keys() & dict(nodes).keys()
        self.places.update(zip(sequences, range(start, start + len(sequences)), strict=True))
        self.frontier = frontier
        self.kept.update(nodes)

    async def nodes(self, wanted: Sequence[Coordinate]) -> Mapping[Coordinate, bytes]:
        return {node: self.kept[node] for node in wanted}

    async def newest_head(self) -> SignedTreeHead | None:
        return self.signed[-1] if self.signed else None

    async def heads(self, after: int, limit: int) -> list[SignedTreeHead]:
        return [each for each in self.signed if each.head.tree_size > after][:limit]

    async def keep_head(self, signed: SignedTreeHead) -> None:
        self.signed.append(signed)

    async def index_of(self, event_id: str) -> int | None:
        order = list(self.arrived)
        return self.places.get(order.index(event_id)) if event_id in order else None

    async def leaves(self, start: int, limit: int) -> list[Placed]:
        leaves = list(self.arrived.values())
        placed = sorted((place, leaves[number]) for number, place in self.places.items())
        return [Placed(place, leaf) for place, leaf in placed[start : start + limit]]

"""A growing Merkle tree: appending in O(log n), and planning proofs from stored nodes.

Only *complete* nodes are ever stored, because only they never change: node `(level, position)` covers the leaves
`[position * 2**level, (position + 1) * 2**level)`. Whatever else a tree needs is folded from at most log n of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from verify.merkle import EMPTY_ROOT, hash_leaf, hash_node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Coordinate(NamedTuple):
    """Where a complete node stands: `position` counts the nodes of its level from the left; level 0 are the leaves."""

    level: int
    position: int


Plan = tuple[tuple[Coordinate, ...], ...]


class LeafOutsideError(Exception):
    """A proof was asked for a leaf or a size that the tree does not have."""

    def __init__(self, index: int, size: int) -> None:
        """Say which leaf or size, and how large the tree is."""
        super().__init__(f"{index} is outside a tree of {size} leaves")
        self.index = index
        self.size = size


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that an append needs: the size and the roots of the complete subtrees at the right edge, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """The root hash; of a tree without leaves the hash of nothing (RFC 6962, 2.1)."""
        return fold(self.peaks) if self.peaks else EMPTY_ROOT


def append(frontier: Frontier, leaf_hashes: Iterable[bytes]) -> tuple[Frontier, list[tuple[Coordinate, bytes]]]:
    """The frontier after these leaves, and every node that became complete, leaves included."""
    size, peaks = frontier.size, list(frontier.peaks)
    complete: list[tuple[Coordinate, bytes]] = []
    for leaf_hash in leaf_hashes:
        hashed, level, index = leaf_hash, 0, size
        complete.append((Coordinate(0, index), hashed))
        while index & 1:
            hashed, level, index = hash_node(peaks.pop(), hashed), level + 1, index >> 1
            complete.append((Coordinate(level, index), hashed))
        peaks.append(hashed)
        size += 1
    return Frontier(size, tuple(peaks)), complete


def fold(peaks: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, largest first."""
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = hash_node(peak, root)
    return root


def peaks_of(start: int, end: int) -> tuple[Coordinate, ...]:
    """The complete nodes that cover `[start, end)`, largest first; `start` is aligned as that of a subtree."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(Coordinate(level, start >> level))
        start += 1 << level
    return tuple(nodes)


def plan_inclusion(index: int, size: int) -> Plan:
    """For each hash of the inclusion proof the complete nodes it is folded from (RFC 6962, 2.1.1).

    Raises:
        LeafOutsideError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise LeafOutsideError(index, size)
    plan: list[tuple[Coordinate, ...]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            plan.append(peaks_of(middle, end))
            end = middle
        else:
            plan.append(peaks_of(start, middle))
            start = middle
    return tuple(reversed(plan))


def plan_consistency(first: int, second: int) -> Plan:
    """For each hash of the consistency proof the complete nodes it is folded from (RFC 6962, 2.1.2).

    Raises:
        LeafOutsideError: the first tree is empty or larger than the second.
    """
    if not 0 < first <= second:
        raise LeafOutsideError(first, second)
    plan: list[tuple[Coordinate, ...]] = []
    start, end = 0, second
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            plan.append(peaks_of(middle, end))
            end = middle
        else:
            plan.append(peaks_of(start, middle))
            start = middle
    if start:
        plan.append(peaks_of(start, end))
    return tuple(reversed(plan))


def coordinates(plan: Plan) -> list[Coordinate]:
    """Every node that a plan needs."""
    return [node for step in plan for node in step]


def assemble(plan: Plan, nodes: Mapping[Coordinate, bytes]) -> list[bytes]:
    """The proof, from the stored nodes that its plan names."""
    return [fold([nodes[node] for node in step]) for step in plan]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


@dataclass(slots=True)
class Tree:
    """A whole tree in memory, for exports and tests; the notary keeps the same nodes in its database."""

    frontier: Frontier = field(default_factory=Frontier)
    nodes: dict[Coordinate, bytes] = field(default_factory=dict)

    def append(self, leaf: bytes) -> int:
        """Add a leaf by its bytes; its index."""
        return self.append_hash(hash_leaf(leaf))

    def append_hash(self, leaf_hash: bytes) -> int:
        """Add a leaf by its hash; its index."""
        index = self.frontier.size
        self.frontier, complete = append(self.frontier, [leaf_hash])
        self.nodes.update(complete)
        return index

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves, of all if not given."""
        if size is None or size == self.frontier.size:
            return self.frontier.root()
        if not 0 <= size < self.frontier.size:
            raise LeafOutsideError(size, self.frontier.size)
        return fold([self.nodes[node] for node in peaks_of(0, size)]) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index` is in the tree of the first `size` leaves."""
        self._require(size)
        return assemble(plan_inclusion(index, size), self.nodes)

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the first `second` leaves extend the first `first`."""
        self._require(second)
        return assemble(plan_consistency(first, second), self.nodes)

    def _require(self, size: int) -> None:
        if size > self.frontier.size:
            raise LeafOutsideError(size, self.frontier.size)

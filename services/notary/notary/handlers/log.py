"""The log as the use cases see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.head import SignedTreeHead
    from verify.tree import Coordinate, Frontier


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf with its place."""

    index: int
    leaf: bytes


class Log(Protocol):
    """What the use cases need kept, in one transaction."""

    async def leaf_of(self, event_id: str) -> bytes:
        """The leaf of a recorded event, with or without a place."""

    async def add(self, leaves: Mapping[str, bytes]) -> set[str]:
        """Keep new leaves by event id, in this order and without a place; the ids of those that were new."""

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

"""A part of a model that can be compared to the same part of another: its units, and why they are exchangeable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from originality.blocks import Blocks
    from originality.matching import Places
    from originality.matrix import Matrix
    from originality.order import UnitAxis

# Why each axis is exchangeable, or why not: the sentences of the report.
HIDDEN: Final = "hidden units of an MLP: the function is the same in any order of them"
WITHIN_HEADS: Final = "channels within each head: what values bring in, the output takes up in any order"
PAIRS_WITHIN_HEADS: Final = "channels within each head: queries and keys meet channel by channel, in any order"
HEADS: Final = "heads within each layer (or within each group that shares keys): any order of them is the same function"
RANK: Final = "channels of a low-rank bottleneck: any order of them is the same function"
EXPERTS: Final = "experts of a layer: any order of them is the same function"
RESIDUAL: Final = (
    "channels of the residual axis, one order for the whole model: any order is the same function; the embedding of"
    " another model, where it was taken over, would show in every component of this axis"
)
CHAIN: Final = "hidden units between two layers of a chain, taken to have a function of each unit alone between them"


@dataclass(frozen=True, slots=True)
class Key:
    """Which part: its tower, what it is, its layer, its group within the layer, and its expert."""

    tower: str
    kind: str
    layer: int | None = None
    group: str = ""
    expert: int | None = None


@dataclass(frozen=True, slots=True)
class Heads:
    """The query heads of an attention, of which `shared` that follow one another have one key and one value.

    `read` gives, for each query head that it is asked for, the block of units that stands for it.
    """

    queries: int
    shared: int
    read: Callable[[Places], Blocks]

    def firsts(self) -> Places:
        """Return the first of each group that shares a key."""
        return np.arange(0, self.queries, self.shared)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of one model.

    `read` gives blocks of units × inputs; of a part whose inputs are tokens, those of the rows that it is given.
    `pooled` parts of all layers are one component: a layer alone has too few units. `tokens` is the number of rows of
    a vocabulary. `ways` gives, for units that are also looked for at other places, what leads to them and what leads
    away, both units × residual axis; it is given the part's own blocks, not to map a file twice. `heads` is how blocks
    of units follow the heads of an attention. Two parts are only compared if they have one `form`: of a fingerprint,
    the shapes of the weights.
    """

    key: Key
    tensors: tuple[str, ...]
    axis: UnitAxis
    assumption: str
    read: Callable[[Places | None], Blocks]
    why: str | None = None
    pooled: bool = False
    tokens: int | None = None
    ways: Callable[[Blocks], tuple[Matrix, Matrix]] | None = None
    heads: Heads | None = None
    form: tuple[tuple[int, ...], ...] = ()

    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Return the shape of each block."""
        return tuple(block.shape for block in self.read(np.zeros(1, dtype=np.intp)))

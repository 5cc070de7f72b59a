"""What is measured of one component, before it is known how many tests there are: small, so that layers stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from originality.blocks import all_alike, blocks_repeat, match_blocks, orders_show, own_cosines
from originality.chance import log10_bound
from originality.matching import norms, require_matrix, sample
from originality.moved import agree_in_blocks
from originality.order import UnitAxis
from originality.refusing import WeightsRefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from originality.blocks import Blocks
    from originality.matching import Matching, Places
    from originality.matrix import Matrix
    from originality.moved import Agreement, Alignment, Ways

# Below this share of units at their own places, they are also looked for at other places.
MOVED_BELOW = 0.05
_LOG10_BY_CHANCE = -6.0
_CONTEXT_ROWS = 256
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Component:
    """One component of two models: matrices of units × inputs, or vectors of gains.

    A tuple of matrices are blocks: units can change places only within one (channels within a head, heads within a
    layer), and how they lie in one says nothing of another. `axis` is what is known of the units by construction.
    `ways` are, for the test of moved units, what leads to the units of each model and away from them. `initial` is the
    initialisation as it was made again from the recorded seed and code. Arrays may be memory-mapped: only sampled rows
    are widened. `spared` units were looked at to choose what is compared to what, and are not tested. `equal` says
    whether all values are equal where the matrices are only a part or an image of the weights and do not tell. `why`
    says why this axis cannot be tested, where that is known better than its kind tells.
    """

    name: str
    first: Matrix | Blocks
    second: Matrix | Blocks
    axis: UnitAxis
    layer: int | None = None
    ways: tuple[Ways, Ways] | None = None
    initial: Matrix | Blocks | None = None
    spared: Places | None = None
    equal: bool | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Context and no evidence: cosine and Pearson correlation of flattened weights (up to 256 units); None: undefined.

    Gains that begin as ones have a cosine near 1 in independent models, and Pearson near 0.

    Source: registry-and-originality.md, "Originality examination": Pearson beside cosine, as context.
    """

    cosine: float | None
    pearson: float | None


@dataclass(frozen=True, slots=True)
class Explained:
    """Whether a recreated initialisation explains a match: all counts are of `compared` sampled units.

    `first` and `second`, of blocks of these `sizes`, are matched to the initialisation at their own places; `nearer`
    have a greater cosine with one another than either has with the initialisation.
    """

    compared: int
    sizes: tuple[int, ...]
    first: int
    second: int
    nearer: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One component as measured. `untestable` is why no test says anything; `matched` is None where none was made."""

    name: str
    layer: int | None
    planned: bool
    planned_moved: bool
    untestable: str | None
    units: int
    same_values: bool
    sizes: tuple[int, ...]
    matched: int | None
    likeness: float | None
    moved: Agreement | None
    explained: Explained | None
    context: Likeness | None

    @property
    def compared(self) -> int:
        """Number of units compared by the exact test."""
        return sum(self.sizes)


def measure(component: Component, rng: np.random.Generator, limit: int, alignment: Alignment | None) -> Measured:
    """Measure one component with at most `limit` sampled units.

    Raises `WeightsRefusedError`, which names the component, where weights that were read are broken; weights of units
    that were not sampled are not looked at.
    """
    try:
        return _measured(component, rng, limit, alignment)
    except WeightsRefusedError as refused:
        where = component.name if component.layer is None else f"{component.name} of layer {component.layer}"
        field = f"{where}: {refused.field}"
        raise WeightsRefusedError(refused.code, field, refused.value, refused.rule) from refused


def _measured(component: Component, rng: np.random.Generator, limit: int, alignment: Alignment | None) -> Measured:
    first, second = _blocks(component.first), _blocks(component.second)
    for blocks, field in ((first, "first"), (second, "second")):
        for block in blocks:
            require_matrix(block, field)
    same_shape = _shapes(first) == _shapes(second)
    free = component.axis is UnitAxis.EXCHANGEABLE and component.why is None
    untestable = _untestable(component, first, second, rng)
    matching = match_blocks(first, second, rng, limit, component.spared) if same_shape and not untestable else None
    moved = None
    if component.ways and not untestable and _may_have_moved(matching):
        moved = agree_in_blocks(*component.ways, rng, alignment=alignment)
    explained = None
    if component.initial is not None and matching:
        explained = _explained(first, second, _blocks(component.initial), rng, limit)
    return Measured(
        name=component.name,
        layer=component.layer,
        planned=free and same_shape,
        planned_moved=free and component.ways is not None,
        untestable=untestable,
        units=min(sum(map(len, first)), sum(map(len, second))),
        same_values=_all_equal(first, second) if component.equal is None else component.equal,
        sizes=matching.sizes if matching else (),
        matched=matching.matched if matching else None,
        likeness=float(np.median(matching.likeness)) if matching else None,
        moved=moved,
        explained=explained,
        context=_context(first, second, rng) if same_shape else None,
    )


def _may_have_moved(matching: Matching | None) -> bool:
    """Say whether few units are at their own places, or of few units no more than chance makes."""
    if matching is None or matching.matched < MOVED_BELOW * matching.compared:
        return True
    return log10_bound(matching.matched, matching.sizes) > _LOG10_BY_CHANCE


def _blocks(weights: Matrix | Blocks) -> Blocks:
    blocks = weights if isinstance(weights, tuple) else (weights,)
    return tuple(block[:, None] if block.ndim == 1 else block for block in blocks)


_BY_CONSTRUCTION = {
    UnitAxis.COMPUTED: "a deterministic buffer: every model that uses the formula has it",
    UnitAxis.STRUCTURED: "a structured initialisation ties units to their places, in independent models too",
    UnitAxis.GAINS: "one number a unit: gains that begin alike stay alike in independent models",
}


def _untestable(component: Component, first: Blocks, second: Blocks, rng: np.random.Generator) -> str | None:
    if component.why is not None or component.axis in _BY_CONSTRUCTION:
        return component.why or _BY_CONSTRUCTION[component.axis]
    return _by_shape(component, first, second) or _by_values(first, second, rng)


def _by_shape(component: Component, first: Blocks, second: Blocks) -> str | None:
    if _shapes(first) != _shapes(second) and (
        component.ways is None or component.ways[0].widths() != component.ways[1].widths()
    ):
        if len(first) == len(second) == 1:
            return f"the shapes differ: {first[0].shape} and {second[0].shape}"
        sides = (f"{len(blocks)} blocks of {blocks[0].shape}" for blocks in (first, second))
        return f"the shapes differ: {' and '.join(sides)}"
    return "one input: a unit has no direction to compare" if first[0].shape[1] == 1 else None


def _by_values(first: Blocks, second: Blocks, rng: np.random.Generator) -> str | None:
    if all_alike(first, rng) or all_alike(second, rng):
        return "the units of a model are all alike, and nothing tells them apart"
    if orders_show(first, second, rng):
        return "the order of units can be read from each model alone, so the axis is not exchangeable"
    if blocks_repeat(first, rng) and blocks_repeat(second, rng):
        return "blocks of units repeat one another in each model, so that their orders are one order and not several"
    return None


def _shapes(blocks: Blocks) -> list[tuple[int, ...]]:
    return [block.shape for block in blocks]


def _all_equal(first: Blocks, second: Blocks) -> bool:
    return _shapes(first) == _shapes(second) and all(map(same_values, first, second))


def same_values(first: Matrix, second: Matrix) -> bool:
    """Say whether all values of two matrices of one shape are equal; stops at the first rows that differ."""
    return all(
        np.array_equal(first[start : start + _ROWS_AT_ONCE], second[start : start + _ROWS_AT_ONCE])
        for start in range(0, len(first), _ROWS_AT_ONCE)
    )


def _explained(first: Blocks, second: Blocks, initial: Blocks, rng: np.random.Generator, limit: int) -> Explained:
    if _shapes(initial) != _shapes(first):
        raise WeightsRefusedError(
            "OTHER_SHAPE", "initial", initial[0].shape, f"the model has the shape {first[0].shape}"
        )
    found = [match_blocks(initial, made, rng, limit) for made in (first, second)]
    rows = [sample(len(block), max(1, limit // len(first)), rng) for block in first]
    to_first, to_second = (own_cosines(initial, made, rows) for made in (first, second))
    between = own_cosines(first, second, rows)
    # Cosines of equal rows differ from 1 by rounding.
    nearer = int((between > np.maximum(to_first, to_second) + 1e-6).sum())
    return Explained(len(between), found[0].sizes, found[0].matched, found[1].matched, nearer)


def _context(first: Blocks, second: Blocks, rng: np.random.Generator) -> Likeness:
    some = range(min(len(first), _CONTEXT_ROWS))
    rows = [
        sample(len(first[place]), _CONTEXT_ROWS // len(some) if first[place].shape[1] > 1 else len(first[place]), rng)
        for place in some
    ]
    for blocks, field in ((first, "first"), (second, "second")):
        for place in some:
            norms(blocks[place], rows[place], field)  # refuses what is not finite, also where no test is made
    left, right = (
        np.concatenate([blocks[place][rows[place]].astype(np.float64).ravel() for place in some])
        for blocks in (first, second)
    )
    return Likeness(_cosine(left, right), _cosine(left - left.mean(), right - right.mean()))


def _cosine(left: NDArray[np.float64], right: NDArray[np.float64]) -> float | None:
    lengths = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / lengths if lengths > 0 else None

"""Units that are exchangeable only within blocks: channels within a head, heads within a layer, experts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from originality.matching import Matching, cosines, match, sample
from originality.order import order_shows, units_alike

if TYPE_CHECKING:
    from collections.abc import Iterable

    from originality.matching import Floats, Places
    from originality.matrix import Matrix

    Blocks = tuple[Matrix, ...]

# Units of a block that are compared at least: with fewer, a block says next to nothing.
_LEAST = 8
# Blocks whose order is looked at, of those that are sampled evenly.
_LOOKED_AT = 8
_REPEATS_AMONG, _REPEAT_UNITS, _REPEAT_INPUTS = 256, 8, 256
# Heads and layers of trained models are alike to some degree; copies that were trained on are more than half alike.
_REPEATS_ABOVE = 0.5


def match_blocks(
    first: Blocks, second: Blocks, rng: np.random.Generator, limit: int, spared: Places | None = None
) -> Matching:
    """Match the units of each block among themselves, and count over all blocks.

    If the models are independent, and in one of them the order of units within each block is as likely as any other,
    whatever that in other blocks, the count is the sum of those of independent uniform random permutations.

    Source: registry-and-originality.md, "Originality examination": the core test; test only exchangeable axes.
    """
    if len(first) == 1:
        return match(first[0], second[0], rng, limit, spared)
    each = max(_LEAST, limit // len(first))
    made = [match(one, other, rng, each) for one, other in zip(first, second, strict=True)]
    return Matching(
        tuple(size for one in made for size in one.sizes),
        sum(one.matched for one in made),
        np.concatenate([one.partner for one in made]),
        np.concatenate([one.likeness for one in made]),
    )


def all_alike(blocks: Blocks, rng: np.random.Generator) -> bool:
    """Say whether in every block that is looked at all units are one another's multiples."""
    return all(units_alike(block, rng) for block in _some(blocks))


def orders_show(first: Blocks, second: Blocks, rng: np.random.Generator) -> bool:
    """Say whether of one block the order of units can be read from each of the two models alone."""
    return any(
        order_shows(one, rng) and order_shows(other, rng)
        for one, other in zip(_some(first), _some(second), strict=True)
    )


def blocks_repeat(blocks: Blocks, rng: np.random.Generator) -> bool:
    """Say whether one block is another one's copy, unit by unit, as where layers or heads were doubled.

    Their orders are then one order, and own places come in groups. Up to 256 blocks of one shape are looked at.

    Source: registry-and-originality.md, "Originality examination": structured initialisation gives false hits.
    """
    some = [block for block in blocks[:_REPEATS_AMONG] if block.shape == blocks[0].shape]
    if len(some) == 1:
        return False
    units, inputs = some[0].shape
    rows = sample(units, _REPEAT_UNITS, rng)
    columns = sample(inputs, _REPEAT_INPUTS, rng)
    likeness = own_likeness(some, some, rows, columns)
    np.fill_diagonal(likeness, 0)
    return bool(likeness.max() > _REPEATS_ABOVE)


def own_likeness(first: Iterable[Matrix], second: Iterable[Matrix], rows: Places, columns: Places) -> Floats:
    """Return the mean cosine of units at the same places, for each block of the first with each one of the second.

    Blocks are taken one after another, so that those read from a file need not be mapped together.
    """
    left, right = (np.stack([_directions(block, rows, columns) for block in blocks]) for blocks in (first, second))
    made: Floats = left @ right.T / np.float32(len(rows))
    return made


def _directions(block: Matrix, rows: Places, columns: Places) -> Floats:
    some = np.asarray(block[rows][:, columns], dtype=np.float32)
    lengths = np.linalg.norm(some.astype(np.float64), axis=1, keepdims=True)
    # What is not finite has no direction here; a test that reads it refuses it.
    has_one = (lengths > 0) & np.isfinite(lengths)
    made: Floats = np.divide(some, lengths, out=np.zeros(some.shape), where=has_one).astype(np.float32).ravel()
    return made


def own_cosines(first: Blocks, second: Blocks, rows: list[Places]) -> Floats:
    """Return the cosine of each sampled unit with the one at its own place."""
    return np.concatenate(
        [
            np.diagonal(cosines(one, other, some, some))
            for one, other, places in zip(first, second, rows, strict=True)
            for some in np.array_split(places, -(-len(places) // 256))
        ]
    )


def _some(blocks: Blocks) -> Blocks:
    if len(blocks) <= _LOOKED_AT:
        return blocks
    return tuple(blocks[place] for place in np.linspace(0, len(blocks) - 1, _LOOKED_AT).astype(int))

"""The test for units that were moved: not exact, and labelled so wherever it is told.

The output of a network does not change when its hidden units are put in another order (both in the weights that lead
to them and in those that lead away), when signs of a hidden or residual axis are flipped, or when units are dropped
that do nothing. The exact test looks at places and is blind then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from originality.matching import assign, cosines, require_matrix, sample
from originality.refusing import WeightsRefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from originality.blocks import Blocks
    from originality.matching import Floats, Places
    from originality.matrix import Matrix


# Less than one of 10^8 cosines of independent directions is so great.
_FAR = 6.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """The residual axis of the second model in terms of the first: axis i of the first is `sign[i]` × axis `place[i]`.

    `likeness[i]` is the cosine of the two embedding columns without its sign.
    """

    place: Places
    sign: Floats
    likeness: Floats

    def applied(self, matrix: Matrix) -> Floats:
        """Return a copy of a matrix (units × residual axis) of the second model with the first model's axis."""
        if matrix.shape[1] != len(self.place):
            raise WeightsRefusedError("OTHER_WIDTH", "second", matrix.shape, f"{len(self.place)} inputs, as aligned")
        made: Floats = matrix[:, self.place].astype(np.float32) * self.sign
        return made

    def turned(self) -> Alignment:
        """Return the axis of the first model in terms of the second."""
        back = np.argsort(self.place)
        return Alignment(back, self.sign[back], self.likeness[back])


@dataclass(frozen=True, slots=True)
class Ways:
    """What leads to the units of one model, and what leads away from them or meets them: blocks of units × inputs.

    Both lie on a residual axis of the model's own, never on one that data gives, such as pixels, tokens or bands
    (`agree` says why). There is one block unless units can only have moved within blocks, such as heads in a layer.
    """

    inputs: Blocks
    outputs: Blocks

    def widths(self) -> list[int]:
        """Return the number of inputs of each block."""
        return [block.shape[1] for block in (*self.inputs, *self.outputs)]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many units of the second model have one partner, whichever weights are asked.

    `sizes` are the numbers of units compared in each block of them. `partner[i]` is the place in the first model of the
    unit `unit[i]` of the second one by its input weights.
    """

    sizes: tuple[int, ...]
    agreed: int
    unit: Places
    partner: Places

    @property
    def compared(self) -> int:
        """Number of units compared."""
        return sum(self.sizes)


def align(first: Matrix, second: Matrix, rng: np.random.Generator, tokens: int = 2048) -> Alignment:
    """Align the residual axes of two embeddings (tokens × residual axis) of one vocabulary, moves and signs.

    Memory: `tokens` × axis twice and axis × axis three times as floats. Raises `WeightsRefusedError`.

    Source: registry-and-originality.md, "Originality examination": align on the embeddings first.
    """
    if first.shape != second.shape:
        raise WeightsRefusedError("OTHER_SHAPE", "second", second.shape, f"both have the shape {first.shape}")
    require_matrix(first, "first")
    rows = sample(first.shape[0], tokens, rng)
    axes = np.arange(first.shape[1])
    # Columns are compared with their means taken off: a mean over tokens is often common to all of an embedding's axes.
    left, right = (_centred(matrix[rows]) for matrix in (first, second))
    signed = cosines(right, left, axes, axes)
    place = assign(np.abs(signed), rng)
    found = signed[place, axes]
    return Alignment(place, np.where(found < 0, -1, 1).astype(np.float32), np.abs(found))


def alignable(first: Matrix, second: Matrix, rng: np.random.Generator, tokens: int = 2048, glance: int = 256) -> bool:
    """Say whether the axes of two embeddings find one another: whether `glance` of them have a partner of their own.

    The likest of many channels is somewhat like any, in independent models too; so far as six standard deviations of
    one cosine it is not. Costs little beside `align`, which takes seconds and memory where axes are many.
    """
    if first.shape != second.shape:
        return False
    rows = sample(first.shape[0], tokens, rng)
    axes = np.arange(first.shape[1])
    left, right = (_centred(matrix[rows]) for matrix in (first, second))
    some = sample(first.shape[1], glance, rng)
    likest = np.abs(cosines(left, right, axes, some)).max(axis=0)
    return bool(np.median(likest) > _FAR / math.sqrt(len(rows)))


def agree(
    inputs: tuple[Matrix, Matrix],
    outputs: tuple[Matrix, Matrix],
    rng: np.random.Generator,
    *,
    alignment: Alignment | None = None,
    limit: int = 512,
) -> Agreement:
    """Match hidden units by what leads to them and again by what leads away, and count those with the same partner.

    `inputs` and `outputs` are (first model, second model), each hidden units × residual axis: an output matrix is
    given transposed. `alignment` is that of the residual axes where they were moved. Cosines count without their sign.
    Up to `limit` units of the model with fewer of them are looked for among all of the other: units may be missing.

    A unit is counted only if by both matchings its partner is 6 times as like it as the others are by root mean square:
    where weights that lead to a unit and away from it are tied, independent models agree too, on partners that are no
    more like than chance makes one of many. With fewer than 36 inputs nothing can stand out so far.

    Not exact: if for a unit the weights that lead to it and those that lead away were independent, the count would
    never exceed 1/k!, as for two random injections. Training ties the two together, also in independent models, by as
    much as no theorem says. Where inputs and outputs are those of the data, independent models that learn one function
    learn the same units: up to 31 of 32 agreed in a small case whose function had as many units as the models (the
    exact test held). So it is for axes whose basis each model's initialisation drew for itself.

    Raises `WeightsRefusedError`.

    Source: registry-and-originality.md, "Originality examination": under permutation of hidden units; not exact.
    """
    for place, field in ((0, "first"), (1, "second")):
        if inputs[place].shape[0] != outputs[place].shape[0]:
            raise WeightsRefusedError(
                "OTHER_UNITS", field, outputs[place].shape, f"{inputs[place].shape[0]} units, as in its input weights"
            )
    if inputs[0].shape[0] < inputs[1].shape[0]:
        back = alignment.turned() if alignment else None
        turned = agree((inputs[1], inputs[0]), (outputs[1], outputs[0]), rng, alignment=back, limit=limit)
        return Agreement(turned.sizes, turned.agreed, turned.partner, turned.unit)
    units = sample(inputs[1].shape[0], limit, rng)
    everyone = np.arange(inputs[0].shape[0])
    found, stands_out = [], np.ones(len(units), dtype=bool)
    for first, second in (inputs, outputs):
        require_matrix(second, "second")
        some = alignment.applied(second[units]) if alignment else second[units]
        likeness = np.abs(cosines(first, some, everyone, np.arange(len(units))))
        found.append(assign(likeness, rng))
        stands_out &= _stands_out(likeness, found[-1])
    by_input, by_output = found
    return Agreement((len(units),), int(((by_input == by_output) & stands_out).sum()), units, by_input)


def agree_in_blocks(
    first: Ways, second: Ways, rng: np.random.Generator, *, alignment: Alignment | None = None
) -> Agreement:
    """Look for the units of each block among those of the block beside it, and count over all blocks.

    Not exact, as `agree` is not. Raises `WeightsRefusedError`.
    """
    made = [
        agree(some[:2], some[2:], rng, alignment=alignment)
        for some in zip(first.inputs, second.inputs, first.outputs, second.outputs, strict=True)
    ]
    return Agreement(
        tuple(one.compared for one in made),
        sum(one.agreed for one in made),
        np.concatenate([one.unit for one in made]),
        np.concatenate([one.partner for one in made]),
    )


def _stands_out(likeness: Floats, partner: Places) -> NDArray[np.bool_]:
    """Say for each column whether its partner's likeness is far above the root mean square of all others."""
    own = likeness[partner, np.arange(likeness.shape[1])].astype(np.float64)
    others = np.einsum("ij,ij->j", likeness, likeness, dtype=np.float64) - own**2
    far: NDArray[np.bool_] = own > _FAR * np.sqrt(np.maximum(others, 0) / max(1, likeness.shape[0] - 1))
    return far


def _centred(rows: NDArray[Any]) -> Floats:
    wide = rows.astype(np.float32)
    return np.ascontiguousarray((wide - wide.mean(axis=0)).T)

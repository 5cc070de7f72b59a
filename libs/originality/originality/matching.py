"""The exact matching test of one layer: units of two models are paired by likeness, and own partners are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from originality.refusing import WeightsRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from originality.matrix import Matrix

    Floats = NDArray[np.float32]
    Places = NDArray[np.intp]

# Columns widened at once: a block of 2,048 sampled rows is 8 MiB as float32.
_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Matching:
    """How many of `compared` units of the second model found the unit at their own place in the first one.

    `sizes` are the numbers of units compared in each block of them; there is one block unless it is said otherwise.
    `partner[i]` is the place in the first sample of the i-th unit of the second one, `likeness[i]` their cosine.
    """

    sizes: tuple[int, ...]
    matched: int
    partner: Places
    likeness: Floats

    @property
    def compared(self) -> int:
        """Number of units compared."""
        return sum(self.sizes)


def sample(units: int, limit: int, rng: np.random.Generator, spared: Places | None = None) -> Places:
    """Return at most `limit` of `units` places but those `spared`, ascending, drawn without a look at any weight."""
    some = np.arange(units) if spared is None else np.setdiff1d(np.arange(units), spared)
    return np.sort(rng.choice(some, size=min(len(some), limit), replace=False)).astype(np.intp)


def require_matrix(matrix: Matrix, field: str) -> None:
    """Raise `WeightsRefusedError` unless it is units × inputs, not empty, of floats or of signed bytes."""
    if matrix.ndim != 2:  # noqa: PLR2004 - a matrix has two axes
        raise WeightsRefusedError("NOT_A_MATRIX", field, matrix.shape, "weights are a matrix, units × inputs")
    if not matrix.size:
        raise WeightsRefusedError("EMPTY_MATRIX", field, matrix.shape, "a matrix has at least one unit and one input")
    # Types such as bfloat16 come from other packages, and numpy gives them no kind of their own.
    if not (matrix.dtype.kind == "f" or matrix.dtype.name.startswith("bfloat") or matrix.dtype == np.int8):
        raise WeightsRefusedError("NOT_WEIGHTS", field, matrix.dtype, "weights are floats, or int8 by row scale")


def norms(matrix: Matrix, rows: Places, field: str) -> NDArray[np.float64]:
    """Return the length of each row; raises `WeightsRefusedError` where one has a NaN or an infinity."""
    squares = np.zeros(len(rows))
    for block in _blocks(matrix.shape[1]):
        squares += _squares(matrix[rows, block])
    return _roots(squares, rows, field)


def _lengths(some: NDArray[Any], rows: Places, field: str) -> NDArray[np.float64]:
    return _roots(_squares(some), rows, field)


def _squares(some: NDArray[Any]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = np.einsum("ij,ij->i", some, some, dtype=np.float64)
    return made


def _roots(squares: NDArray[np.float64], rows: Places, field: str) -> NDArray[np.float64]:
    if not np.isfinite(squares).all():
        row = int(rows[int(np.flatnonzero(~np.isfinite(squares))[0])])
        raise WeightsRefusedError("NOT_FINITE", field, f"unit {row}", "every weight is finite, and its square too")
    return np.sqrt(squares)


def cosines(first: Matrix, second: Matrix, first_rows: Places, second_rows: Places) -> Floats:
    """Return the cosine of every sampled row of the first (rows) with every one of the second (columns).

    Widened block by block, so that memory is the result plus two blocks, whatever the width. A row of zeros has no
    direction: its cosines are 0.
    """
    require_matrix(first, "first")
    require_matrix(second, "second")
    if first.shape[1] != second.shape[1]:
        raise WeightsRefusedError("OTHER_WIDTH", "second", second.shape, f"both have {first.shape[1]} inputs")
    if first.shape[1] <= _BLOCK:
        left, right = (
            _unit(some, _lengths(some, rows, field))
            for some, rows, field in (
                (first[first_rows], first_rows, "first"),
                (second[second_rows], second_rows, "second"),
            )
        )
        whole: Floats = left @ right.T
        return whole
    lengths = norms(first, first_rows, "first"), norms(second, second_rows, "second")
    made = np.zeros((len(first_rows), len(second_rows)), dtype=np.float32)
    for block in _blocks(first.shape[1]):
        left = _unit(first[first_rows, block], lengths[0])
        right = _unit(second[second_rows, block], lengths[1])
        made += left @ right.T
    return made


def assign(likeness: Floats, rng: np.random.Generator) -> Places:
    """Return for each column the row that it is assigned to, so that the sum of likeness is the greatest.

    There are at least as many rows as columns. The columns are solved in a random order: where several assignments
    are equally good, as with dead or repeated units, no solver's habit then favours a unit's own place. With this the
    assignment of exchangeable independent units is uniform whatever the weights are, ties included.
    """
    order = rng.permutation(likeness.shape[1])
    columns, rows = linear_sum_assignment(likeness[:, order].T, maximize=True)
    partner = np.empty(likeness.shape[1], dtype=np.intp)
    partner[order[columns]] = rows
    return partner


def match(
    first: Matrix, second: Matrix, rng: np.random.Generator, limit: int = 1024, spared: Places | None = None
) -> Matching:
    """Match up to `limit` units of two matrices of the same shape and count those matched to themselves.

    Assumption: the two are independent, and the units of at least one of them are exchangeable (any order of them was
    as likely). Then the matching is a uniform random permutation, of mean 1 and P(count ≥ k) ≤ 1/k!. The seed of `rng`
    must not be chosen by whoever made the weights. `spared` units are left out: whatever was chosen by a look at them
    (such as which layer is compared to which) then leaves the order of the others as likely as any.

    Raises `WeightsRefusedError`.

    Source: registry-and-originality.md, "Originality examination": the core test.
    """
    if first.shape != second.shape:
        raise WeightsRefusedError("OTHER_SHAPE", "second", second.shape, f"both have the shape {first.shape}")
    require_matrix(first, "first")
    rows = sample(first.shape[0], limit, rng, spared)
    likeness = cosines(first, second, rows, rows)
    partner = assign(likeness, rng)
    own = np.arange(len(rows))
    return Matching((len(rows),), int((partner == own).sum()), partner, likeness[partner, own])


def _blocks(width: int) -> Iterator[slice]:
    for start in range(0, width, _BLOCK):
        yield slice(start, min(start + _BLOCK, width))


def _unit(block: NDArray[Any], lengths: NDArray[np.float64]) -> Floats:
    with np.errstate(divide="ignore"):
        scale = np.where(lengths > 0, 1 / lengths, 0.0)
    # Scaled as float64, because weights of 1e-40 have lengths whose inverse no float32 holds.
    made: Floats = (block.astype(np.float64) * scale[:, None]).astype(np.float32)
    return made

"""Which axes can be tested: those exchangeable by construction whose order does not show in the weights."""

from __future__ import annotations

import math
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from originality.matching import cosines, norms, sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from originality.matching import Floats, Places
    from originality.matrix import Matrix

# An order that shows by more than six standard deviations is no accident. Where a few units repeat one another, it is
# one more often than a normal distribution says; a component is then not testable, and never found to be derived.
_SHOWS = 6.0
# Neighbours looked at: enough to see a structure, few enough to cost little beside the matching itself.
_PAIRS = 256
# Units among which repeats are looked for: if two halves of 16,384 units are alike, eight pairs on average.
_REPEATS_AMONG = 512
_LOG10_RARE = -8.0
# The median of a normal variable without its sign, in standard deviations: few repeats do not move it.
_MEDIAN_OF_NORMAL = 0.6745
# A cosine of float32 sums is one to this many digits.
_ONE = 1 - 1e-5


class UnitAxis(StrEnum):
    """What is known, before any weight is read, of the order of a component's units.

    Source: registry-and-originality.md, "Originality examination": test only axes proven exchangeable.
    """

    EXCHANGEABLE = "exchangeable"  # drawn independently from one distribution, and nothing ties a unit to its place
    STRUCTURED = "structured"  # initialised by a form that depends on the place: identity, delta, sorted
    COMPUTED = "computed"  # a deterministic buffer: rotary table, transform basis
    GAINS = "gains"  # one number a unit, such as norm weights that begin as ones


def order_shows(matrix: Matrix, rng: np.random.Generator) -> bool:
    """Say whether the order of the units can be read from the matrix alone, so that it is not exchangeable.

    Three signs: neighbours are more or less alike than units drawn at random; the input with the greatest weight moves
    with the unit's place; units repeat one another at one distance, as where all shards of a layer were initialised
    alike. A matrix of fewer than 16 units shows nothing either way, and one of fewer than 36 inputs no repeats.
    Where only one of two models shows an order the matching test stays exact.

    Source: registry-and-originality.md, "Originality examination": structured initialisation gives false hits.
    """
    units = matrix.shape[0]
    if units < 16:  # noqa: PLR2004 - said in the docstring
        return False
    # Pairs that share no unit: a unit that is like all others must not count twice.
    starts = 2 * sample(units // 2, _PAIRS, rng)
    likeness = cosines(matrix, matrix, starts, starts + 1)
    neighbours = np.diagonal(likeness)
    others = likeness[~np.eye(len(starts), dtype=bool)]
    return max(_apart(neighbours, others), _moves(matrix, starts)) > _SHOWS or _repeats(matrix, rng)


def units_alike(matrix: Matrix, rng: np.random.Generator) -> bool:
    """Say whether up to 256 sampled units are all one another's multiples, so that no matching tells them apart."""
    rows = sample(matrix.shape[0], _PAIRS, rng)
    likeness = cosines(matrix, matrix, rows[:1], rows)
    return bool(np.all(likeness > _ONE) or not norms(matrix, rows, "units").any())


def _apart(some: Floats, others: Floats) -> float:
    """Return how far the means are from one another, in standard deviations of the first one's mean."""
    spread = float(others.std())
    return abs(float(some.mean()) - float(others.mean())) / spread * math.sqrt(len(some)) if spread > 0 else 0.0


def _moves(matrix: Matrix, rows: Places) -> float:
    """Return the rank correlation of place and greatest input, in standard deviations of an exchangeable axis."""
    greatest = np.abs(matrix[rows].astype(np.float32)).argmax(axis=1)
    if (greatest == greatest[0]).all():
        return 0.0
    return abs(rank_correlation(rows, greatest)) * math.sqrt(len(rows) - 1)


def rank_correlation(some: Places, others: Places) -> float:
    """Return Spearman's rank correlation of two rows of integers, equal ones sharing their mean rank.

    scipy.stats has it, and takes longer to load than most examinations take.
    """
    return float(np.corrcoef(_ranks(some), _ranks(others))[0, 1])


def _ranks(values: Places) -> NDArray[np.float64]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks


def _repeats(matrix: Matrix, rng: np.random.Generator) -> bool:
    """Say whether pairs of units that stand out as alike lie at one distance more often than by chance.

    A distance has a chance of at most 2/n for a random pair of n units, so m of p pairs have one distance in common
    with a chance of about n · C(p, m) · (2/n)^m at most.
    """
    rows = sample(matrix.shape[0], _REPEATS_AMONG, rng)
    likeness = np.abs(cosines(matrix, matrix, rows, rows))
    np.fill_diagonal(likeness, 0)
    nearest = likeness.argmax(axis=0)
    near = np.flatnonzero(likeness.max(axis=0) > _SHOWS * np.median(likeness, axis=0) / _MEDIAN_OF_NORMAL)
    pairs = {
        (min(one, other), max(one, other)) for one, other in zip(near.tolist(), nearest[near].tolist(), strict=True)
    }
    if not pairs:
        return False
    units = matrix.shape[0]
    most = Counter(int(rows[other] - rows[one]) for one, other in pairs).most_common(1)[0][1]
    chance = math.log10(units) + math.log10(math.comb(len(pairs), most)) + most * math.log10(2 / units)
    return chance < _LOG10_RARE

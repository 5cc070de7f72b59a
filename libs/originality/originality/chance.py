"""What chance gives: the matching distribution (rencontres numbers), its bound, and Holm's correction.

All probabilities are decimal logarithms, because 1/2048! has no float.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln, logsumexp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Terms of the series fall faster than 1/i!; after thirty they are below the last bit of a float.
_TERMS = 30
# Natural logarithms of the t at which the bound is looked for: any t gives one, so the grid only costs sharpness.
_LOG_T = (-4.0, 34.0, 400)


def log10_bound(matched: int, sizes: tuple[int, ...] = ()) -> float:
    """Return log10 of 1/k!, which P(count ≥ k) never exceeds for a uniform random permutation of any size.

    It also holds for two random injections of n units into N ≥ n, and needs no table to be checked. For the sum over
    several independent permutations of these `sizes` it is the smaller of B^k/k!, with B their number, and
    Π Σ_{j ≤ n} t^j/j! / (1 + t)^k over a grid of t > 0: the factorial moments of one permutation of n are all 1 up to
    the n-th and 0 from there on, so E[(1 + t)^count] = Π Σ_{j ≤ n} t^j/j!, and Markov's inequality gives both.

    Source: registry-and-originality.md, "Originality examination": P(count ≥ k) ≤ 1/k!.
    """
    if matched < 0:
        raise ValueError(f"a count of matched units is not negative: {matched}")
    if len(sizes) <= 1 or not matched:
        return -math.lgamma(matched + 1) / math.log(10) if matched > 1 else 0.0
    return _log10_blocks(matched, tuple(sorted(Counter(sizes).items())))


def _log10_blocks(matched: int, sizes: tuple[tuple[int, int], ...]) -> float:
    log_t = np.linspace(*_LOG_T)
    log_moments = sum(count * _log_grid(size) for size, count in sizes)
    by_moments = log_moments - matched * np.logaddexp(0, log_t)
    by_factorial = matched * math.log(sum(count for _, count in sizes)) - math.lgamma(matched + 1)
    return min(0.0, by_factorial, float(by_moments.min())) / math.log(10)


@lru_cache(256)
def _log_grid(size: int) -> NDArray[np.float64]:
    """Return ln Σ_{j ≤ n} t^j/j! over the grid of t."""
    terms = np.arange(size + 1)
    made: NDArray[np.float64] = logsumexp(np.linspace(*_LOG_T)[:, None] * terms - gammaln(terms + 1), axis=1)
    return made


def log10_tail(matched: int, units: int) -> float:
    """Return log10 of P(count ≥ k) for a uniform random permutation of `units`, exact to float rounding.

    P(count ≥ k) = Σ_{j=k}^{n} (-1)^{j-k} C(j-1, k-1) / j!, here as a multiple of 1/k!.

    Source: registry-and-originality.md, "Originality examination": the matching is a uniform random permutation.
    """
    if not 0 <= matched <= units:
        raise ValueError(f"a count of matched units lies between 0 and {units}: {matched}")
    if matched == 0:
        return 0.0
    last = min(units, matched + _TERMS)
    multiple = math.fsum(
        (-1) ** (j - matched) * math.comb(j - 1, matched - 1) / math.prod(range(matched + 1, j + 1))
        for j in range(matched, last + 1)
    )
    return log10_bound(matched) + math.log10(multiple)


def holm(log10_ps: Sequence[float], tests: int) -> list[float]:
    """Return Holm's adjusted values (log10), in the order given, for a family of `tests` ≥ len(log10_ps).

    Tests of the family that gave no p count as p = 1. Layers that share the residual axis are not independent of one
    another; Holm's correction is valid under any dependence, so it needs no independence of layers.

    Source: registry-and-originality.md, "Originality examination": family-wise correction for the number of tests.
    """
    if tests < len(log10_ps):
        raise ValueError(f"a family of {tests} tests cannot have {len(log10_ps)} results")
    order = sorted(range(len(log10_ps)), key=lambda place: log10_ps[place])
    raised = (min(0.0, log10_ps[place] + math.log10(tests - rank)) for rank, place in enumerate(order))
    adjusted = dict(zip(order, accumulate(raised, max), strict=True))
    return [adjusted[place] for place in range(len(log10_ps))]

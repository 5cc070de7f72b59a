"""What chance gives: the matching distribution (rencontres numbers), its bound, and Holm's correction.

All probabilities are decimal logarithms, because 1/2048! has no float.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Terms of the series fall faster than 1/i!; after thirty they are below the last bit of a float.
_TERMS = 30


def log10_bound(matched: int) -> float:
    """Return log10 of 1/k!, which P(count ≥ k) never exceeds for a uniform random permutation of any size.

    It also holds for two random injections of n units into N ≥ n, and needs no table to be checked.

    Source: registry-and-originality.md, "Originality examination": P(count ≥ k) ≤ 1/k!.
    """
    if matched < 0:
        raise ValueError(f"a count of matched units is not negative: {matched}")
    return -math.log10(math.factorial(matched))


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

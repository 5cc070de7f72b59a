"""Which head of one model's attention is compared to which of the other's: heads may have been moved as wholes.

Heads are recognised by their keys and queries, and then their values and outputs are tested, or the other way around.
The channels within a head of the one have an order of their own, which says nothing of the order in the other. So
whatever was chosen, that order is as likely as before, and the test of channels within heads stays exact. Heads whose
channels were moved as well are not recognised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from originality import fixed
from originality.blocks import own_likeness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from originality.folders.part import Part
    from originality.matching import Floats, Places

_CHANNELS, _INPUTS = 8, 256
# Mean likeness of heads that stands out, and how much better other places must be than their own.
_SPREADS, _LEAST = 8.0, 0.05
_BETTER: Final = 1.1


def moved_heads(looked_at: Sequence[tuple[Part, Part]]) -> Places | None:
    """Return for each query head of the second model the likest one of the first; None where they lie as they stand.

    `looked_at` are pairs of parts of both models that are not tested by what is found: first one by which the groups of
    heads are recognised that share a key, then, if there are such, one by which heads are within these.
    """
    (first, second), *within = looked_at
    if first.heads is None or second.heads is None or _cut(first) != _cut(second):
        return None
    queries, shared = _cut(second)
    groups, known = _partners(first, second, first.heads.firsts(), second.heads.firsts())
    found = (groups[:, None] * shared + np.arange(shared)).ravel()
    if shared > 1 and known and within:
        for start in range(0, queries, shared):
            own = found[start : start + shared]
            found[start : start + shared] = own[_partners(*within[0], own, np.arange(start, start + shared))[0]]
    return None if (found == np.arange(queries)).all() else found


def _cut(part: Part) -> tuple[int, int]:
    assert part.heads is not None
    return part.heads.queries, part.heads.shared


def _partners(first: Part, second: Part, left: Places, right: Places) -> tuple[Places, bool]:
    """Return which of the heads `left` of the first each of the heads `right` of the second is; and if any is known."""
    assert first.heads is not None
    assert second.heads is not None
    blocks = first.heads.read(left), second.heads.read(right)
    own = np.arange(len(right))
    if blocks[0][0].shape != blocks[1][0].shape:
        return own, False
    width, inputs = blocks[0][0].shape
    likeness: Floats = own_likeness(
        *blocks, fixed.places("channels", width, _CHANNELS), fixed.places("inputs of heads", inputs, _INPUTS)
    )
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    partner = rows[np.argsort(columns)]
    best, as_they_stand = likeness[partner, own].mean(), likeness[own, own].mean()
    others = np.abs(likeness[own[:, None] != partner])
    known = bool(best >= max(_LEAST, _SPREADS * float(np.median(others)) if others.size else 0.0))
    return (partner, True) if known and best > _BETTER * as_they_stand else (own, known)

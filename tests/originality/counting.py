"""Rates with their intervals, and how well a score tells two sets apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import beta, rankdata

if TYPE_CHECKING:
    from collections.abc import Sequence


def interval(found: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a rate: it covers the true one at least as often as `confidence` says."""
    if not 0 <= found <= of or not of:
        raise ValueError(f"{found} of {of} is no rate")
    tail = (1 - confidence) / 2
    low = 0.0 if found == 0 else float(beta.ppf(tail, found, of - found + 1))
    high = 1.0 if found == of else float(beta.ppf(1 - tail, found + 1, of - found))
    return low, high


def area(derived: Sequence[float], independent: Sequence[float]) -> float:
    """Return the area under the ROC curve: how often a derived pair's score is the greater; a tie is a half."""
    ranks = rankdata([*derived, *independent])
    above = float(np.sum(ranks[: len(derived)])) - len(derived) * (len(derived) + 1) / 2
    return above / (len(derived) * len(independent))

"""Measuring a model on held-out bytes: how often the next byte is the likeliest one, and what a byte costs in bits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from scale_model.corpus import held_out_bytes, windows
from scale_model.network import log_softmax, logits

if TYPE_CHECKING:
    from scale_model.network import Shape, Weights

_ROWS_AT_ONCE: Final = 1024
_PLACES: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured: bytes predicted, share predicted right, bits per byte; both rounded half up to 4 digits."""

    items: int
    accuracy: Decimal
    bits_per_byte: Decimal


def measure(weights: Weights, shape: Shape) -> Measurement:
    """Predict every held-out byte that has a whole context before it. The same weights give the same figures."""
    data = held_out_bytes()
    positions = np.arange(shape.context_bytes, len(data))
    right, nats = 0, 0.0
    for start in range(0, len(positions), _ROWS_AT_ONCE):
        some = positions[start : start + _ROWS_AT_ONCE]
        likelihoods = log_softmax(logits(weights, windows(data, some, shape.context_bytes)))
        following = data[some].astype(np.int64)
        right += int((likelihoods.argmax(axis=1) == following).sum())
        nats -= float(likelihoods[np.arange(len(some)), following].sum(dtype=np.float64))
    items = len(positions)
    return Measurement(items, _rounded(Decimal(right) / items), _rounded(Decimal(repr(nats / math.log(2) / items))))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_PLACES, ROUND_HALF_UP)

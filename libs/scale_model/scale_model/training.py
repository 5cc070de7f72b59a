"""Training: draw windows, step, report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from scale_model.adam import Adam, learning_rate
from scale_model.corpus import training_bytes, windows
from scale_model.network import loss_and_gradients

if TYPE_CHECKING:
    from collections.abc import Callable

    from scale_model.network import Shape, Weights

BATCH: Final = 256
_PEAK_RATE: Final = 4e-3
_CONTINUED_PEAK_RATE: Final = 1e-3
# Batches are drawn apart from the initial weights, so that going on from a parent draws the same batches.
_BATCH_STREAM: Final = 1


class LossNotFiniteError(Exception):
    """The loss became NaN or infinite: the run is worthless and must not be pushed."""

    def __init__(self, step: int) -> None:
        """Keep the `step` at which it happened."""
        super().__init__(f"the loss is not finite at step {step}")
        self.step = step


@dataclass(frozen=True, slots=True)
class Step:
    """One optimiser step: number from 1, loss in nats per byte, bytes predicted so far."""

    step: int
    loss: float
    bytes_seen: int


def train(
    weights: Weights, shape: Shape, *, seed: int, steps: int, continued: bool, report: Callable[[Step], None]
) -> None:
    """Train `weights` in place for `steps`; `report` gets every step. The same arguments give the same weights.

    A continued model starts at a lower rate, so that it does not forget what it knows. Raises `LossNotFiniteError`.
    """
    data = training_bytes()
    chance = np.random.default_rng([seed, _BATCH_STREAM])
    optimiser = Adam()
    peak = _CONTINUED_PEAK_RATE if continued else _PEAK_RATE
    for number in range(1, steps + 1):
        positions = chance.integers(shape.context_bytes, len(data), size=BATCH)
        context = windows(data, positions, shape.context_bytes)
        loss, gradients = loss_and_gradients(weights, context, data[positions].astype(np.int64))
        if not np.isfinite(loss):
            raise LossNotFiniteError(number)
        optimiser.apply(weights, gradients, learning_rate(number, steps, peak))
        report(Step(number, loss, number * BATCH))

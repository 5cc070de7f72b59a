"""The optimiser: Adam (Kingma and Ba, 2015) with a linear warm-up and a cosine decay of the rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from scale_model.network import Weights

_FIRST_DECAY: Final = np.float32(0.9)
_SECOND_DECAY: Final = np.float32(0.99)
_EPSILON: Final = np.float32(1e-8)
_WARM_UP_STEPS: Final = 20
_FLOOR: Final = 0.1


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Return the rate at `step` (from 1) of `steps`: up to `peak`, then down to a tenth of it."""
    if step <= _WARM_UP_STEPS:
        return peak * step / _WARM_UP_STEPS
    done = (step - _WARM_UP_STEPS) / max(1, steps - _WARM_UP_STEPS)
    return peak * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


@dataclass(slots=True)
class Adam:
    """State of the optimiser: means of gradients and of their squares, by tensor."""

    mean: Weights = field(default_factory=dict)
    square: Weights = field(default_factory=dict)
    step: int = 0

    def apply(self, weights: Weights, gradients: Weights, rate: float) -> None:
        """Move `weights` in place by one step at `rate`."""
        self.step += 1
        first_bias = np.float32(1) - _FIRST_DECAY**self.step
        second_bias = np.float32(1) - _SECOND_DECAY**self.step
        for name, gradient in gradients.items():
            mean = self.mean.setdefault(name, np.zeros_like(gradient))
            square = self.square.setdefault(name, np.zeros_like(gradient))
            mean += (np.float32(1) - _FIRST_DECAY) * (gradient - mean)
            square += (np.float32(1) - _SECOND_DECAY) * (gradient * gradient - square)
            weights[name] -= np.float32(rate) * (mean / first_bias) / (np.sqrt(square / second_bias) + _EPSILON)

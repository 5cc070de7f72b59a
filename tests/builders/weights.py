"""Small synthetic models: independent ones, and every way in which one can be made from another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from originality import Component, Examination, UnitAxis, Ways, examine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[Any]

UNITS, INPUTS = 96, 48


def drawn(seed: int, units: int = UNITS, inputs: int = INPUTS) -> Matrix:
    """Independent normal weights, as float32."""
    return np.random.default_rng(seed).standard_normal((units, inputs), dtype=np.float32)


def noisy(weights: Matrix, share: float, seed: int) -> Matrix:
    """Weights after training on: noise of `share` of their standard deviation."""
    noise = drawn(seed, weights.shape[0], weights.shape[1])
    made: Matrix = weights + np.float32(share * weights.std()) * noise
    return made


def int8_copy(weights: Matrix) -> Matrix:
    """Signed bytes by the greatest weight of each row, as they are stored: without their scales."""
    made: Matrix = np.rint(weights / np.abs(weights).max(axis=1, keepdims=True) * 127).astype(np.int8)
    return made


def ways(first: Sequence[Matrix], second: Sequence[Matrix]) -> tuple[Ways, Ways]:
    """What leads to the units of two models, and what leads away."""
    return Ways((first[0],), (first[1],)), Ways((second[0],), (second[1],))


def component(first: Matrix, second: Matrix, axis: UnitAxis = UnitAxis.EXCHANGEABLE, **more: Any) -> Component:
    return Component("mlp", first, second, axis, **more)


def examined(*components: Component, seed: int = 11) -> Examination:
    return examine(components, seed=seed)

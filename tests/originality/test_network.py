"""The network that the evidence rests on: its gradients are those of its loss, and it learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.originality.network import Shape, initial, loss_and_gradients

if TYPE_CHECKING:
    from tests.originality.network import Array

SMALL = Shape(vocabulary=11, width=8, heads=2, hidden=6, layers=2)
MIXED = Shape(vocabulary=11, width=8, heads=2, hidden=6, layers=1, experts=3)
GROUPED = Shape(vocabulary=11, width=8, heads=4, shared=2, hidden=6, layers=2)
SEEING = Shape(width=8, heads=2, hidden=6, layers=1, classes=3, patch=5)


@pytest.mark.parametrize("shape", [SMALL, GROUPED, MIXED, SEEING], ids=["decoder", "grouped", "experts", "encoder"])
def test_gradients_are_the_slopes_of_the_loss(shape: Shape) -> None:
    rng = np.random.default_rng(1)
    weights = {
        name: tensor.astype(np.float64) + 0.1 * rng.standard_normal(tensor.shape)
        for name, tensor in initial(shape, 2).items()
    }
    given: Array = rng.standard_normal((4, 6, shape.patch)) if shape.classes else rng.integers(11, size=(3, 5))
    wanted = rng.integers(shape.classes or 11, size=4 if shape.classes else (3, 5))
    _, gradients = loss_and_gradients(shape, weights, given, wanted)
    for name, tensor in weights.items():
        place = tuple(rng.integers(size) for size in tensor.shape)
        ends = []
        for step in (1e-5, -1e-5):
            moved = {**weights, name: tensor.copy()}
            moved[name][place] += step
            ends.append(loss_and_gradients(shape, moved, given, wanted)[0])
        assert gradients[name][place] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-8), name

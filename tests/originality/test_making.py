"""What is said to leave a model's output as it was does so: otherwise the table would be about broken models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.originality import making
from tests.originality.network import Shape, initial, scored

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.originality.making import Model

SHAPE = Shape(vocabulary=40, width=16, heads=4, hidden=24, layers=2)


def _model(shape: Shape = SHAPE) -> Model:
    rng = np.random.default_rng(1)
    return shape, {
        name: tensor + np.float32(0.1) * rng.standard_normal(tensor.shape, dtype=np.float32)
        for name, tensor in initial(shape, 2).items()
    }


def _mixed(model: Model, rng: np.random.Generator) -> Model:
    return making.upcycled(model, 3, rng)


def _experts_moved(model: Model, rng: np.random.Generator) -> Model:
    return making.moved_experts(making.upcycled(model, 3, rng), rng)


def _whole_heads(model: Model, rng: np.random.Generator) -> Model:
    return making.moved_heads(model, rng, whole=True)


SAME = [
    making.scaled,
    making.permuted_units,
    making.moved_axis,
    making.rotated,
    making.moved_heads,
    _whole_heads,
    _mixed,
    _experts_moved,
]


@pytest.mark.parametrize("shared", [1, 2])
@pytest.mark.parametrize("change", SAME)
def test_a_change_that_hides_a_parent_keeps_what_the_model_says(
    change: Callable[[Model, np.random.Generator], Model], shared: int
) -> None:
    model = _model(replace(SHAPE, shared=shared))
    changed = change(model, np.random.default_rng(3))
    given = np.random.default_rng(4).integers(40, size=(2, 9))
    assert scored(*changed, given) == pytest.approx(scored(*model, given), abs=2e-4)
    assert any(
        not np.array_equal(changed[1][name], tensor) for name, tensor in model[1].items() if name in changed[1]
    ) or (changed[0] != model[0])


def test_rounding_is_that_of_the_formats() -> None:
    model = _model()
    name = "model.layers.0.mlp.up_proj.weight"
    exact = model[1][name]
    assert np.abs(making.brain(model)[1][name] / exact - 1).max() <= 2**-8
    assert (making.brain(model)[1][name].view(np.uint32) & 0xFFFF == 0).all()
    steps = making.rounded(model, 127)[1][name] / np.abs(exact).max(axis=1, keepdims=True) * 127
    assert steps == pytest.approx(np.rint(steps), abs=1e-3)


def test_pruning_takes_the_smallest_away_and_shapes_say_so() -> None:
    model = _model()
    for shape, weights in (
        making.pruned_units(model, 0.25),
        making.pruned_layer(model, 0),
        making.doubled_layer(model, 1),
        making.more_tokens(model, 3, np.random.default_rng(0)),
    ):
        assert {name: tensor.shape for name, tensor in weights.items()} == shape.tensors()
    cut = making.pruned_weights(model, 0.5)[1][making.HEAD]
    assert np.mean(cut == 0) == pytest.approx(0.5, abs=0.01)

"""Models that were really trained, each from a seed of its own, until they do the same: independent, and much alike."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from originality import Component, Finding, UnitAxis, agree, examine, match
from scipy.stats import ortho_group

from tests.builders.weights import ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[Any]
    Layer = tuple[Matrix, Matrix]

INPUTS, UNITS, STEPS, BATCH, MODELS = 64, 32, 1500, 128, 4


def _teacher() -> Layer:
    rng = np.random.default_rng(0)
    return rng.standard_normal((UNITS, INPUTS)) / 8, rng.standard_normal((UNITS, INPUTS)) / 6


def _trained(seed: int) -> tuple[Layer, float]:
    """Weights after Adam on what the teacher says of random inputs, and the error left as a share of the variance."""
    rng = np.random.default_rng(seed)
    first, second = _teacher()
    weights = [rng.standard_normal((UNITS, INPUTS)) / 8, rng.standard_normal((UNITS, INPUTS)) / 6]
    mean, square = ([np.zeros((UNITS, INPUTS)) for _ in weights] for _ in range(2))
    left = 1.0
    for step in range(1, STEPS + 1):
        x = rng.standard_normal((BATCH, INPUTS))
        told = np.maximum(x @ first.T, 0) @ second
        before = x @ weights[0].T
        hidden = np.maximum(before, 0)
        error = hidden @ weights[1] - told
        slopes = ((error @ weights[1].T) * (before > 0)).T @ x / BATCH, hidden.T @ error / BATCH
        left = float((error**2).mean() / (told**2).mean())
        for part, slope in enumerate(slopes):
            mean[part] = 0.9 * mean[part] + 0.1 * slope
            square[part] = 0.999 * square[part] + 0.001 * slope**2
            size = mean[part] / (1 - 0.9**step) / (np.sqrt(square[part] / (1 - 0.999**step)) + 1e-8)
            weights[part] = weights[part] - 3e-3 * size
    return (weights[0], weights[1]), left


@cache
def _models() -> tuple[Layer, ...]:
    made = [_trained(seed) for seed in range(MODELS)]
    assert max(left for _, left in made) < 0.1
    return tuple(layer for layer, _ in made)


def test_the_exact_test_holds_for_trained_models_that_do_the_same() -> None:
    for first, second in combinations(_models(), 2):
        found = examine([Component("mlp", first[0], second[0], UnitAxis.EXCHANGEABLE)], seed=1).components[0]
        assert found.finding is Finding.NO_EVIDENCE


def test_agreement_on_axes_of_the_data_says_nothing_about_where_weights_come_from() -> None:
    agreed = [
        agree((first[0], second[0]), (first[1], second[1]), np.random.default_rng(1)).agreed
        for first, second in combinations(_models(), 2)
    ]
    # Why `ways` are never for such axes: none of these was made from another.
    assert max(agreed) > UNITS / 2


def test_on_axes_of_their_own_trained_models_that_do_the_same_do_not_agree() -> None:
    turned = [
        tuple(weights @ basis for weights in layer)
        for layer, basis in zip(_models(), ortho_group.rvs(INPUTS, MODELS, random_state=2), strict=True)
    ]
    for first, second in combinations(turned, 2):
        one = Component("mlp", first[0], second[0], UnitAxis.EXCHANGEABLE, ways=ways(first, second))
        assert examine([one], seed=1).components[0].finding is Finding.NO_EVIDENCE


def test_a_model_trained_on_is_matched_in_every_unit() -> None:
    for layer in _models():
        child = layer[0] + 0.05 * np.random.default_rng(3).standard_normal(layer[0].shape) * layer[0].std()
        assert match(layer[0], child, np.random.default_rng(1)).matched == UNITS

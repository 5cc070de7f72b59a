"""The core test: as a random permutation for independent weights, whatever their ties, and every refusal by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality.matching import cosines, match
from originality.refusing import WeightsRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[Any]

UNITS, INPUTS, PAIRS = 24, 16, 1500


def _normal(rng: np.random.Generator) -> Matrix:
    return rng.standard_normal((UNITS, INPUTS))


def _common_mean(rng: np.random.Generator) -> Matrix:
    return rng.standard_normal((UNITS, INPUTS)) + 3


def _mostly_dead(rng: np.random.Generator) -> Matrix:
    made = rng.standard_normal((UNITS, INPUTS))
    made[rng.permutation(UNITS)[: UNITS // 2]] = 0
    return made


def _few_values(rng: np.random.Generator) -> Matrix:
    return rng.integers(-1, 2, (UNITS, 2)).astype(np.float64)


def _all_alike(_: np.random.Generator) -> Matrix:
    return np.ones((UNITS, INPUTS))


@pytest.mark.parametrize("draw", [_normal, _common_mean, _mostly_dead, _few_values, _all_alike])
def test_independent_models_match_as_a_random_permutation_does(draw: Callable[[np.random.Generator], Matrix]) -> None:
    counts = []
    for seed in range(PAIRS):
        rng = np.random.default_rng([20261126, seed])
        counts.append(match(draw(rng), draw(rng), rng).matched)
    # Mean 1 and variance 1: four standard errors either way.
    assert np.mean(counts) == pytest.approx(1, abs=4 / math.sqrt(PAIRS))
    for matched in (2, 3, 4, 5):
        bound = 1 / math.factorial(matched)
        allowed = PAIRS * bound + 4 * math.sqrt(PAIRS * bound)
        assert sum(count >= matched for count in counts) <= allowed
    assert max(counts) <= 8


def test_a_copy_matches_in_every_unit_and_a_sample_takes_the_same_rows_of_both() -> None:
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((300, 40))
    found = match(weights, weights.copy(), rng, limit=64)
    assert (found.compared, found.matched) == (64, 64)
    assert found.likeness == pytest.approx(np.ones(64))


def test_the_same_seed_gives_the_same_matching() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.standard_normal((2, 100, 8))
    once, again = (match(first, second, np.random.default_rng(3), limit=50) for _ in range(2))
    assert (once.partner == again.partner).all()


def test_cosines_are_those_of_the_definition_across_blocks() -> None:
    rng = np.random.default_rng(4)
    first, second = rng.standard_normal((2, 9, 2500))
    rows = np.array([0, 3, 8])
    left, right = first[rows], second[rows]
    expected = left @ right.T / np.linalg.norm(left, axis=1)[:, None] / np.linalg.norm(right, axis=1)
    assert cosines(first, second, rows, rows) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_weights_far_beyond_one_keep_their_directions(scale: float) -> None:
    rng = np.random.default_rng(5)
    weights = rng.standard_normal((50, 30))
    assert match(weights, (weights * scale).astype(np.float32), rng).matched == 50


def _with(value: float) -> Matrix:
    made = np.ones((4, 3))
    made[2, 1] = value
    return made


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [
        ("NOT_A_MATRIX", np.ones(3), np.ones(3)),
        ("EMPTY_MATRIX", np.ones((0, 3)), np.ones((0, 3))),
        ("NOT_WEIGHTS", np.ones((4, 3), dtype=np.int64), np.ones((4, 3), dtype=np.int64)),
        ("NOT_WEIGHTS", np.ones((4, 3), dtype=np.complex64), np.ones((4, 3), dtype=np.complex64)),
        ("NOT_WEIGHTS", np.ones((4, 3)), np.full((4, 3), "1")),
        ("OTHER_SHAPE", np.ones((4, 3)), np.ones((4, 2))),
        ("NOT_FINITE", np.ones((4, 3)), _with(np.nan)),
        ("NOT_FINITE", _with(-np.inf), np.ones((4, 3))),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(code: str, first: Matrix, second: Matrix) -> None:
    with pytest.raises(WeightsRefusedError) as refused:
        match(first, second, np.random.default_rng(0))
    assert refused.value.code == code
    assert refused.value.field in {"first", "second"}

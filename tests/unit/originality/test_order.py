"""Axes that cannot be tested: by construction, or because their order shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import Component, Finding, UnitAxis
from originality.order import rank_correlation

from tests.builders.weights import UNITS, component, drawn, examined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[Any]

PARENT = drawn(1)


def _one(made: Component) -> Any:
    return examined(made).components[0]


def _rotary() -> Matrix:
    made: Matrix = np.cos(np.outer(np.arange(UNITS), 1e4 ** -np.linspace(0, 1, 32)))
    return made


def _basis() -> Matrix:
    return np.cos(np.pi / UNITS * np.outer(np.arange(UNITS), np.arange(64) + 0.5))


def _near_identity(seed: int) -> Matrix:
    return np.eye(UNITS) + 0.02 * drawn(seed, UNITS, UNITS)


def _blocks(seed: int) -> Matrix:
    return np.repeat(drawn(seed, UNITS // 8), 8, axis=0) + 0.3 * drawn(seed + 1)


def _shards(seed: int, noise: float) -> Matrix:
    one = drawn(seed, 32, 64)
    made: Matrix = np.tile(one, (8, 1)) + noise * drawn(seed + 1, 256, 64)
    return made


@pytest.mark.parametrize("axis", [UnitAxis.COMPUTED, UnitAxis.STRUCTURED])
def test_an_axis_that_is_not_exchangeable_by_construction_is_not_tested(axis: UnitAxis) -> None:
    found = _one(component(_rotary(), _rotary(), axis))
    assert (found.finding, found.count, found.log10_p, found.family) == (Finding.NOT_TESTABLE, None, None, 0)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (_rotary(), _rotary()),
        (_basis(), _basis()),
        (_near_identity(50), _near_identity(51)),
        (_blocks(52), _blocks(54)),
        (_shards(56, 0), _shards(58, 0)),
        (_shards(56, 0.3), _shards(58, 0.3)),
        (np.ones((UNITS, 8)), np.ones((UNITS, 8))),
        (np.zeros((UNITS, 8)), np.zeros((UNITS, 8))),
    ],
    ids=["rotary", "basis", "identity", "heads", "shards", "trained-shards", "ones", "zeros"],
)
def test_an_order_that_shows_is_not_tested_whatever_was_declared(first: Matrix, second: Matrix) -> None:
    found = _one(component(first, second))
    assert (found.finding, found.log10_p) == (Finding.NOT_TESTABLE, None)
    # Its test was planned, so the correction of the others counts it.
    assert examined(component(first, second), component(PARENT, PARENT)).components[1].family == 2


def test_the_order_of_exchangeable_units_never_shows() -> None:
    pairs = [component(drawn(seed), drawn(seed + 500) + 2) for seed in range(100, 400)]
    assert all(one.finding is Finding.NO_EVIDENCE for one in examined(*pairs).components)


def test_units_that_repeat_one_another_at_no_distance_in_common_are_tested() -> None:
    first, second = (_shards(seed, 0.3)[np.random.default_rng(seed).permutation(256)] for seed in (60, 62))
    assert _one(component(first, second)).finding is Finding.NO_EVIDENCE


def test_the_rank_correlation_is_spearmans() -> None:
    from scipy.stats import spearmanr

    chance = np.random.default_rng(0)
    for size, values in ((16, 3), (256, 40), (256, 10_000)):
        some, others = np.arange(size), chance.integers(0, values, size)
        assert rank_correlation(some, others) == pytest.approx(spearmanr(some, others).statistic, abs=1e-12)

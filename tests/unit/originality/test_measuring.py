"""What is measured: context that is no verdict, refusals, and layers one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import Component, Finding, UnitAxis, WeightsRefusedError, examine

from tests.builders.weights import component, drawn, examined, noisy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Matrix = NDArray[Any]

PARENT = drawn(1)


def _one(made: Component) -> Any:
    return examined(made).components[0]


def test_gains_that_begin_as_ones_have_a_high_cosine_and_are_context_only() -> None:
    first, second = (1 + 0.06 * drawn(seed, 4096, 1)[:, 0] for seed in (20, 21))
    found = _one(component(first, second, UnitAxis.GAINS))
    assert (found.finding, found.log10_p) == (Finding.NOT_TESTABLE, None)
    assert found.context.cosine > 0.99
    assert abs(found.context.pearson) < 0.06


def test_gains_of_a_fine_tune_are_told_as_context_too() -> None:
    gains = 1 + 0.06 * drawn(20, 4096, 1)[:, 0]
    found = _one(component(gains, noisy(gains[:, None], 0.1, 21)[:, 0], UnitAxis.GAINS))
    assert found.finding is Finding.NOT_TESTABLE
    assert found.context.pearson > 0.95


def test_flattened_weights_may_correlate_in_independent_models_and_are_no_evidence() -> None:
    column = 2 * drawn(30, 1)
    found = _one(component(drawn(31) + column, drawn(32) + column))
    assert found.finding is Finding.NO_EVIDENCE
    assert found.context.pearson > 0.4


def test_other_shapes_without_weights_that_lead_away_are_not_testable() -> None:
    assert _one(component(PARENT, PARENT[:-1])).finding is Finding.NOT_TESTABLE
    assert _one(component(PARENT, PARENT[:, :-1])).finding is Finding.NOT_TESTABLE


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("axis", list(UnitAxis))
def test_broken_weights_are_refused_and_never_no_evidence(axis: UnitAxis, value: float) -> None:
    broken = PARENT.copy()
    broken[3, 3] = value
    with pytest.raises(WeightsRefusedError) as refused:
        examined(component(PARENT, broken, axis, layer=7))
    assert (refused.value.code, refused.value.field) == ("NOT_FINITE", "mlp of layer 7: second")


def test_an_initialisation_of_another_shape_is_refused() -> None:
    with pytest.raises(WeightsRefusedError) as refused:
        examined(component(PARENT, PARENT, initial=PARENT[1:]))
    assert (refused.value.code, refused.value.field) == ("OTHER_SHAPE", "mlp: initial")


def test_components_are_taken_one_by_one_and_the_layer_is_kept() -> None:
    held: list[int] = []

    def layers() -> Iterator[Component]:
        for layer in range(3):
            held.append(layer)
            yield component(PARENT, drawn(layer + 70), layer=layer)

    found = examine(layers(), seed=5).components
    assert [one.layer for one in found] == held == [0, 1, 2]
    assert {one.family for one in found} == {3}

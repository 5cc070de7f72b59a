"""Each trap of the design, and each way of making one model from another, on small weights."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import Component, Finding, UnitAxis, examine
from originality.finding import EXACT, MOVED

from tests.builders.weights import UNITS, component, drawn, examined, int8_copy, noisy, ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[Any]

PARENT = drawn(1)


def _one(made: Component) -> Any:
    return examined(made).components[0]


def test_a_copy_is_identical_and_says_by_which_test_under_which_assumption() -> None:
    found = _one(component(PARENT, PARENT.copy()))
    assert (found.finding, found.test, found.count, found.compared) == (Finding.IDENTICAL, EXACT, UNITS, UNITS)
    assert found.log10_p == pytest.approx(-math.log10(math.factorial(UNITS)))
    assert found.log10_p_adjusted == found.log10_p
    assert found.log10_p_exact == pytest.approx(found.log10_p)
    assert found.test.exact
    assert "independent" in found.test.assumption


@pytest.mark.parametrize(
    "child",
    [
        *(noisy(PARENT, share, 2) for share in (0.01, 0.05, 0.1, 0.2)),
        PARENT.astype(np.float16),
        int8_copy(PARENT),
        3 * PARENT,
        PARENT * np.random.default_rng(3).uniform(0.1, 10, (UNITS, 1)),
        PARENT + drawn(4, UNITS, 2) @ drawn(5, 2, PARENT.shape[1]) * 0.1,
        np.where(np.abs(PARENT) > 0.5, PARENT, 0),
    ],
    ids=[
        "noise-1",
        "noise-5",
        "noise-10",
        "noise-20",
        "fp16",
        "int8",
        "scaled",
        "row-scaled",
        "low-rank",
        "pruned-weights",
    ],
)
def test_what_is_made_from_a_parent_is_derived_and_no_p_is_claimed_beyond_its_test(child: Matrix) -> None:
    found = _one(component(PARENT, child))
    assert found.finding is Finding.DERIVED
    assert found.count >= 0.99 * UNITS
    assert "shared initialisation would look the same" in found.reason


def test_an_average_of_two_parents_is_derived_from_each_of_them() -> None:
    other = drawn(6)
    merged = 0.5 * PARENT + 0.5 * other
    assert [one.finding for one in examined(component(PARENT, merged), component(other, merged)).components] == [
        Finding.DERIVED,
        Finding.DERIVED,
    ]


def test_a_part_that_was_taken_over_is_partly_derived() -> None:
    child = drawn(7)
    child[10:40] = noisy(PARENT, 0.1, 8)[10:40]
    found = _one(component(PARENT, child))
    assert found.finding is Finding.PARTLY_DERIVED
    assert 30 <= found.count <= 36


def test_units_set_to_zero_leave_the_rest_partly_derived() -> None:
    child = PARENT.copy()
    child[np.random.default_rng(9).permutation(UNITS)[: UNITS // 3]] = 0
    assert _one(component(PARENT, child)).finding is Finding.PARTLY_DERIVED


def test_independent_models_give_findings_no_more_often_than_the_level_says() -> None:
    pairs, level = 1200, 0.05
    components = (component(drawn(2 * seed, 32, 16), drawn(2 * seed + 1, 32, 16)) for seed in range(1000, 1000 + pairs))
    single = [examine([one], seed=12, level=level).components[0] for one in components]
    found = [one for one in single if one.finding is not Finding.NO_EVIDENCE]
    assert len(found) <= pairs * level + 4 * math.sqrt(pairs * level)
    # 1/4! is the first bound below 0.05, and the exact chance of four or more is 0.019: the test does reject at times.
    assert len(found) >= 5
    assert all(one.count is not None and one.count >= 4 for one in found)


def test_the_level_is_that_of_all_components_together() -> None:
    examinations, components, level = 100, 12, 0.05
    wrong = 0
    for number in range(examinations):
        # Layers that share an axis: each is the one before plus something new, in both models.
        first, second = drawn(5000 + number, 24, 12), drawn(6000 + number, 24, 12)
        layers = [
            component(first + drawn(layer, 24, 12), second + drawn(99 + layer, 24, 12)) for layer in range(components)
        ]
        found = examine(layers, seed=number, level=level).components
        wrong += any(one.finding is not Finding.NO_EVIDENCE for one in found)
    assert wrong <= examinations * level + 4 * math.sqrt(examinations * level)


def _trained(initial: Matrix, seed: int, step: float) -> Matrix:
    return initial + np.float32(step) * drawn(seed)


def test_a_shared_initialisation_is_a_class_of_its_own_where_it_was_made_again() -> None:
    initial = drawn(40)
    first, second = _trained(initial, 41, 0.4), _trained(initial, 42, 0.4)
    assert _one(component(first, second)).finding is Finding.DERIVED
    found = _one(component(first, second, initial=initial))
    assert found.finding is Finding.SHARED_INITIALISATION
    assert found.count > 0.9 * UNITS


def test_a_fine_tune_is_derived_although_both_come_from_one_initialisation() -> None:
    initial = drawn(40)
    parent = _trained(initial, 41, 0.4)
    assert _one(component(parent, noisy(parent, 0.1, 43), initial=initial)).finding is Finding.DERIVED
    assert _one(component(parent, parent.copy(), initial=initial)).finding is Finding.IDENTICAL


def test_an_initialisation_that_is_not_theirs_explains_nothing() -> None:
    assert _one(component(PARENT, noisy(PARENT, 0.2, 44), initial=drawn(45))).finding is Finding.DERIVED


def test_weights_that_were_never_trained_are_a_shared_initialisation() -> None:
    found = _one(component(PARENT, PARENT.copy(), initial=PARENT.copy()))
    assert found.finding is Finding.SHARED_INITIALISATION


def test_putting_units_in_an_order_of_their_own_hides_nothing_if_the_parent_has_none() -> None:
    order = np.argsort(PARENT[:, 0])
    child = PARENT[order]
    away = drawn(60)
    found = _one(component(PARENT, child, ways=ways((PARENT, away), (child, away[order]))))
    assert (found.finding, found.test) == (Finding.DERIVED, MOVED)


def test_too_few_units_are_not_testable_rather_than_no_evidence() -> None:
    found = _one(component(drawn(61, 5, 9), drawn(62, 5, 9)))
    assert found.finding is Finding.NOT_TESTABLE
    assert "too few" in found.reason


@pytest.mark.parametrize("level", [0, 1, -0.1])
def test_a_level_outside_its_range_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        examine([], seed=1, level=level)


def test_no_output_says_that_a_model_is_its_makers_own() -> None:
    shown = [
        component(PARENT, PARENT),
        component(PARENT, noisy(PARENT, 0.1, 80)),
        component(PARENT, np.vstack([PARENT[:40], drawn(81)[40:]])),
        component(_trained(PARENT, 82, 0.4), _trained(PARENT, 83, 0.4), initial=PARENT),
        component(PARENT, drawn(84)),
        component(PARENT, drawn(85), UnitAxis.COMPUTED),
        component(PARENT, drawn(86), UnitAxis.STRUCTURED),
        component(PARENT[:, 0], drawn(87)[:, 0], UnitAxis.GAINS),
        component(PARENT, PARENT[::-1], ways=ways((PARENT, drawn(88)), (PARENT[::-1], drawn(88)[::-1]))),
        component(PARENT, drawn(89)[:50], ways=ways((PARENT, drawn(90)), (drawn(89)[:50], drawn(91)[:50]))),
        component(np.ones((20, 3)), np.ones((20, 3))),
        component(PARENT, PARENT[:, 1:]),
        component(drawn(92, 4, 9), drawn(93, 4, 9)),
    ]
    examination = examined(*shown)
    assert {one.finding for one in examination.components} == set(Finding)
    told = json.dumps(examination.to_json(), allow_nan=False)
    assert not re.search("original", told, re.IGNORECASE)
    assert "Holm" in told

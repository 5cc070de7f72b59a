"""Units that were moved, flipped or dropped: found by a test that says of itself that it is not exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import Finding, WeightsRefusedError, agree, align, examine
from originality.finding import MOVED
from originality.moved import alignable

from tests.builders.weights import component, drawn, noisy, ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[Any]

HIDDEN, RESIDUAL, TOKENS = 512, 64, 400


class _Moved:
    """A parent and its child, whose hidden and residual axes are in other orders with other signs, plus noise."""

    def __init__(self, seed: int, noise: float = 0.0, kept: int = HIDDEN) -> None:
        rng = np.random.default_rng(seed)
        self.first = drawn(seed, TOKENS, RESIDUAL), drawn(seed + 1, HIDDEN, RESIDUAL), drawn(seed + 2, HIDDEN, RESIDUAL)
        hidden, residual = rng.permutation(HIDDEN)[:kept], rng.permutation(RESIDUAL)
        signs, flips = rng.choice([-1, 1], RESIDUAL), rng.choice([-1, 1], (kept, 1))
        embedding, inputs, outputs = (noisy(one, noise, seed + 3 + place) for place, one in enumerate(self.first))
        self.second = (
            embedding[:, residual] * signs,
            inputs[hidden][:, residual] * signs * flips,
            outputs[hidden][:, residual] * signs * flips,
        )
        self.hidden = hidden

    def component(self) -> Any:
        return component(self.first[1], self.second[1], ways=ways(self.first[1:], self.second[1:]))


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.2])
def test_units_are_found_again_after_moves_and_flips_of_both_axes(noise: float) -> None:
    made = _Moved(1, noise)
    rng = np.random.default_rng(0)
    alignment = align(made.first[0], made.second[0], rng)
    assert alignment.applied(made.second[0]) == pytest.approx(noisy(made.first[0], noise, 4))
    found = agree((made.first[1], made.second[1]), (made.first[2], made.second[2]), rng, alignment=alignment)
    assert (found.compared, found.agreed) == (HIDDEN, HIDDEN)
    assert (found.partner == made.hidden[found.unit]).all()


def test_the_finding_says_that_it_is_not_exact_and_stands_in_a_family_of_its_own() -> None:
    made = _Moved(10, 0.05)
    alignment = align(made.first[0], made.second[0], np.random.default_rng(0))
    exact_too = component(made.first[1], made.first[1])
    found = examine([made.component(), exact_too], seed=3, alignment=alignment).components
    assert (found[0].finding, found[0].test, found[0].family) == (Finding.DERIVED, MOVED, 1)
    assert not found[0].test.exact
    assert found[0].log10_p_exact is None
    assert "not exact" in found[0].reason
    assert (found[1].finding, found[1].family) == (Finding.IDENTICAL, 2)


def test_without_the_alignment_moved_residual_axes_stay_unseen() -> None:
    assert examine([_Moved(20).component()], seed=3).components[0].finding is Finding.NO_EVIDENCE


@pytest.mark.parametrize("turned", [False, True])
def test_units_that_were_dropped_do_not_hide_the_others(turned: bool) -> None:
    made = _Moved(30, 0.05, kept=300)
    first, second = (made.second, made.first) if turned else (made.first, made.second)
    alignment = align(first[0], second[0], np.random.default_rng(0))
    one = component(first[1], second[1], ways=ways(first[1:], second[1:]))
    found = examine([one], seed=3, alignment=alignment).components[0]
    assert (found.finding, found.test, found.count, found.compared) == (Finding.DERIVED, MOVED, 300, 300)


def test_only_axes_that_find_one_another_are_alignable() -> None:
    made, other = _Moved(45, 0.2), _Moved(46)
    assert alignable(made.first[0], made.second[0], np.random.default_rng(0))
    assert not alignable(made.first[0], other.first[0], np.random.default_rng(0))
    assert not alignable(made.first[0], other.first[0][:, 1:], np.random.default_rng(0))


def test_an_alignment_turned_leads_from_the_first_axis_to_the_second() -> None:
    made = _Moved(40)
    alignment = align(made.first[0], made.second[0], np.random.default_rng(0))
    assert alignment.turned().applied(made.first[0]) == pytest.approx(made.second[0])


def test_independent_models_do_not_agree() -> None:
    for seed in range(0, 1000, 4):
        first, second, third, fourth = (drawn(10_000 + seed + part, 40, 64) for part in range(4))
        assert agree((first, second), (third, fourth), np.random.default_rng(seed)).agreed == 0


def test_weights_tied_within_each_model_are_no_agreement_between_independent_models() -> None:
    for seed in range(50):
        first, second = drawn(20_000 + 2 * seed, 300, 64), drawn(20_001 + 2 * seed, 300, 64)
        found = agree((first, second), (first, second), np.random.default_rng(seed))
        # Both matchings are the same one, and no partner in it stands out.
        assert found.agreed == 0
        one = component(first, second, ways=ways((first, first), (second, second)))
        assert examine([one], seed=seed).components[0].finding is Finding.NO_EVIDENCE


def test_unequal_pairs_of_one_model_are_refused() -> None:
    some, more = drawn(1, 5, 4), drawn(2, 6, 4)
    with pytest.raises(WeightsRefusedError) as refused:
        agree((some, some), (some, more), np.random.default_rng(0))
    assert (refused.value.code, refused.value.field) == ("OTHER_UNITS", "second")
    with pytest.raises(WeightsRefusedError) as refused:
        align(some, more, np.random.default_rng(0))
    assert refused.value.code == "OTHER_SHAPE"

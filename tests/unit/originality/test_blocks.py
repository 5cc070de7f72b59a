"""Units that change places only within blocks, and pairings that were chosen by units which are not tested."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from originality import Component, Finding, UnitAxis, examine, log10_bound, match

from tests.builders.weights import component, drawn, examined, noisy

HEADS, CHANNELS, INPUTS = 8, 12, 40


def _heads(seed: int, heads: int = HEADS, channels: int = CHANNELS) -> tuple[np.ndarray, ...]:
    return tuple(drawn(seed * 100 + head, channels, INPUTS) for head in range(heads))


@pytest.mark.parametrize("sizes", [(3,), (2, 2), (3, 2), (2, 2, 2), (3, 3, 2)])
def test_the_bound_holds_for_every_sum_of_permutations(sizes: tuple[int, ...]) -> None:
    orders = [list(itertools.permutations(range(size))) for size in sizes]
    counts = [
        sum(sum(place == unit for place, unit in enumerate(order)) for order in one)
        for one in itertools.product(*orders)
    ]
    for matched in range(1, sum(sizes) + 1):
        exact = sum(count >= matched for count in counts) / len(counts)
        assert math.log10(exact) <= log10_bound(matched, sizes) + 1e-9 if exact else True
    everything = -sum(math.log10(math.factorial(size)) for size in sizes)
    assert log10_bound(sum(sizes), sizes) == pytest.approx(everything, abs=1e-6)


def test_the_bound_of_many_blocks_is_sharp_where_nearly_all_units_match() -> None:
    # The chance that all match is (1/128!)^8; half of them are as likely as at random once in 10^705.
    assert log10_bound(8 * 128, (128,) * 8) == pytest.approx(8 * -math.lgamma(129) / math.log(10), rel=1e-6)
    assert log10_bound(8 * 64, (128,) * 8) < -700
    assert log10_bound(8, (128,) * 8) == 0


def test_channels_within_heads_are_found_although_heads_are_never_mixed() -> None:
    parent = _heads(1)
    found = examined(Component("v", parent, tuple(noisy(one, 0.2, 7) for one in parent), UnitAxis.EXCHANGEABLE))
    one = found.components[0]
    assert (one.finding, one.count, one.compared, one.blocks) == (Finding.DERIVED, 96, 96, HEADS)
    assert one.log10_p_exact is None
    assert one.log10_p == log10_bound(96, (CHANNELS,) * HEADS)


def test_small_blocks_say_together_what_none_says_alone() -> None:
    parent = _heads(2, heads=30, channels=4)
    child = tuple(noisy(one, 0.1, 3) for one in parent)
    assert examined(component(parent[0], child[0])).components[0].finding is Finding.NOT_TESTABLE
    assert examined(Component("q", parent, child, UnitAxis.EXCHANGEABLE)).components[0].finding is Finding.DERIVED


def test_independent_blocks_give_findings_no_more_often_than_the_level_says() -> None:
    pairs, level = 300, 0.05
    single = [
        examine([Component("v", _heads(2 * n), _heads(2 * n + 1), UnitAxis.EXCHANGEABLE)], seed=n, level=level)
        for n in range(50, 50 + pairs)
    ]
    counts = [one.components[0].count or 0 for one in single]
    # Each head has one own place on average, so the mean is their number.
    assert np.mean(counts) == pytest.approx(HEADS, abs=4 * math.sqrt(HEADS / pairs))
    assert sum(one.components[0].finding is not Finding.NO_EVIDENCE for one in single) <= pairs * level + 15


def test_blocks_that_repeat_one_another_in_both_models_are_not_testable() -> None:
    # Layers doubled in both: what matches in one matches in all, and own places come in groups.
    first, second = (tuple(noisy(drawn(seed, 20, INPUTS), 0.1, seed + n) for n in range(6)) for seed in (1, 100))
    found = examined(Component("q", first, second, UnitAxis.EXCHANGEABLE)).components[0]
    assert found.finding is Finding.NOT_TESTABLE
    assert "repeat" in found.reason
    assert examined(Component("q", first, _heads(9, 6, 20), UnitAxis.EXCHANGEABLE)).components[0].finding is (
        Finding.NO_EVIDENCE
    )


def test_a_partner_chosen_among_many_by_spared_units_leaves_the_test_exact() -> None:
    rng = np.random.default_rng(5)
    spared = np.arange(8)
    counts = []
    for trial in range(300):
        first = drawn(9000 + trial, 24, 10)
        others = [drawn(20_000 + 50 * trial + n, 24, 10) for n in range(40)]
        # The likest of forty by the spared units.
        likest = max(others, key=lambda one: float((one[spared] * first[spared]).sum()))
        matching = match(first, likest, rng, spared=spared)
        assert matching.compared == 16
        counts.append(matching.matched)
    assert np.mean(counts) == pytest.approx(1, abs=4 / math.sqrt(300))
    assert sum(count >= 4 for count in counts) <= 300 / 24 + 4 * math.sqrt(300 / 24)


def test_where_there_are_several_comparisons_the_family_is_that_of_all() -> None:
    parent = drawn(1)
    child = drawn(2)
    child[:8] = noisy(parent, 0.05, 3)[:8]
    alone, among = (
        examine([component(parent, child)], seed=1, comparisons=comparisons).components[0] for comparisons in (1, 10**4)
    )
    assert (alone.family, among.family) == (1, 10**4)
    assert (alone.finding, among.finding) == (Finding.PARTLY_DERIVED, Finding.NO_EVIDENCE)


def test_a_part_or_an_image_of_weights_is_never_identical() -> None:
    parent = drawn(1)
    found = examined(component(parent, parent.copy(), equal=False)).components[0]
    assert found.finding is Finding.DERIVED


def test_a_reason_of_its_own_makes_a_component_untestable_and_no_part_of_the_family() -> None:
    parent = drawn(1)
    known = component(parent, parent, why="rotary pairs are tied to their frequency")
    found = examined(known, component(parent, parent)).components
    assert (found[0].finding, found[0].reason) == (Finding.NOT_TESTABLE, "rotary pairs are tied to their frequency")
    assert found[1].family == 1

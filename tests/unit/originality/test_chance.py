"""What chance gives, computed another way: by counting permutations, and with whole numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from originality.chance import holm, log10_bound, log10_tail


@pytest.mark.parametrize("units", range(1, 8))
def test_the_tail_is_what_counting_all_permutations_gives(units: int) -> None:
    counts = [sum(place == found for place, found in enumerate(order)) for order in permutations(range(units))]
    for matched in range(units + 1):
        share = sum(count >= matched for count in counts) / math.factorial(units)
        assert log10_tail(matched, units) == pytest.approx(math.log10(share), abs=1e-12)


def _derangements(size: int) -> list[int]:
    made = [1, 0]
    for count in range(2, size + 1):
        made.append((count - 1) * (made[-1] + made[-2]))
    return made


@pytest.mark.parametrize(("matched", "units"), [(1, 60), (7, 60), (30, 60), (58, 60), (60, 60), (5, 300), (200, 300)])
def test_the_tail_is_the_sum_of_rencontres_numbers(matched: int, units: int) -> None:
    none_fixed = _derangements(units)
    ways = sum(math.comb(units, j) * none_fixed[units - j] for j in range(matched, units + 1))
    share = Fraction(ways, math.factorial(units))
    expected = math.log10(share.numerator) - math.log10(share.denominator)
    assert log10_tail(matched, units) == pytest.approx(expected, abs=1e-9)


@given(st.integers(1, 2048).flatmap(lambda units: st.tuples(st.integers(0, units), st.just(units))))
def test_the_bound_is_never_below_the_tail(case: tuple[int, int]) -> None:
    matched, units = case
    assert log10_tail(matched, units) <= log10_bound(matched) + 1e-9


def test_the_bound_of_seven_units_is_one_in_5040() -> None:
    assert 10 ** -log10_bound(7) == pytest.approx(5040)
    assert log10_bound(0) == log10_bound(1) == 0


def test_holm_is_the_step_down_of_the_book() -> None:
    found = holm([math.log10(p) for p in (0.01, 0.04, 0.03, 0.005)], 4)
    assert [10**value for value in found] == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_tests_of_the_family_without_a_result_still_count() -> None:
    assert 10 ** holm([-3.0], 20)[0] == pytest.approx(0.02)
    assert holm([-1.0], 20) == [0.0]


@pytest.mark.parametrize("call", [lambda: log10_bound(-1), lambda: log10_tail(3, 2), lambda: holm([-1.0, -1.0], 1)])
def test_impossible_counts_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"a count|a family"):
        call()  # type: ignore[operator]

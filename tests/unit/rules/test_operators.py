"""Operators: exact, half up, and with the properties that their names promise."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.exact import NotExactError, added, decimal_of, exact, exact_text, fixed, plain, round_half_up
from rules.operator_error import OperatorError
from rules.operators import (
    OF_ONE_VALUE_ITSELF,
    OPERATORS,
    leader_scaled,
    linear,
    mean,
    ratio_to_target,
    trimmed_mean,
    weighted_sum,
)

NUMBERS = st.fractions(min_value=-1000, max_value=1000, max_denominator=1000)
SCORES = st.fractions(min_value=0, max_value=100, max_denominator=100)


@pytest.mark.parametrize(("raw", "points"), [("47.4", "11.9"), ("37.4", "9.4"), ("35.0", "8.8"), ("31.0", "7.8")])
def test_an_index_is_rounded_half_up_where_binary_floats_round_some_down(raw: str, points: str) -> None:
    assert fixed(linear(exact(Decimal(raw)), points=25, scale=100), 1) == points


def test_binary_floats_would_get_stage_2_wrong() -> None:
    assert round(35.0 * 25 / 100, 1) == 8.8
    assert round(47.4 * 25 / 100, 1) != 11.9 or round(31.0 * 25 / 100, 1) != 7.8 or round(37.4 * 25 / 100, 1) != 9.4


@given(st.decimals(min_value=-1000, max_value=1000, places=4), st.integers(0, 3))
def test_rounding_is_what_decimal_half_up_gives(value: Decimal, digits: int) -> None:
    expected = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    assert round_half_up(Fraction(value), digits) == Fraction(expected)
    assert Decimal(fixed(Fraction(value), digits)) == expected


@given(NUMBERS)
def test_the_text_of_an_exact_value_gives_the_value_back(value: Fraction) -> None:
    text = exact_text(value)
    assert Fraction(text) == value
    if "/" not in text:
        assert plain(Decimal(text)) == text


@given(NUMBERS)
def test_some_reducers_give_a_single_value_back(value: Fraction) -> None:
    assert all(reducer([value]) == value for reducer in OF_ONE_VALUE_ITSELF)


@given(st.lists(NUMBERS, min_size=1, max_size=20), NUMBERS)
def test_reducers_scale_with_their_values(values: list[Fraction], factor: Fraction) -> None:
    scaled = [value * factor for value in values]
    assert sum(scaled) == factor * sum(values)
    assert mean(scaled) == factor * mean(values)


@given(st.lists(NUMBERS, min_size=3, max_size=20), st.randoms())
def test_a_trimmed_mean_does_not_depend_on_order_and_lies_between_the_extremes(
    values: list[Fraction], chance: Random
) -> None:
    found = trimmed_mean(values, highest=1, lowest=1)
    shuffled = values[:]
    chance.shuffle(shuffled)
    assert trimmed_mean(shuffled, highest=1, lowest=1) == found
    assert min(values) <= found <= max(values)


@given(st.lists(NUMBERS, max_size=20))
def test_what_is_added_in_one_unit_is_the_sum(values: list[Fraction]) -> None:
    assert added(values) == sum(values)


@given(st.lists(st.integers(0, 5) | NUMBERS, min_size=1, max_size=20), st.integers(0, 4), st.integers(0, 4))
def test_a_trimmed_mean_is_that_of_the_middle_of_the_ordered_values(
    values: list[Fraction], highest: int, lowest: int
) -> None:
    kept = sorted(values)[lowest : max(len(values) - highest, lowest)]
    if kept:
        assert trimmed_mean(values, highest=highest, lowest=lowest) == sum(kept, Fraction(0)) / len(kept)
    else:
        with pytest.raises(OperatorError):
            trimmed_mean(values, highest=highest, lowest=lowest)


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_trimmed_mean_that_drops_nothing_is_the_mean(values: list[Fraction]) -> None:
    assert trimmed_mean(values, highest=0, lowest=0) == mean(values)


@given(st.integers(0, 5), st.integers(0, 5))
def test_trimming_never_leaves_nothing(highest: int, lowest: int) -> None:
    values = [1] * (highest + lowest)
    with pytest.raises(OperatorError):
        trimmed_mean(values, highest=highest, lowest=lowest)


@given(st.lists(SCORES, min_size=1, max_size=10).filter(lambda values: max(values) > 0))
def test_the_leader_gets_the_full_points_and_the_order_stays(values: list[Fraction]) -> None:
    scaled = leader_scaled(values, points=25)
    assert max(scaled) == 25
    assert sorted(range(len(values)), key=values.__getitem__) == sorted(range(len(values)), key=scaled.__getitem__)


def test_a_leader_without_points_has_no_scale() -> None:
    with pytest.raises(OperatorError):
        leader_scaled([0, 0], points=25)


def test_72_against_80_is_nine_tenths_and_more_than_the_target_is_capped() -> None:
    assert ratio_to_target(72, 80) == Fraction(9, 10)
    assert ratio_to_target(84, 80) == 1
    with pytest.raises(OperatorError):
        ratio_to_target(1, 0)


@given(st.lists(st.tuples(NUMBERS, SCORES), min_size=1, max_size=10))
def test_a_weighted_sum_is_the_sum_of_products(pairs: list[tuple[Fraction, Fraction]]) -> None:
    values, weights = zip(*pairs, strict=True)
    assert weighted_sum(values, weights=weights) == sum(value * weight for value, weight in pairs)
    with pytest.raises(OperatorError):
        weighted_sum(values, weights=(*weights, Fraction(1)))


def test_the_formula_examples_of_the_release_hold() -> None:
    assert linear(60, points=25, scale=100) == 15
    assert linear(60, points=15, scale=100) == 9
    assert linear(exact(Decimal("3.7")), points=15, scale=5) == exact(Decimal("11.1"))
    assert linear(exact(Decimal("3.7")), points=10, scale=5) == exact(Decimal("7.4"))


@pytest.mark.parametrize(
    "value", [0.1, float("nan"), True, Decimal("NaN"), Decimal("Infinity"), "1e3", "0x10", "", None]
)
def test_only_plain_exact_numbers_are_numbers(value: object) -> None:
    with pytest.raises(NotExactError):
        decimal_of(value)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_a_decimal_has_one_text(value: Decimal) -> None:
    text = plain(value)
    assert Decimal(text) == value
    assert plain(Decimal(text + ("0" if "." in text else ".0"))) == text
    assert exact_text(Fraction(value)) == text


def test_every_operator_has_its_name_in_the_registry() -> None:
    assert set(OPERATORS) == {
        "sum", "mean", "trimmed_mean", "weighted_sum", "linear", "ratio_to_target", "round", "leader_scaled",
        "z_score", "standard_points", "rank_points", "percentile", "bradley_terry",
    }  # fmt: skip

"""Operators that set teams against each other: held against their definitions, computed another way."""

import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.exact import exact, exact_text, root_half_up
from rules.operator_error import OperatorError
from rules.operators import FIELDWIDE, percentile, rank_points, standard_points, z_score

NUMBERS = st.fractions(min_value=-1000, max_value=1000, max_denominator=1000)
FIELDS = st.lists(NUMBERS, min_size=2, max_size=12)
FEW = st.lists(st.integers(0, 4), min_size=2, max_size=12)


def within_half_a_unit(root: Fraction, square: Fraction, digits: int) -> bool:
    """Whether `root` is the root of `square` rounded half up: what rounding means, without taking any root."""
    half = Fraction(1, 2 * 10**digits)
    low, high = root - half, root + half
    return (low <= 0 or low**2 <= square) and square < high**2


@given(st.fractions(min_value=0, max_value=10**9), st.integers(0, 12))
def test_a_root_is_correctly_rounded(square: Fraction, digits: int) -> None:
    assert within_half_a_unit(root_half_up(square, digits), square, digits)


@given(st.fractions(min_value=0, max_value=1000, max_denominator=1000), st.integers(0, 3))
def test_the_root_of_a_square_is_found_and_a_half_goes_up(root: Fraction, digits: int) -> None:
    from rules.exact import round_half_up

    assert root_half_up(root * root, digits) == round_half_up(root, digits)


@given(FIELDS, st.booleans(), st.integers(0, 9))
def test_a_z_score_is_the_offset_over_the_deviation(values: list[Fraction], sample: bool, digits: int) -> None:
    found = z_score(values, sample=sample, digits=digits, all_equal_is_zero=True)
    mean = statistics.mean(values)
    variance = statistics.variance(values) if sample else statistics.pvariance(values)
    for value, z in zip(values, found, strict=True):
        if variance == 0:
            assert z == 0
        else:
            assert within_half_a_unit(exact(max(z, -z)), (value - mean) ** 2 / variance, digits)
            assert z == 0 or (z > 0) == (value > mean)


@given(FIELDS, st.fractions(min_value=Fraction(1, 100), max_value=100), NUMBERS)
def test_harshness_does_not_move_a_z_score(values: list[Fraction], factor: Fraction, offset: Fraction) -> None:
    harsh = [value * factor + offset for value in values]
    assert z_score(harsh, sample=False, digits=6, all_equal_is_zero=True) == z_score(
        values, sample=False, digits=6, all_equal_is_zero=True
    )


def test_known_z_scores() -> None:
    given_ = [2, 4, 4, 4, 5, 5, 7, 9]  # mean 5, population deviation 2
    found = z_score(given_, sample=False, digits=3, all_equal_is_zero=True)
    assert [exact_text(z) for z in found] == ["-1.5", "-0.5", "-0.5", "-0.5", "0", "0", "1", "2"]
    # Sample deviation √(32 ÷ 7) = 2.13809…
    assert [exact_text(z) for z in z_score(given_, sample=True, digits=3, all_equal_is_zero=True)][-1] == "1.871"
    assert [exact_text(z) for z in z_score([0, 1], sample=False, digits=0, all_equal_is_zero=True)] == ["-1", "1"]


@pytest.mark.parametrize("values", [[3], [3, 3], [Fraction(1, 3)] * 5])
def test_equal_values_have_no_deviation_and_the_document_says_what_then(values: list[Fraction]) -> None:
    for sample in (True, False):
        assert z_score(values, sample=sample, digits=2, all_equal_is_zero=True) == [0] * len(values)
        with pytest.raises(OperatorError) as refused:
            z_score(values, sample=sample, digits=2, all_equal_is_zero=False)
        assert refused.value.code == "VALUES_ALL_EQUAL"


def test_nobody_is_nobody() -> None:
    assert z_score([], sample=True, digits=2, all_equal_is_zero=False) == []
    assert rank_points([], ties="average", points=10) == []
    assert percentile([], ties="average", points=10, alone=None) == []


@given(NUMBERS, st.integers(1, 100), st.integers(1, 30), st.integers(1, 100))
def test_standard_points_keep_to_their_range(value: Fraction, centre: int, spread: int, points: int) -> None:
    found = standard_points(value, centre=centre, spread=spread, points=points)
    assert 0 <= found <= points
    assert found in (centre + spread * value, 0, points)


@given(FEW, st.sampled_from(["average", "best", "worst"]))
def test_places_are_counted(values: list[int], ties: str) -> None:
    found = rank_points(values, ties=ties, points=100)  # type: ignore[arg-type] # one of the three words
    shares = percentile(values, ties=ties, points=100, alone=None)  # type: ignore[arg-type] # as above
    size = len(values)
    for value, points, share in zip(values, found, shares, strict=True):
        ahead = sum(other > value for other in values)
        level = sum(other == value for other in values)
        place = {"best": Fraction(ahead + 1), "worst": Fraction(ahead + level)}.get(
            ties, Fraction(sum(range(ahead + 1, ahead + level + 1)), level)
        )
        assert points == 100 * (size + 1 - place) / size
        behind = size - ahead - level
        counted = {"best": level - 1, "worst": 0}.get(ties, Fraction(level - 1, 2))
        assert share == Fraction(100, size - 1) * (behind + counted)


@given(st.lists(st.integers(), min_size=1, max_size=12, unique=True))
def test_without_ties_the_first_gets_all_points_and_the_order_stays(values: list[int]) -> None:
    for found in (
        rank_points(values, ties="average", points=30),
        percentile(values, ties="average", points=30, alone=30),
    ):
        assert max(found) == 30
        assert sorted(values) == [value for _, value in sorted(zip(found, values, strict=True))]


@given(FEW)
def test_averaged_places_give_out_the_same_points_whatever_is_level(values: list[int]) -> None:
    size = len(values)
    assert sum(rank_points(values, ties="average", points=1)) == Fraction(size + 1, 2)
    assert sum(percentile(values, ties="average", points=1, alone=None)) == Fraction(size, 2)


def test_a_team_alone_gets_what_the_document_says_or_nothing_is_said() -> None:
    assert percentile([7], ties="average", points=30, alone=15) == [15]
    assert rank_points([7], ties="average", points=30) == [30]
    with pytest.raises(OperatorError) as refused:
        percentile([7], ties="average", points=30, alone=None)
    assert refused.value.code == "NOTHING_TO_COMPARE"


@given(FIELDS.filter(lambda values: max(values) > 0), st.fractions(min_value=Fraction(1, 50), max_value=50))
def test_what_looks_at_all_teams_does_not_see_their_unit(values: list[Fraction], unit: Fraction) -> None:
    terms: dict[str, dict[str, object]] = {
        "leader_scaled": {"points": 25},
        "z_score": {"sample": False, "digits": 4, "all_equal_is_zero": True},
        "rank_points": {"ties": "average", "points": 25},
        "percentile": {"ties": "average", "points": 25, "alone": 0},
    }
    assert set(terms) == set(FIELDWIDE)
    for name, operator in FIELDWIDE.items():
        assert operator([value * unit for value in values], **terms[name]) == operator(values, **terms[name])

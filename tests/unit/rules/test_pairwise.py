"""Bradley and Terry: the strengths are the most likely ones, exist where they must, and are the same everywhere."""

from fractions import Fraction
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules.exact import Exact, exact, exact_text
from rules.operator_error import OperatorError
from rules.pairwise import Wins, bradley_terry

NOTHING = Fraction(0)


def matrix(*rows: str) -> Wins:
    return tuple(tuple(Fraction(each) for each in row.split()) for row in rows)


def strengths(wins: Wins, *, digits: int = 9, iterations: int = 10_000, prior: Exact = 0) -> list[Fraction]:
    found = bradley_terry(wins, digits=digits, iterations=iterations, prior=prior, result="strength")
    return [Fraction(each) for each in found]


def likely(wins: Wins, found: list[Fraction]) -> bool:
    """Whether each team is expected to win as often as it did: what the greatest likelihood means, and only it."""
    for team, row in enumerate(wins):
        expected = sum(
            (
                (row[other] + wins[other][team]) * found[team] / (found[team] + found[other])
                for other in range(len(wins))
                if other != team
            ),
            NOTHING,
        )
        if abs(expected - sum(row)) > Fraction(1, 10**5):
            return False
    return True


@st.composite
def played(draw: st.DrawFn) -> Wins:
    """Comparisons of two to six teams in which everybody won and lost against everybody: never one-sided."""
    size = draw(st.integers(2, 6))
    halves = draw(st.lists(st.integers(1, 12), min_size=size * size, max_size=size * size))
    return tuple(
        tuple(NOTHING if i == j else Fraction(halves[i * size + j], 2) for j in range(size)) for i in range(size)
    )


@given(played())
@settings(deadline=None)
def test_strengths_are_the_most_likely_ones(wins: Wins) -> None:
    found = strengths(wins)
    assert abs(sum(found, NOTHING) - 1) <= Fraction(len(wins), 10**9)
    assert likely(wins, found)


@given(played(), st.randoms())
@settings(deadline=None)
def test_the_order_of_the_teams_decides_nothing(wins: Wins, chance: Random) -> None:
    order = list(range(len(wins)))
    chance.shuffle(order)
    turned = tuple(tuple(wins[i][j] for j in order) for i in order)
    found = strengths(wins)
    assert strengths(turned) == [found[team] for team in order]


@given(st.integers(1, 50), st.integers(1, 50))
@settings(deadline=None)
def test_of_two_teams_each_is_as_strong_as_it_won_often(first: int, second: int) -> None:
    found = strengths(matrix(f"0 {first}", f"{second} 0"), digits=6)
    assert abs(found[0] - Fraction(first, first + second)) <= Fraction(1, 10**6)


def test_three_teams_in_a_circle_are_level() -> None:
    circle = matrix("0 2 0", "0 0 2", "2 0 0")
    assert [exact_text(each) for each in strengths(circle, digits=4)] == ["0.3333"] * 3


def test_a_known_chain_has_the_strengths_of_its_odds() -> None:
    # 3:1 and 3:1 along a line: strengths 9, 3 and 1.
    line = matrix("0 3 0", "1 0 3", "0 1 0")
    assert [exact_text(each) for each in strengths(line, digits=4)] == ["0.6923", "0.2308", "0.0769"]


def test_the_mean_chance_is_against_the_other_teams() -> None:
    line = matrix("0 3 0", "1 0 3", "0 1 0")
    found = bradley_terry(line, digits=4, iterations=10_000, prior=0, result="win-share")
    # (9/12 + 9/10) ÷ 2, (3/12 + 3/4) ÷ 2, (1/10 + 1/4) ÷ 2
    assert [exact_text(each) for each in found] == ["0.825", "0.5", "0.175"]


@given(played())
@settings(deadline=None)
def test_mean_chances_average_to_one_half(wins: Wins) -> None:
    found = bradley_terry(wins, digits=8, iterations=10_000, prior=0, result="win-share")
    assert abs(exact(sum(found)) / len(found) - Fraction(1, 2)) <= Fraction(1, 10**8)


@pytest.mark.parametrize(
    ("wins", "code"),
    [
        (matrix("0 1 0 0", "1 0 0 0", "0 0 0 1", "0 0 1 0"), "COMPARISONS_DISCONNECTED"),
        (matrix("0 1 0", "1 0 0", "0 0 0"), "COMPARISONS_DISCONNECTED"),
        (matrix("0 0", "0 0"), "COMPARISONS_DISCONNECTED"),
        (matrix("0 2 2", "0 0 1", "0 1 0"), "COMPARISONS_ONE_SIDED"),  # the first won everything
        (matrix("0 1 1", "1 0 1", "0 0 0"), "COMPARISONS_ONE_SIDED"),  # the last lost everything
        (matrix("0 1 1 1", "1 0 1 1", "0 0 0 1", "0 0 1 0"), "COMPARISONS_ONE_SIDED"),  # two beat the other two
    ],
)
def test_where_no_strengths_exist_that_is_said_unless_the_document_adds_prior_wins(wins: Wins, code: str) -> None:
    with pytest.raises(OperatorError) as refused:
        strengths(wins)
    assert refused.value.code == code
    found = strengths(wins, prior=Fraction(1, 2))
    assert all(0 < each < 1 for each in found)
    with_prior = tuple(
        tuple(each + Fraction(1, 2) if i != j else each for j, each in enumerate(row)) for i, row in enumerate(wins)
    )
    assert likely(with_prior, found)


def test_strengths_that_have_not_settled_are_refused() -> None:
    with pytest.raises(OperatorError) as refused:
        strengths(matrix("0 3 0", "1 0 3", "0 1 0"), iterations=2)
    assert refused.value.code == "STRENGTHS_NOT_SETTLED"


def test_ten_teams_with_few_comparisons_settle() -> None:
    chance = Random(20260818)
    rows = [[NOTHING] * 10 for _ in range(10)]
    for i, j in combinations(range(10), 2):
        for _ in range(3):
            winner, loser = (i, j) if chance.random() < (j + 2) / (i + j + 4) else (j, i)
            rows[winner][loser] += 1
    wins = tuple(map(tuple, rows))
    assert likely(wins, strengths(wins))


def test_one_team_has_all_the_strength_and_nobody_to_meet() -> None:
    assert strengths(matrix("0")) == [1]
    assert bradley_terry((), digits=3, iterations=5, prior=0, result="strength") == []
    with pytest.raises(OperatorError) as refused:
        bradley_terry(matrix("0"), digits=3, iterations=5, prior=0, result="win-share")
    assert refused.value.code == "NOTHING_TO_COMPARE"

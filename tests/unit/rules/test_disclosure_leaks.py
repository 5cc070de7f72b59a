"""What an audience can find out: the analysis against an attacker who tries every table of points there can be."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rules.disclosure import TOTAL, Policy
from rules.disclosure_leaks import StatementsContradictError, leaks, read_by
from rules.disclosure_showing import disclose, points_of
from rules.disclosure_view import MeasurementShown, PointsShown, SummaryShown

from tests.builders.small_tables import Case, Shape, every_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.disclosure_view import View, ViewAudience

ABC = ("ant", "bee", "cat")
ONE_PART = Shape(ABC, (4,))
TWO_PARTS = Shape(ABC, (2, 2))
TENTHS = Shape(("ant", "bee"), (14,), digits=1)
NESTED = Shape(("ant", "bee"), (2, 2, 2), nested=True)
FLOOR = Shape(ABC, (2, 1), minimum=1)
FLOOR_OF_TWO = Shape(ABC, (2, 1), minimum=1, seats=2)
FLOOR_FIRST = Shape(ABC, (2, 1), minimum=1, gate_first=True, seats=2)
JUDGED = Shape(ABC, (2,), verdict=True, seats=2)
JUDGED_FIRST = Shape(ABC, (2,), verdict=True, gate_first=True)
SHAPES = (ONE_PART, TWO_PARTS, TENTHS, NESTED, FLOOR, FLOOR_OF_TWO, FLOOR_FIRST, JUDGED, JUDGED_FIRST)

Question = tuple[Case, tuple[Policy, ...], "ViewAudience", str, Decimal]


def parts_of(shape: Shape) -> list[str]:
    return [*(f"p{number}" for number in range(len(shape.most))), *(["branch"] if shape.nested else []), TOTAL]


def policy(audiences: dict[str, list[dict[str, Any]]], name: str = "one") -> Policy:
    return Policy.model_validate(
        {
            "id": name,
            "title": {"ko": "공개", "en": "Shown"},
            "when": {"after": "decision"},
            "audiences": tuple(
                {"audience": audience, "shows": tuple({**each, "of": tuple(each["of"])} if "of" in each else each
                                                      for each in shows)}
                for audience, shows in audiences.items()
            ),
        }
    )  # fmt: skip


def figures(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    digits = st.integers(0, shape.digits)
    of = st.lists(st.sampled_from(parts_of(shape)), min_size=1, max_size=3, unique=True)
    plain: list[dict[str, Any]] = [{"figure": name} for name in ("ranks", "eliminations", "winners", "order")]
    if shape.minimum is not None or shape.verdict:
        plain += [{"figure": "gates", "reasons": False}, {"figure": "gates", "reasons": True}]
    return st.one_of(
        st.sampled_from(plain),
        st.fixed_dictionaries({"figure": st.just("best"), "of": of, "names": st.booleans(), "digits": digits}),
        st.fixed_dictionaries({"figure": st.just("mean"), "of": of, "digits": st.integers(0, 2)}),
        st.fixed_dictionaries({"figure": st.just("gap"), "of": of, "digits": digits}),
        st.fixed_dictionaries({"figure": st.just("parts"), "of": of, "digits": digits}),
        st.fixed_dictionaries({"figure": st.just("totals"), "digits": digits}),
    )


@st.composite
def questions(draw: st.DrawFn) -> Question:
    shape = draw(st.sampled_from(SHAPES))
    case = draw(st.sampled_from(every_case(shape)))
    shows = st.lists(figures(shape), min_size=1, max_size=4)
    own = st.lists(st.sampled_from([{"figure": "own-points"}, {"figure": "own-sheet"}]), max_size=1)
    policies = tuple(
        policy({"public": draw(shows), "team": draw(own)}, f"policy-{number}")
        for number in range(draw(st.integers(1, 2)))
    )
    audience: ViewAudience = draw(st.sampled_from(["public", "team"]))
    team = draw(st.sampled_from(shape.teams)) if audience == "team" else ""
    return case, policies, audience, team, draw(st.sampled_from([Decimal(0), Decimal(2), Decimal("0.3")]))


def views_of(case: Case, policies: Sequence[Policy], audience: ViewAudience, team: str) -> list[View]:
    return [disclose(case.decision, case.inputs, case.rule_set, each, audience, team) for each in policies]


def shown_as_they_are(views: Sequence[View], digits: int) -> set[tuple[str, str]]:
    found = set()
    for figure in (figure for view in views for figure in view.figures):
        if isinstance(figure, PointsShown | SummaryShown) and len(figure.value.partition(".")[2]) == digits:
            if isinstance(figure, PointsShown):
                found.add((figure.team, figure.part))
            elif figure.figure == "best":
                found |= {(team, figure.part) for team in figure.teams}
    return found


def by_trying_all(question: Question, shape: Shape) -> set[tuple[str, str, Fraction, Fraction]]:
    """What is the same, or within the width, in all decisions that would have been shown in the very same way."""
    case, policies, audience, team, narrowest = question
    views = views_of(case, policies, audience, team)
    wanted = [view.figures for view in views]
    fitting = [
        other
        for other in every_case(shape)
        if [view.figures for view in views_of(other, policies, audience, team)] == wanted
    ]
    shown = shown_as_they_are(views, shape.digits)
    # Who is shown his own sheet reads his points in every leaf from it.
    sheets = {each.team for view in views for each in view.figures if isinstance(each, MeasurementShown)}
    shown |= {(name, f"p{number}") for name in sheets for number in range(len(shape.most))}
    unit = Fraction(1, 10**shape.digits)
    found = set()
    for name in shape.teams:
        for part in parts_of(shape):
            alias = [TOTAL, "p0"] if len(shape.most) == 1 else [part]
            if any((name, each) in shown for each in alias):
                continue
            values = {points_of(other.decision.row(name), part) for other in fitting}
            if max(values) - min(values) < max(Fraction(narrowest) // unit * unit, unit):
                found.add((name, part, min(values), max(values)))
    return found


def by_analysis(question: Question) -> set[tuple[str, str, Fraction, Fraction]]:
    case, policies, audience, team, narrowest = question
    read = read_by(case.decision, case.inputs, case.rule_set, policies, audience, team)
    found = leaks(case.rule_set, read, narrowest=narrowest)
    return {(each.team, each.part, Fraction(each.least), Fraction(each.most)) for each in found}


def shape_of(case: Case) -> Shape:
    return next(shape for shape in SHAPES if case in every_case(shape))


def holds(question: Question) -> None:
    assert by_analysis(question) == by_trying_all(question, shape_of(question[0]))


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(questions())
def test_exactly_what_an_attacker_who_tries_everything_finds_is_a_leak(question: Question) -> None:
    holds(question)


@pytest.mark.on_demand
@pytest.mark.timeout(3600)
@settings(max_examples=2000, deadline=None, suppress_health_check=SLOW)
@given(questions())
def test_exactly_that_for_thousands_of_policies(question: Question) -> None:
    holds(question)


def test_the_attacker_tries_every_order_that_a_lot_can_give() -> None:
    level = [case.decision.ranking for case in every_case(ONE_PART) if not any(map(any, case.table))]
    assert sorted(level) == sorted(permutations(ABC))


def case_with(shape: Shape, *points: int) -> Case:
    wanted = {team: Fraction(units, 10**shape.digits) for team, units in zip(shape.teams, points, strict=True)}
    return next(
        case for case in every_case(shape)
        if {row.team: points_of(row, "p0") for row in case.decision.table} == wanted
    )  # fmt: skip


def found(case: Case, *shows: dict[str, Any], own: str = "") -> set[tuple[str, str, str]]:
    given_policy = policy({"public": list(shows), "team": [{"figure": "own-points"}] if own else []})
    views = views_of(case, [given_policy], "team" if own else "public", own)
    return {(each.team, each.least, each.most) for each in leaks(case.rule_set, views) if each.part == "p0"}


def test_mean_and_best_and_the_own_value_of_three_teams_give_the_third() -> None:
    case = case_with(ONE_PART, 4, 2, 1)
    mean, best = {"figure": "mean", "of": ["p0"], "digits": 2}, {"figure": "best", "of": ["p0"], "names": True}
    assert found(case, mean, best) == set()
    assert found(case, mean, best, own="bee") == {("cat", "1", "1")}


def test_gap_and_best_give_the_last_of_two() -> None:
    case = case_with(TENTHS, 13, 9)
    assert found(case, {"figure": "best", "of": ["p0"], "names": True}, {"figure": "gap", "of": ["p0"]}) == {
        ("bee", "0.9", "0.9")
    }


def test_two_roundings_of_the_same_figure_tell_more_than_each() -> None:
    case = case_with(TENTHS, 5, 5)
    mean = {"figure": "mean", "of": ["p0"]}
    best = {"figure": "best", "of": ["p0"], "names": True, "digits": 0}
    # 1 as a best rounded to whole points is 0.5 or more; a mean of 0.50 is then both of them.
    assert found(case, best) == set()
    assert found(case, best, {**mean, "digits": 2}) == {("ant", "0.5", "0.5"), ("bee", "0.5", "0.5")}


def test_a_full_mark_as_the_mean_gives_everybody() -> None:
    case = case_with(ONE_PART, 4, 4, 4)
    everybody = {(team, "4", "4") for team in ABC}
    assert found(case, {"figure": "mean", "of": ["p0"], "digits": 2}) == everybody
    # Rounded to whole points it may be 11 of 12.
    assert found(case, {"figure": "mean", "of": ["p0"], "digits": 0}) == set()


def test_views_of_two_decisions_contradict_each_other() -> None:
    one, other = case_with(ONE_PART, 4, 2, 1), case_with(ONE_PART, 3, 2, 1)
    shown = policy({"public": [{"figure": "best", "of": ["p0"], "names": True}]})
    with pytest.raises(StatementsContradictError):
        leaks(one.rule_set, [*views_of(one, [shown], "public", ""), *views_of(other, [shown], "public", "")])

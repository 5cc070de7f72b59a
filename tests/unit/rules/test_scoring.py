"""Operators in a document: where along the axes teams are compared, what is shown of it, and what is refused."""

import statistics
from decimal import Decimal
from fractions import Fraction

import pytest
import rules
from hypothesis import given
from hypothesis import strategies as st
from rules.exact import fixed, round_half_up

from tests.builders.small_final import SEED, TEXT

Z = "{operator: z_score, per: [assessors], deviation: population, digits: 6, all_equal: zero}"
MEAN = "{operator: mean, over: assessors}"
STANDARD = "{operator: standard_points, centre: 3, spread: 1, points: 5}"
ROUND = "{operator: round, digits: 1}"
SUM = "{operator: sum, over: criteria}"
RANK_POINTS = "{operator: rank_points, per: [], ties: average, points: 5}"
PERCENTILE = "{operator: percentile, per: [], ties: average, points: 5, alone: 5}"
BEFORE = f"[{SUM}, {MEAN}, {ROUND}]"
TEAMS = ("ant", "bee", "cat")


def document(*steps: str) -> str:
    return TEXT.replace(BEFORE, f"[{', '.join(steps)}]").replace(
        "procedure: [{step: rank}, {step: cut, keep: planned}, {step: gate, gate: safety}]",
        "procedure: [{step: gate, gate: safety}, {step: rank}, {step: cut, keep: planned}]",
    )


def decided(text: str, quality: dict[str, list[int]]) -> rules.Decision:
    return rules.decide(
        rules.load_rule_set(text),
        rules.collect(
            "final",
            quality,
            scores=[
                rules.Score("panel", f"p{number}", team, "quality", Decimal(value))
                for team, values in quality.items()
                for number, value in enumerate(values)
            ],
            measurements=[rules.Measurement("test", team, "speed", Decimal(50)) for team in quality],
            verdicts=[rules.Verdict("safety", team, True, "examined", (), 2) for team in quality],  # noqa: FBT003 - passed
            seed=SEED,
        ),
    )


def points(decision: rules.Decision) -> dict[str, str]:
    return {row.team: row.points("quality") for row in decision.table}


SHEETS = st.lists(st.lists(st.integers(0, 5), min_size=3, max_size=3), min_size=2, max_size=3)


@given(SHEETS)
def test_each_assessor_is_normalised_by_the_assessors_own_mean_and_deviation(sheets: list[list[int]]) -> None:
    """Sheets are rows of an assessor with a value a team."""
    found = points(
        decided(
            document(SUM, Z, MEAN, STANDARD, ROUND), dict(zip(TEAMS, map(list, zip(*sheets, strict=True)), strict=True))
        )
    )
    for at, team in enumerate(TEAMS):
        scores = []
        for sheet in sheets:
            deviation = statistics.pstdev(sheet)
            z = (sheet[at] - statistics.fmean(sheet)) / deviation if deviation else 0
            scores.append(z)
        expected = min(max(3 + statistics.fmean(scores), 0), 5)
        assert abs(float(found[team]) - expected) <= 0.0501


def test_a_harsh_assessor_counts_like_any_other() -> None:
    mild = decided(document(SUM, Z, MEAN, STANDARD, ROUND), {"ant": [5, 4], "bee": [4, 5], "cat": [3, 3]})
    harsh = decided(document(SUM, Z, MEAN, STANDARD, ROUND), {"ant": [5, 1], "bee": [4, 2], "cat": [3, 0]})
    assert points(mild) == points(harsh)
    plain = decided(document(SUM, MEAN, ROUND), {"ant": [5, 1], "bee": [4, 2], "cat": [3, 0]})
    assert points(plain) != points(decided(document(SUM, MEAN, ROUND), {"ant": [5, 4], "bee": [4, 5], "cat": [3, 3]}))


def test_a_panel_that_sees_no_difference_gives_the_centre_or_no_decision() -> None:
    level = {"ant": [4, 2], "bee": [4, 2], "cat": [4, 2]}
    assert set(points(decided(document(SUM, Z, MEAN, STANDARD, ROUND), level)).values()) == {"3.0"}
    strict = document(SUM, Z.replace("zero", "refuse"), MEAN, STANDARD, ROUND)
    with pytest.raises(rules.InputsRefusedError) as refused:
        decided(strict, level)
    assert (refused.value.code, refused.value.field) == ("VALUES_ALL_EQUAL", "parts.quality")


def test_over_the_teams_the_working_shows_each_step() -> None:
    over = Z.replace("[assessors]", "[]").replace("population", "sample")
    decision = decided(document(SUM, MEAN, over, STANDARD, ROUND), {"ant": [5, 4], "bee": [3, 4], "cat": [2, 2]})
    # Means 4.5, 3.5, 2: mean 10/3, sample deviation √(19/12) = 1.258306…
    assert [(step.operator, step.value) for step in decision.row("ant").parts[0].working] == [
        ("mean", "4.5"), ("z_score", "0.927173"), ("standard_points", "3.927173"), ("round", "3.9"),
    ]  # fmt: skip


def test_ranks_and_percentiles_give_points_by_place() -> None:
    quality = {"ant": [5, 5], "bee": [3, 3], "cat": [3, 3]}
    assert points(decided(document(SUM, MEAN, RANK_POINTS, ROUND), quality)) == {
        "ant": "5.0",
        "bee": "2.5",
        "cat": "2.5",
    }
    assert points(decided(document(SUM, MEAN, PERCENTILE, ROUND), quality)) == {
        "ant": "5.0",
        "bee": "1.3",
        "cat": "1.3",
    }


@given(SHEETS)
def test_ranks_of_each_assessor_are_averaged(sheets: list[list[int]]) -> None:
    """A count of places by each assessor, another way than the operator's."""
    steps = (SUM, RANK_POINTS.replace("[]", "[assessors]"), MEAN, ROUND)
    found = points(decided(document(*steps), dict(zip(TEAMS, map(list, zip(*sheets, strict=True)), strict=True))))
    for at, team in enumerate(TEAMS):
        places = [
            Fraction(1 + sum(each > sheet[at] for each in sheet) + 3 - sum(each < sheet[at] for each in sheet), 2)
            for sheet in sheets
        ]
        expected = Fraction(5, 3) * sum((4 - place for place in places), Fraction(0)) / len(places)
        assert found[team] == fixed(round_half_up(expected, 1), 1)


@pytest.mark.parametrize(
    ("steps", "code", "path"),
    [
        ((SUM, Z, MEAN, ROUND), "STEPS_MISS_POINTS", "parts[0].steps"),
        ((Z, SUM, MEAN, STANDARD, ROUND), "STEPS_LEAVE_AXIS", "parts[0].steps[0].per"),
        ((SUM, MEAN, Z, STANDARD, ROUND), "STEPS_AXIS_GONE", "parts[0].steps[2].per"),
        ((SUM, Z.replace("population", "both"), MEAN, STANDARD, ROUND), "VALUE_INVALID", "parts[0].steps[1].deviation"),
        ((SUM, Z.replace(": 6", ": 13"), MEAN, STANDARD, ROUND), "VALUE_INVALID", "parts[0].steps[1].digits"),
        ((SUM, MEAN, STANDARD.replace("spread: 1", "spread: 0"), ROUND), "SCALE_EMPTY", "parts[0].steps[2].spread"),
        ((SUM, MEAN, STANDARD.replace("points: 5", "points: 6"), ROUND), "STEPS_MISS_POINTS", "parts[0].steps"),
        ((SUM, MEAN, RANK_POINTS.replace("average", "random"), ROUND), "VALUE_INVALID", "parts[0].steps[2].ties"),
        ((SUM, MEAN, RANK_POINTS.replace("5", "0"), ROUND), "SCALE_EMPTY", "parts[0].steps[2].points"),
        ((SUM, MEAN, PERCENTILE.replace("alone: 5", "alone: 6"), ROUND), "SCALE_EMPTY", "parts[0].steps[2].alone"),
        ((SUM, RANK_POINTS, MEAN, ROUND), "STEPS_LEAVE_AXIS", "parts[0].steps[1].per"),
        ((SUM, MEAN, "{operator: eval, code: x}", ROUND), "OPERATOR_UNKNOWN", "parts[0].steps[2]"),
    ],
)  # fmt: skip
def test_steps_that_lead_to_no_points_are_refused(steps: tuple[str, ...], code: str, path: str) -> None:
    with pytest.raises(rules.RuleSetInvalidError) as refused:
        rules.load_rule_set(document(*steps))
    assert (code, path) in {(each.code, each.path) for each in refused.value.violations}

"""Rule sets of one programme together: stages that exist, no circle, one after another, and the schedule's dates."""

from datetime import timedelta

import pytest
import rules
from rules.programme_checks import check_programme

from tests.unit.rules.test_carrying import DOCUMENT, NEXT
from tests.unit.rules.test_deciding import TEXT
from tests.unit.rules.test_golden_stages import STAGES, rule_set

FIRST = rules.load_rule_set(
    TEXT.replace("stage: final", "stage: first").replace("2026-01", "2025-11").replace("id: small", "id: first")
)


def found(*rule_sets: rules.RuleSet) -> set[tuple[str, str]]:
    return {(each.code, each.path) for each in check_programme(rule_sets)}


def later(old: str, new: str) -> rules.RuleSet:
    assert old in DOCUMENT
    return rules.load_rule_set(DOCUMENT.replace(old, new))


def test_the_model_programme_holds_together() -> None:
    assert check_programme([rule_set(stage) for stage in STAGES]) == []


def test_two_stages_one_after_the_other_hold_together() -> None:
    assert check_programme([NEXT, FIRST]) == []


def test_a_stage_that_is_named_is_there() -> None:
    assert found(NEXT) == {
        ("STAGE_UNKNOWN", "final.eligibility.advanced_from[0]"),
        ("STAGE_UNKNOWN", "final.sources[2].stage"),
    }
    reopened = later("maximum: 2}", "maximum: 2, reopened_from: nowhere}")
    assert found(reopened, FIRST) == {("STAGE_UNKNOWN", "final.seats.reopened_from")}


def test_a_stage_stands_once() -> None:
    assert ("DUPLICATE", "") in found(NEXT, FIRST, FIRST)


def test_stages_in_a_circle_are_refused_with_their_way() -> None:
    turned = rules.load_rule_set(
        rules.canonical_bytes(FIRST).decode().replace('"newcomers_may_apply":true', '"newcomers_may_apply":false')
        .replace('"advanced_from":[]', '"advanced_from":["final"]')
    )  # fmt: skip
    circles = [each for each in check_programme([NEXT, turned]) if each.code == "STAGE_CYCLE"]
    assert [(each.path, each.value) for each in circles] == [("final", "final after first after final")]


@pytest.mark.parametrize(
    ("decides", "overlaps"),
    [("2025-12-20", False), ("2025-12-21", False), ("2025-12-23", True), ("2026-01-02", True), ("2026-01-03", True)],
)
def test_a_stage_is_decided_after_the_earlier_one_is_final(decides: str, overlaps: bool) -> None:
    """The later stage opens on 2 January and is decided on 3 January; the earlier window takes ten days."""
    earlier = rules.load_rule_set(
        rules.canonical_bytes(FIRST).decode().replace("2025-11-02T15:00:00Z", f"{decides}T15:00:00Z")
    )
    assert ("DATES_OVERLAP" in {code for code, _ in found(NEXT, earlier)}) is overlaps


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"{id: total, title": "{id: charm, title"}, "PART_UNKNOWN", "criteria[0]"),
        ({"maximum: 5, digits: 1}\nparts": "maximum: 5, digits: 0}\nparts"}, "CARRIED_SCALE", "criteria[1].digits"),
        (
            {"maximum: 10, digits": "maximum: 9, digits", "points: 15": "points: 14", "points: 25": "points: 24"},
            "CARRIED_SCALE",
            "criteria[0].maximum",
        ),
    ],
)
def test_what_is_carried_over_has_the_scale_it_had(changes: dict[str, str], code: str, path: str) -> None:
    text = DOCUMENT
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    assert found(rules.load_rule_set(text), FIRST) == {(code, f"final.sources[2].{path}")}


def test_the_schedule_and_the_rule_sets_have_the_same_dates() -> None:
    dates = NEXT.dates
    same = {"final.opens": dates.opens, "final.decides": dates.decides, "final.celebrated": dates.opens}
    assert check_programme([NEXT, FIRST], same) == []
    other = {"final.closes": dates.opens, "final.final": dates.decides + timedelta(days=10)}
    assert {(each.code, each.path) for each in check_programme([NEXT, FIRST], other)} == {
        ("DATE_DIFFERS_FROM_SCHEDULE", "final.dates.closes"),
        ("DATE_DIFFERS_FROM_SCHEDULE", "final.dates.final"),
    }

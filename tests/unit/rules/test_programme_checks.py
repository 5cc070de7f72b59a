"""Rule sets of one programme together: stages that exist, no circle, one after another, and the schedule's dates."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
import rules
from rules.dates import add_months
from rules.programme_checks import check_programme
from rules.scheduling import plan

from tests.builders.small_final import TEXT
from tests.unit.rules.test_carrying import DOCUMENT, NEXT
from tests.unit.rules.test_golden_stages import FOLDER, STAGES, rule_set

SEOUL = ZoneInfo("Asia/Seoul")
SCHEDULE = (FOLDER / "schedule.yaml").read_text()

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


def test_the_model_programme_has_the_dates_of_its_schedule() -> None:
    planned = plan(rules.load_schedule(SCHEDULE))
    assert check_programme([rule_set(stage) for stage in STAGES], planned.instants) == []
    assert {stage for stage, _, _ in (name.partition(".") for name in planned.instants)} == set(STAGES)


def test_the_added_team_has_as_many_months_as_the_others() -> None:
    windows = {
        each.team: (each.begins.astimezone(SEOUL).date(), each.ends.astimezone(SEOUL).date())
        for each in plan(rules.load_schedule(SCHEDULE)).windows
        if each.window == "development-2"
    }
    assert windows["motif-technologies"] == (date(2026, 3, 3), date(2026, 8, 3))
    assert {windows[team] for team in windows if team != "motif-technologies"} == {
        (date(2026, 1, 26), date(2026, 6, 26))
    }
    assert {add_months(begins, 5) == ends for begins, ends in windows.values()} == {True}


def test_stage_1_could_not_be_held_in_december_after_the_days_lost() -> None:
    december = SCHEDULE.replace("2026-01-05T09:00:00+09:00", "2025-12-29T09:00:00+09:00")
    with pytest.raises(rules.ScheduleInvalidError) as refused:
        rules.load_schedule(december)
    assert {(each.code, each.value.split()[0]) for each in refused.value.violations} == {
        ("WINDOW_DOES_NOT_FIT", team) for team in ("lg-ai-research", "upstage", "nc-ai")
    }
    no_loss = december.replace(", lost_days: 21, reason: leased GPUs ran slow", "").replace("P5M", "P4M")
    assert rules.load_schedule(no_loss).windows


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

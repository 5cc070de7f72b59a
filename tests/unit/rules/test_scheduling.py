"""A schedule: what depends on what, what moves when one date slips, and an equal window for every entrant."""

from datetime import datetime, timedelta

import pytest
import rules
from hypothesis import given
from hypothesis import strategies as st
from rules.scheduling import load_schedule, moved, plan
from rules.violations import ScheduleInvalidError

TEXT = """
format: dokpamo/schedule/1
id: model-case
version: 1
zone: Asia/Seoul
dates:
  - {id: stage-2.opens, after: stage-1.final, by: P6M, time: "09:00"}
  - {id: stage-1.final, after: stage-1.decides, by: P10D, time: "24:00"}
  - {id: stage-1.decides, at: 2026-01-15T15:00:00+09:00}
  - {id: added.final, at: 2026-03-03T00:00:00+09:00}
  - {id: reminder, after: stage-2.opens, by: -P2W}
periods:
  - {id: objections, track: reviews, begins: stage-1.decides, ends: stage-1.final}
  - {id: development, track: work, begins: stage-1.final, ends: stage-2.opens}
  - {id: added-call, track: reviews, begins: stage-1.final, ends: added.final}
windows:
  - id: development-2
    length: P4M
    until: stage-2.opens
    entrants:
      - {team: lg, begins: stage-1.final}
      - {team: upstage, begins: stage-1.final, lost_days: 28, reason: leased GPUs ran slow}
      - {team: motif, begins: added.final}
"""
FAR = "  - {id: far, at: 8999-12-01T00:00:00+09:00}\n  - {id: end, after: far, by: "


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def violations_of(text: str) -> tuple[rules.Violation, ...]:
    with pytest.raises(ScheduleInvalidError) as refused:
        load_schedule(text)
    return refused.value.violations


def test_dates_follow_from_others_in_whatever_order_they_stand() -> None:
    assert plan(load_schedule(TEXT)).instants == {
        "stage-1.decides": at("2026-01-15T15:00:00+09:00"),
        "stage-1.final": at("2026-01-26T00:00:00+09:00"),
        "stage-2.opens": at("2026-07-26T09:00:00+09:00"),
        "reminder": at("2026-07-12T09:00:00+09:00"),
        "added.final": at("2026-03-03T00:00:00+09:00"),
    }


def test_who_joined_later_or_lost_days_has_as_long_as_the_others() -> None:
    windows = {each.team: (each.begins, each.ends) for each in plan(load_schedule(TEXT)).windows}
    assert windows["lg"] == (at("2026-01-26T00:00:00+09:00"), at("2026-05-26T00:00:00+09:00"))
    assert windows["upstage"][1] - windows["lg"][1] == timedelta(days=28)
    assert windows["motif"] == (at("2026-03-03T00:00:00+09:00"), at("2026-07-03T00:00:00+09:00"))


def test_one_slip_moves_all_that_follow_and_nothing_else() -> None:
    slipped = load_schedule(TEXT.replace("2026-01-15T15", "2026-01-22T15").replace("P4M", "P3M"))
    found = {each.date: (each.was, each.now) for each in moved(load_schedule(TEXT), slipped)}
    assert set(found) == {"stage-1.decides", "stage-1.final", "stage-2.opens", "reminder"}
    assert found["stage-1.final"] == (at("2026-01-26T00:00:00+09:00"), at("2026-02-02T00:00:00+09:00"))
    without = load_schedule(TEXT.replace("  - {id: reminder, after: stage-2.opens, by: -P2W}\n", ""))
    assert [(each.date, each.now) for each in moved(load_schedule(TEXT), without)] == [("reminder", None)]
    assert moved(slipped, slipped) == ()


@pytest.mark.parametrize(
    ("code", "path", "old", "new"),
    [
        ("DATE_CYCLE", "dates[1].after", "after: stage-1.decides, by: P10D", "after: stage-2.opens, by: P10D"),
        ("DATE_CYCLE", "dates[4].after", "{id: reminder, after: stage-2.opens", "{id: reminder, after: reminder"),
        ("DATE_UNKNOWN", "dates[0].after", "after: stage-1.final, by: P6M", "after: stage-0.final, by: P6M"),
        ("DATE_UNKNOWN", "periods[1].ends", "ends: stage-2.opens", "ends: stage-3.opens"),
        ("DATE_UNKNOWN", "windows[0].until", "until: stage-2.opens", "until: stage-3.opens"),
        ("DATE_UNKNOWN", "windows[0].entrants[2].begins", "begins: added.final}\n", "begins: nowhere}\n"),
        ("DATE_FORM", "dates[2]", "{id: stage-1.decides, at:", "{id: stage-1.decides, after: added.final, at:"),
        ("DATE_FORM", "dates[4]", "after: stage-2.opens, by: -P2W", "after: stage-2.opens"),
        ("DATE_FORM", "dates[2]", "{id: stage-1.decides, at: 2026-01-15T15:00:00+09:00}", "{id: stage-1.decides}"),
        ("DUPLICATE", "dates", "{id: reminder,", "{id: added.final,"),
        ("DUPLICATE", "windows[0].entrants", "team: motif", "team: lg"),
        ("PERIOD_EMPTY", "periods[1]", "track: work, begins: stage-1.final", "track: work, begins: stage-2.opens"),
        ("DATES_OVERLAP", "periods[1].begins", "track: work", "track: reviews"),
        ("WINDOW_DOES_NOT_FIT", "windows[0].entrants[2]", "length: P4M", "length: P5M"),
        ("WINDOW_DOES_NOT_FIT", "windows[0].entrants[1]", "lost_days: 28", "lost_days: 62"),
        ("PERIOD_EMPTY", "windows[0].length", "length: P4M", "length: P0D"),
        ("PERIOD_EMPTY", "windows[0].length", "length: P4M", "length: -P4M"),
        ("REASON_MISSING", "windows[0].entrants[1].reason", ", reason: leased GPUs ran slow", ""),
        ("VALUE_INVALID", "dates[2].at", "at: 2026-01-15", "at: 9999-12-25"),
        ("DATE_OUT_OF_RANGE", "dates[6].by", "periods:", FAR + "P999Y9999M}\nperiods:"),
        ("DATE_OUT_OF_RANGE", "dates[6].by", "periods:", FAR + 'P999Y12M30D, time: "24:00"}\nperiods:'),
        ("VALUE_INVALID", "dates[0].by", "by: P6M", "by: six months"),
        ("VALUE_INVALID", "dates[0].by", "by: P6M", "by: 6"),
        ("VALUE_INVALID", "dates[0].time", '"09:00"', '"25:00"'),
        ("VALUE_INVALID", "dates[2].at", "at: 2026-01-15T15:00:00+09:00", "at: 2026-01-15"),
        ("VALUE_INVALID", "zone", "Asia/Seoul", "Asia/Atlantis"),
        ("VALUE_INVALID", "zone", "Asia/Seoul", "right/Asia/Seoul"),
        ("VALUE_INVALID", "zone", "Asia/Seoul", "../../etc/passwd"),
        ("FIELD_UNKNOWN", "holidays", "zone:", "holidays: []\nzone:"),
        ("YAML_ANCHOR", "zone", "zone: Asia", "zone: &z Asia"),
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_be_is_refused(code: str, path: str, old: str, new: str) -> None:
    assert old in TEXT
    found = violations_of(TEXT.replace(old, new, 1))
    assert (code, path) in {(each.code, each.path) for each in found}
    assert all(each.value and each.rule for each in found)


def test_a_window_that_cannot_be_given_says_until_when_it_would_last() -> None:
    (found,) = violations_of(TEXT.replace("lost_days: 28", "lost_days: 62"))
    assert found.value == "upstage until 2026-07-26T15:00:00+00:00"
    assert "stage-2.opens, 2026-07-26T00:00:00+00:00" in found.rule


def test_a_cycle_is_told_once_with_its_way() -> None:
    found = violations_of(TEXT.replace("after: stage-1.decides, by: P10D", "after: stage-2.opens, by: P10D"))
    assert [each.value for each in found if each.code == "DATE_CYCLE"] == [
        "stage-1.final after stage-2.opens after stage-1.final"
    ]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=5), st.integers(0, 400))
def test_a_window_is_given_whole_or_refused(lost: list[int], room: int) -> None:
    """The same length and the lost days for each, whatever was lost; refused exactly where the room is too small."""
    entrants = "".join(
        f"      - {{team: t{number}, begins: start, lost_days: {days}, reason: slow}}\n"
        for number, days in enumerate(lost)
    )
    text = (
        "format: dokpamo/schedule/1\nid: x\nversion: 1\nzone: Asia/Seoul\ndates:\n"
        "  - {id: start, at: 2026-01-01T00:00:00+09:00}\n"
        f"  - {{id: end, after: start, by: P{room}D}}\n"
        f"windows:\n  - id: w\n    length: P100D\n    until: end\n    entrants:\n{entrants}"
    )
    if max(lost) + 100 > room:
        found = violations_of(text)
        assert {each.path for each in found} == {
            f"windows[0].entrants[{number}]" for number, days in enumerate(lost) if days + 100 > room
        }
    else:
        windows = plan(load_schedule(text)).windows
        assert [each.ends - each.begins for each in windows] == [timedelta(days=days + 100) for days in lost]

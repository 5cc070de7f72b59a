"""Calendar months, days in a zone with daylight saving, and the midnight that ends an objection window."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.dates import Span, add_months, end_of_day, instant_at, later, objection_end, span_of

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 12, 31))
INSTANTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
SEOUL, BERLIN, NEW_YORK = "Asia/Seoul", "Europe/Berlin", "America/New_York"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-08-31", -6, "2026-02-28"),
        ("2024-08-31", -6, "2024-02-29"),
        ("2100-08-31", -6, "2100-02-28"),  # no leap year
        ("2000-08-31", -6, "2000-02-29"),  # a leap year
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 3, "2026-04-30"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2026-03-30", -1, "2026-02-28"),
    ],
)
def test_months_are_calendar_months_and_keep_to_the_month(day: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)


@given(DAYS, st.integers(-1200, 1200))
def test_a_month_later_is_in_that_month_on_that_day_or_its_last(day: date, months: int) -> None:
    found = add_months(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == min(day.day, calendar.monthrange(found.year, found.month)[1])


@pytest.mark.parametrize("months", [-30_000, 120_000])
def test_a_day_beyond_the_calendar_is_refused(months: int) -> None:
    with pytest.raises(ValueError, match="beyond"):
        add_months(date(2026, 1, 1), months)
    with pytest.raises(ValueError, match="beyond"):
        later(at("2026-01-01T00:00:00+00:00"), Span(days=months * 30), SEOUL)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("P10D", Span(days=10)), ("P6M", Span(months=6)), ("P1Y2M", Span(months=14)), ("P2W", Span(days=14)),
        ("PT90M", Span(minutes=90)), ("P1DT2H", Span(days=1, minutes=120)), ("-P6M", Span(months=-6)), ("P0D", Span()),
    ],
)  # fmt: skip
def test_a_span_is_an_iso_duration(text: str, span: Span) -> None:
    assert span_of(text) == span
    assert span_of(str(span)) == span


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "10D", "P1.5D", "P10", "PD", "P-1D", "P1DT", "p10d", "P１D", "P999999D"]
)
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        span_of(text)


@pytest.mark.parametrize(
    ("decided", "days", "zone", "final"),
    [
        ("2026-01-15T15:00:00+09:00", 10, SEOUL, "2026-01-26T00:00:00+09:00"),
        ("2026-01-15T23:59:00+09:00", 10, SEOUL, "2026-01-26T00:00:00+09:00"),
        ("2026-01-15T15:30:00+00:00", 10, SEOUL, "2026-01-27T00:00:00+09:00"),  # past midnight in Seoul
        ("2024-02-20T10:00:00+09:00", 10, SEOUL, "2024-03-02T00:00:00+09:00"),  # over a leap day
        ("2026-02-20T10:00:00+09:00", 10, SEOUL, "2026-03-03T00:00:00+09:00"),
        ("2026-12-28T10:00:00+09:00", 10, SEOUL, "2027-01-08T00:00:00+09:00"),
        ("2026-03-28T12:00:00+01:00", 1, BERLIN, "2026-03-30T00:00:00+02:00"),  # a day of 23 hours
        ("2026-10-24T12:00:00+02:00", 1, BERLIN, "2026-10-26T00:00:00+01:00"),  # a day of 25 hours
        ("2026-01-15T15:00:00+09:00", 0, SEOUL, "2026-01-15T15:00:00+09:00"),
        # Midnight itself does not exist there: clocks go from 24:00 to 01:00.
        ("2018-11-02T12:00:00-03:00", 1, "America/Sao_Paulo", "2018-11-04T01:00:00-02:00"),
    ],
)
def test_an_objection_window_ends_at_the_midnight_after_its_last_day(
    decided: str, days: int, zone: str, final: str
) -> None:
    assert objection_end(at(decided), days, zone) == at(final)


@given(INSTANTS, st.integers(1, 60), st.sampled_from([SEOUL, BERLIN, NEW_YORK, "UTC"]))
def test_an_objection_window_has_its_whole_days_whatever_the_clocks_do(decided: datetime, days: int, zone: str) -> None:
    final = objection_end(decided, days, zone)
    local = final.astimezone(ZoneInfo(zone))
    assert local.time() == time()
    assert local.date() == decided.astimezone(ZoneInfo(zone)).date() + timedelta(days=days + 1)
    assert timedelta(days=days, hours=-1) < final - decided <= timedelta(days=days + 1, hours=1)


@pytest.mark.parametrize(
    ("start", "span", "zone", "expected"),
    [
        ("2026-03-28T09:00:00+01:00", "P1D", BERLIN, "2026-03-29T09:00:00+02:00"),  # the clock, not 24 hours
        ("2026-03-28T09:00:00+01:00", "PT24H", BERLIN, "2026-03-29T10:00:00+02:00"),
        ("2026-03-28T02:30:00+01:00", "P1D", BERLIN, "2026-03-29T03:30:00+02:00"),  # 02:30 was skipped
        ("2026-10-24T02:30:00+02:00", "P1D", BERLIN, "2026-10-25T02:30:00+02:00"),  # the first of two
        ("2026-10-25T02:30:00+01:00", "PT0M", BERLIN, "2026-10-25T02:30:00+01:00"),  # the second stays it
        ("2026-08-31T10:00:00+09:00", "-P6M", SEOUL, "2026-02-28T10:00:00+09:00"),
        ("2026-01-31T23:30:00+09:00", "P1M", SEOUL, "2026-02-28T23:30:00+09:00"),
        ("2026-03-08T05:00:00+00:00", "P6M", NEW_YORK, "2026-09-08T00:00:00-04:00"),
        ("2024-02-29T12:00:00+00:00", "P1Y", "UTC", "2025-02-28T12:00:00+00:00"),
    ],
)
def test_a_span_of_days_keeps_the_time_on_the_wall(start: str, span: str, zone: str, expected: str) -> None:
    assert later(at(start), span_of(span), zone) == at(expected)


@given(INSTANTS, st.integers(0, 800), st.integers(0, 5000))
def test_in_a_zone_without_changes_a_span_is_exact(start: datetime, days: int, minutes: int) -> None:
    expected = start + timedelta(days=days, minutes=minutes)
    assert later(start, Span(days=days, minutes=minutes), SEOUL) == expected
    assert later(start, Span(days=days, minutes=minutes), "UTC") == expected


@given(DAYS, st.times())
def test_an_instant_is_where_the_clock_shows_it(day: date, wall: time) -> None:
    found = instant_at(day, wall, "UTC")
    assert (found.date(), found.time()) == (day, wall)
    assert end_of_day(found, 0, "UTC") == datetime.combine(day + timedelta(days=1), time(), UTC)

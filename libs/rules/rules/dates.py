"""Dates of the calendar and of the clock on the wall: months, days in a zone, the end of an objection window.

A wall time that a change of the clock skips is read with the offset before the change, so it falls after the gap; one
that occurs twice is the first (as RFC 5545 has it). Instants come and go in UTC.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTHS = 12
_SPAN = re.compile(
    r"(?P<sign>-)?P(?=[0-9]|T[0-9])(?:(?P<years>[0-9]{1,3})Y)?(?:(?P<months>[0-9]{1,4})M)?(?:(?P<weeks>[0-9]{1,4})W)?"
    r"(?:(?P<days>[0-9]{1,5})D)?(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,5})H)?(?:(?P<minutes>[0-9]{1,6})M)?)?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as people agree on it: calendar months, then calendar days, then exact minutes."""

    months: int = 0
    days: int = 0
    minutes: int = 0

    def __str__(self) -> str:
        """The ISO 8601 text; all three have one sign."""
        months, days, minutes = abs(self.months), abs(self.days), abs(self.minutes)
        sign = "-" if min(self.months, self.days, self.minutes) < 0 else ""
        calendar_part = (f"{months}M" if months else "") + (f"{days}D" if days else "")
        clock_part = f"T{minutes}M" if minutes else ""
        return f"{sign}P{calendar_part}{clock_part}" if calendar_part or clock_part else "P0D"


def span_of(text: str) -> Span:
    """The span of an ISO 8601 duration such as P10D, P6M, -P6M, P2W or PT90M; raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError("a span is an ISO 8601 duration of years, months, weeks, days, hours and minutes: P6M, P10D")
    sign = -1 if found["sign"] else 1

    def number(name: str) -> int:
        return sign * int(found[name] or 0)

    return Span(
        months=_MONTHS * number("years") + number("months"),
        days=7 * number("weeks") + number("days"),
        minutes=60 * number("hours") + number("minutes"),
    )


def add_months(day: date, months: int) -> date:
    """The same day so many calendar months later, or that month's last day where it has no such day.

    31 August less 6 months is the last of February, the 29th in a leap year. Raises ValueError beyond years 1 to 9999.
    Source: evaluation.md, "Window": calendar months.
    """
    index = day.year * _MONTHS + day.month - 1 + months
    year, month = index // _MONTHS, index % _MONTHS + 1
    if not date.min.year <= year <= date.max.year:
        raise ValueError("the day lies beyond the years 1 to 9999")
    return day.replace(year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1]))


def instant_at(day: date, wall: time, zone: str) -> datetime:
    """The instant at which clocks of the zone show this time on this day, in UTC."""
    return datetime.combine(day, wall, ZoneInfo(zone)).astimezone(UTC)


def later(instant: datetime, span: Span, zone: str) -> datetime:
    """The instant a span later: months and days keep the time on the zone's clocks, minutes are exact.

    Raises ValueError beyond the years 1 to 9999.
    """
    try:
        if span.months or span.days:
            local = instant.astimezone(ZoneInfo(zone))
            day = add_months(local.date(), span.months) + timedelta(days=span.days)
            instant = instant_at(day, local.time(), zone)
        return instant + timedelta(minutes=span.minutes)
    except OverflowError:
        raise ValueError("the day lies beyond the years 1 to 9999") from None


def end_of_day(instant: datetime, days: int, zone: str) -> datetime:
    """The midnight at which the zone's day ends that is `days` after the day of the instant.

    Raises ValueError beyond the years 1 to 9999.
    """
    try:
        return instant_at(instant.astimezone(ZoneInfo(zone)).date() + timedelta(days=days + 1), time(), zone)
    except OverflowError:
        raise ValueError("the day lies beyond the years 1 to 9999") from None


def objection_end(decided_at: datetime, days: int, zone: str) -> datetime:
    """When a decision becomes final: the midnight after the last of `days` calendar days to object.

    The day of the decision is not one of them; with 0 days it is final at once.
    Source: the ministry's "10-day objection window".
    """
    return end_of_day(decided_at, days, zone) if days else decided_at

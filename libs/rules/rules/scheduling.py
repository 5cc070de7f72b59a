"""Instants from a schedule, what moved between two versions, and every way in which a schedule cannot be.

Source: programme-facts.md, "Support": the added team got the same number of development months as the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rules.dates import Span, end_of_day, instant_at, later
from rules.schedule import Schedule
from rules.shape import document_of
from rules.violations import ScheduleInvalidError, Violation, repeated, violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from rules.schedule import Entrant, EqualWindow, PlannedDate

Instants = dict[str, "datetime"]


@dataclass(frozen=True, slots=True)
class Window:
    """The development window of one entrant, in UTC."""

    window: str
    team: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule's instants by name, and the window of each entrant."""

    instants: Mapping[str, datetime]
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """A date that two versions of a schedule have at different instants; None where one has no such date."""

    date: str
    was: datetime | None
    now: datetime | None


def load_schedule(text: str | bytes) -> Schedule:
    """The schedule of a YAML document that can be; raises ScheduleInvalidError with every violation."""
    schedule = document_of(Schedule, text, ScheduleInvalidError)
    plan(schedule)
    return schedule


def schedule_schema() -> dict[str, Any]:
    """The published JSON Schema (2020-12) of a schedule."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Schedule.model_json_schema(mode="validation")}


def plan(schedule: Schedule) -> Planned:
    """Every date and every entrant's window.

    Raises ScheduleInvalidError for dates that are unknown, named twice or in a cycle, for periods of a track that
    overlap, and for a window that the schedule cannot give in full length to everybody.
    """
    problems = [*_names(schedule), *_forms(schedule)]
    instants = _instants(schedule, problems)
    problems += [*_periods(schedule, instants)]
    windows = tuple(_windows(schedule, instants, problems))
    if problems:
        raise ScheduleInvalidError(problems)
    return Planned(instants, windows)


def moved(before: Schedule, after: Schedule) -> tuple[Moved, ...]:
    """Each date that a new version moves, adds or drops, by name; raises ScheduleInvalidError."""
    was, now = plan(before).instants, plan(after).instants
    names = sorted(was.keys() | now.keys())
    return tuple(Moved(name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name))


def _names(schedule: Schedule) -> Iterator[Violation]:
    yield from repeated("dates", (each.id for each in schedule.dates), "date")
    yield from repeated("periods", (each.id for each in schedule.periods), "period")
    yield from repeated("windows", (each.id for each in schedule.windows), "window")
    for number, window in enumerate(schedule.windows):
        yield from repeated(f"windows[{number}].entrants", (each.team for each in window.entrants), "team")
    known = {each.id for each in schedule.dates}
    for path, name in _named(schedule):
        if name not in known:
            yield violation(path, name, "the date is one of dates", "DATE_UNKNOWN")


def _named(schedule: Schedule) -> Iterator[tuple[str, str]]:
    for number, each in enumerate(schedule.dates):
        if each.after is not None:
            yield f"dates[{number}].after", each.after
    for number, period in enumerate(schedule.periods):
        yield f"periods[{number}].begins", period.begins
        yield f"periods[{number}].ends", period.ends
    for number, window in enumerate(schedule.windows):
        yield f"windows[{number}].until", window.until
        for at, entrant in enumerate(window.entrants):
            yield f"windows[{number}].entrants[{at}].begins", entrant.begins


def _forms(schedule: Schedule) -> Iterator[Violation]:
    for number, each in enumerate(schedule.dates):
        fixed = each.at is not None
        if fixed is (each.after is not None) or (each.after is None) is not (each.by is None) or (fixed and each.time):
            rule = "a date has either at, or after and by with or without time"
            yield violation(f"dates[{number}]", each.id, rule, "DATE_FORM")
    for number, window in enumerate(schedule.windows):
        if min(window.length.months, window.length.days, window.length.minutes) < 0 or window.length == Span():
            yield violation(f"windows[{number}].length", window.length, "a window has a length", "PERIOD_EMPTY")
        for at, entrant in enumerate(window.entrants):
            if entrant.lost_days and entrant.reason is None:
                path = f"windows[{number}].entrants[{at}].reason"
                yield violation(path, "nothing", "days are lost for a reason", "REASON_MISSING")


def _instants(schedule: Schedule, problems: list[Violation]) -> Instants:
    """The instants that can be computed; what cannot be is noted where it is the reason itself."""
    waiting = {each.id: (number, each) for number, each in enumerate(schedule.dates)}
    instants: Instants = {}
    while ready := [name for name, (_, each) in waiting.items() if each.after is None or each.after in instants]:
        for name in ready:
            number, each = waiting.pop(name)
            try:
                if (instant := _instant(schedule, each, instants)) is not None:
                    instants[name] = instant
            except ValueError as error:
                problems.append(violation(f"dates[{number}].by", each.by, str(error), "DATE_OUT_OF_RANGE"))
    for name, (number, _) in waiting.items():
        cycle = [name]
        while (following := waiting[cycle[-1]][1].after) in waiting and following not in cycle:
            cycle.append(following)
        if following == name == min(cycle):
            chain = " after ".join([*cycle, name])
            problems.append(violation(f"dates[{number}].after", chain, "no date depends on itself", "DATE_CYCLE"))
    return instants


def _instant(schedule: Schedule, each: PlannedDate, instants: Instants) -> datetime | None:
    if each.after is None or each.by is None:
        return each.at
    there = later(instants[each.after], each.by, schedule.zone)
    if each.time is None:
        return there
    if each.time == "24:00":
        return end_of_day(there, 0, schedule.zone)
    return instant_at(there.astimezone(ZoneInfo(schedule.zone)).date(), time.fromisoformat(each.time), schedule.zone)


def _periods(schedule: Schedule, instants: Instants) -> Iterator[Violation]:
    tracks: dict[str, list[tuple[datetime, datetime, int]]] = {}
    for number, period in enumerate(schedule.periods):
        begins, ends = instants.get(period.begins), instants.get(period.ends)
        if begins is None or ends is None:
            continue
        if begins >= ends:
            value = f"{begins.isoformat()} to {ends.isoformat()}"
            yield violation(f"periods[{number}]", value, "a period ends after it begins", "PERIOD_EMPTY")
        tracks.setdefault(period.track, []).append((begins, ends, number))
    for track in tracks.values():
        for (_, before_ends, before), (begins, _, number) in pairwise(sorted(track)):
            if begins < before_ends:
                earlier = schedule.periods[before].id
                rule = f"it begins when {earlier} has ended, {before_ends.isoformat()}"
                yield violation(f"periods[{number}].begins", begins.isoformat(), rule, "DATES_OVERLAP")


def _windows(schedule: Schedule, instants: Instants, problems: list[Violation]) -> Iterator[Window]:
    """Every entrant's window; that it ends too late, or never, is noted."""
    for number, window in enumerate(schedule.windows):
        latest = instants.get(window.until)
        for at, entrant in enumerate(window.entrants):
            path, begins = f"windows[{number}].entrants[{at}]", instants.get(entrant.begins)
            if begins is None or latest is None:
                continue
            try:
                ends = _window_end(schedule, window, entrant, begins)
            except ValueError as error:
                problems.append(violation(path, window.length, str(error), "DATE_OUT_OF_RANGE"))
                continue
            if ends > latest:
                rule = f"every entrant has the whole window by {window.until}, {latest.isoformat()}"
                problems.append(
                    violation(path, f"{entrant.team} until {ends.isoformat()}", rule, "WINDOW_DOES_NOT_FIT")
                )
            yield Window(window.id, entrant.team, begins, ends)


def _window_end(schedule: Schedule, window: EqualWindow, entrant: Entrant, begins: datetime) -> datetime:
    """The end of the agreed length, then as many days more as were lost."""
    return later(later(begins, window.length, schedule.zone), Span(days=entrant.lost_days), schedule.zone)

"""The window of a moving target: D − n calendar months ≤ release ≤ D, both ends in (evaluation.md, "Window").

Days are days in Asia/Seoul, as release dates in the catalogue are.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from evaluation.domain.refusal import RuleBrokenError

_MONTHS_A_YEAR: Final = 12
_LONGEST_MONTHS: Final = 120
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DayInvalidError(RuleBrokenError):
    """A day is not written as YYYY-MM-DD, or the calendar has no such day."""


class WindowLengthError(RuleBrokenError):
    """A window has no length, or one that reaches before anything was released."""


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `first` to `last`, both in."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        """Return whether `day` lies in the window."""
        return self.first <= day <= self.last


def day(field: str, text: str) -> date:
    """Return the day that `text` writes as YYYY-MM-DD; raise `DayInvalidError`."""
    try:
        # The library alone would also take weeks and days without hyphens.
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise DayInvalidError(field, text, "must be a day of the calendar, YYYY-MM-DD")


def window(last: date, months: int) -> Window:
    """Return the window of `months` calendar months that ends on day `last`; raise `WindowLengthError`."""
    if not 0 < months <= _LONGEST_MONTHS:
        raise WindowLengthError("window_months", str(months), f"must be 1 to {_LONGEST_MONTHS} calendar months")
    return Window(months_before(last, months), last)


def months_before(day: date, months: int) -> date:
    """Return the same day `months` earlier, or that month's last day where it has no such day."""
    index = day.year * _MONTHS_A_YEAR + day.month - 1 - months
    year, month = index // _MONTHS_A_YEAR, index % _MONTHS_A_YEAR + 1
    return day.replace(year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1]))

from __future__ import annotations

from datetime import date

import pytest
from evaluation.domain.window import DayInvalidError, WindowLengthError, day, months_before, window


@pytest.mark.parametrize(
    ("last", "months", "first"),
    [
        (date(2026, 6, 30), 6, date(2025, 12, 30)),
        (date(2025, 8, 31), 6, date(2025, 2, 28)),
        (date(2024, 8, 31), 6, date(2024, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
    ],
)
def test_a_window_reaches_back_calendar_months_and_stops_at_a_months_end(last: date, months: int, first: date) -> None:
    assert months_before(last, months) == first


def test_both_ends_are_in_the_window_and_the_days_beside_them_are_not() -> None:
    half_year = window(date(2026, 6, 30), 6)
    assert date(2025, 12, 30) in half_year
    assert date(2026, 6, 30) in half_year
    assert date(2025, 12, 29) not in half_year
    assert date(2026, 7, 1) not in half_year


@pytest.mark.parametrize("months", [0, 121])
def test_a_window_without_length_or_beyond_ten_years_is_refused(months: int) -> None:
    with pytest.raises(WindowLengthError):
        window(date(2026, 6, 30), months)


@pytest.mark.parametrize(
    "text", ["", "2026-02-30", "20260630", "2026-W01-1", "2026-6-30", "30.06.2026", "2026-06-30T00:00"]
)
def test_a_day_that_is_not_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(DayInvalidError):
        day("as_of", text)


def test_a_day_is_read_as_written() -> None:
    assert day("as_of", "2026-06-30") == date(2026, 6, 30)

"""Instants as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from verify.instants import for_people

TWO_HOURS_AHEAD = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 1, 25, 15, tzinfo=UTC), "2026-01-26 00:00:00 KST (2026-01-25T15:00:00Z)"),
        (
            datetime(2024, 2, 29, 1, tzinfo=timezone(timedelta(hours=2))),
            "2024-02-29 08:00:00 KST (2024-02-28T23:00:00Z)",
        ),
        (datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC), "2026-01-01 09:00:00.500000 KST (2026-01-01T00:00:00.500000Z)"),
    ],
)
def test_an_instant_is_told_by_the_clocks_of_seoul_and_in_utc(instant: datetime, text: str) -> None:
    assert for_people(instant) == text

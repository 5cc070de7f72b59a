"""Instants: as the log's events count them, and as people read them, by the clocks of the programme's country."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

SEOUL: Final = ZoneInfo("Asia/Seoul")
_SECOND: Final = 1_000_000


def microseconds_of(instant: datetime) -> int:
    """An instant as microseconds since 1970 (UTC), exactly."""
    return int(instant.timestamp()) * _SECOND + instant.microsecond


def for_people(instant: datetime) -> str:
    """The text of an instant: `2026-01-26 00:00:00 KST (2026-01-25T15:00:00Z)`."""
    utc = instant.astimezone(UTC)
    return f"{utc.astimezone(SEOUL).replace(tzinfo=None).isoformat(' ')} KST ({utc.replace(tzinfo=None).isoformat()}Z)"


def count_for_people(microseconds: int) -> str:
    """The text of microseconds since 1970, to the second; a dash for 0, which is no instant."""
    return for_people(datetime.fromtimestamp(microseconds // _SECOND, UTC)) if microseconds else "–"

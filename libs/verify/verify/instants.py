"""Instants as people read them: by the clocks of the programme's country, and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

SEOUL: Final = ZoneInfo("Asia/Seoul")


def for_people(instant: datetime) -> str:
    """The text of an instant: `2026-01-26 00:00:00 KST (2026-01-25T15:00:00Z)`."""
    utc = instant.astimezone(UTC)
    return f"{utc.astimezone(SEOUL).replace(tzinfo=None).isoformat(' ')} KST ({utc.replace(tzinfo=None).isoformat()}Z)"

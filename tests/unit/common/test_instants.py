from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from common.instants import stamp
from dokpamo.common.v1 import platform_pb2


def test_an_instant_of_any_zone_is_the_same_instant_in_utc() -> None:
    seoul = datetime(2026, 1, 15, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    message = stamp(seoul)
    assert message is not None
    assert message.ToDatetime(tzinfo=UTC) == seoul


def test_what_has_no_instant_stays_unset() -> None:
    assert not platform_pb2.Process(deadline=stamp(None)).HasField("deadline")

"""Instants as the contracts have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp

if TYPE_CHECKING:
    from datetime import datetime


def stamp(instant: datetime | None) -> Timestamp | None:
    """Return `instant`, which is aware, as a message (UTC, microseconds); `None` leaves a message's field unset."""
    if instant is None:
        return None
    message = Timestamp()
    message.FromDatetime(instant)
    return message

"""Keys of teams as messages and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from dokpamo.registry.v1 import keys_events_pb2, keys_pb2

if TYPE_CHECKING:
    from registry.domain.keys import TeamKey


def from_key(key: TeamKey) -> keys_pb2.TeamKey:
    """Return `key` as a message."""
    return keys_pb2.TeamKey(
        key_id=key.key_id,
        team_id=key.team_id,
        public_key=key.public_key,
        registered_at=stamp(key.registered_at),
        retired_at=None if key.retired_at is None else stamp(key.retired_at),
        retired_reason=key.retired_reason,
    )


def key_registered_event(key: TeamKey) -> keys_events_pb2.TeamKeyRegistered:
    """Return the event that a team signs with a new key."""
    return keys_events_pb2.TeamKeyRegistered(key_id=key.key_id, key=from_key(key))


def key_retired_event(key: TeamKey) -> keys_events_pb2.TeamKeyRetired:
    """Return the event that a key is retired."""
    return keys_events_pb2.TeamKeyRetired(key_id=key.key_id, key=from_key(key))

"""What RPCs that read have in common: whose things they show, and documents that are told in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.errors import FieldInvalidError

from registry.domain.checkpoint import TeamId

if TYPE_CHECKING:
    from common.grpc import Call

_PIECE_BYTES: Final = 2**20


def scope(team_id: str, call: Call) -> TeamId | None:
    """Return the team whose things exist for the caller; `None` for all. A consortium never sees past its own."""
    return TeamId(call.actor.team) if call.actor.team else TeamId(team_id) if team_id else None


def piece(whole: bytes, offset_bytes: int) -> bytes:
    """Return at most 1 MiB of `whole` from an offset on; raise `FieldInvalidError` for one beyond its end."""
    if offset_bytes > len(whole):
        raise FieldInvalidError("offset_bytes", offset_bytes, f"must be at most {len(whole)}")
    return whole[offset_bytes : offset_bytes + _PIECE_BYTES]

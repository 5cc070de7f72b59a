"""Keys of teams: who holds one signs what the team commits. Source: `docs/decisions/0015`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from registry.domain.checkpoint import RegistryFieldError

if TYPE_CHECKING:
    from datetime import datetime

    from registry.domain.checkpoint import TeamId

MOST_LIVE_KEYS: Final = 16
_MOST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class TeamKey:
    """A raw Ed25519 public key; `key_id` is its SHA-256 in lower-case hex. `retired_at` is unset while it lives."""

    key_id: str
    team_id: TeamId
    public_key: bytes
    registered_at: datetime
    retired_at: datetime | None = None
    retired_reason: str = ""


class SignatureMissingError(Exception):
    """A team that has a key commits without a signature."""

    def __init__(self, team_id: TeamId, key_id: str) -> None:
        """Name the `team_id` and, in the `rule`, a key that would do."""
        super().__init__(f"{team_id} has a key, so what it commits is signed")
        self.field = "signature"
        self.value = ""
        self.rule = f"must be made by a key of the team that is not retired, such as {key_id}"


class KeyUnknownError(Exception):
    """A key is not one of the team's."""

    def __init__(self, field: str, key_id: str) -> None:
        """Keep the `field` and the key's id as `value`."""
        super().__init__(f"{field} {key_id!r} is no key of the team")
        self.field = field
        self.value = key_id
        self.rule = "must be the id of a key that is registered for the team"


class KeyRetiredError(Exception):
    """A key is retired: nothing is signed with it any more."""

    def __init__(self, field: str, key: TeamKey) -> None:
        """Keep the `field` and the key's id as `value`."""
        at = key.retired_at.isoformat() if key.retired_at else "never"
        super().__init__(f"key {key.key_id} was retired at {at}")
        self.field = field
        self.value = key.key_id
        self.retired_at = at
        self.rule = "must be a key that is not retired; what it signed before stays good"


class KeyTakenError(Exception):
    """A key is registered for another team."""

    def __init__(self, key_id: str) -> None:
        """Keep the key's id as `value`."""
        super().__init__(f"key {key_id} is registered for another team")
        self.field = "public_key"
        self.value = key_id
        self.rule = "must be a key of this team alone: make one with `dokpamo keys new`"


def check_reason(reason: str) -> None:
    """Raise `RegistryFieldError` unless `reason` is a short plain text."""
    odd = any(unicodedata.category(character).startswith("C") for character in reason)
    if odd or not 1 <= len(reason.strip()) <= len(reason) <= _MOST_REASON:
        raise RegistryFieldError("reason", reason[:80], f"must be 1 to {_MOST_REASON} characters on one line")

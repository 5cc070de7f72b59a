"""Keys of teams: registered by who shows that he has them, retired, and asked when something is committed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from weights import signing
from weights.manifest import statement_json

from registry.domain.checkpoint import RegistryFieldError
from registry.domain.keys import (
    MOST_LIVE_KEYS,
    KeyRetiredError,
    KeyTakenError,
    KeyUnknownError,
    SignatureMissingError,
    TeamKey,
    check_reason,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from weights.manifest import FileEntry

    from registry.domain.checkpoint import TeamId
    from registry.domain.upload import Asked, Upload


class TeamKeys(Protocol):
    """What the registry remembers of keys, inside one transaction."""

    now: datetime

    async def hold(self, team_id: TeamId) -> None:
        """Let nobody else change the team's keys until the transaction ends."""
        ...

    async def key(self, key_id: str) -> TeamKey | None:
        """Return a key, whichever team's."""
        ...

    async def live(self, team_id: TeamId) -> list[TeamKey]:
        """Return the team's keys that are not retired, in order of registration."""
        ...

    async def page(self, team_id: str, size: int, after: int) -> tuple[list[TeamKey], int | None]:
        """Return up to `size` keys after a position, of all teams if none is named, and where the next page starts."""
        ...

    async def add(self, key: TeamKey) -> None:
        """Keep a new key and publish it."""
        ...

    async def retire(self, key: TeamKey) -> None:
        """Keep that a key is retired and publish it."""
        ...


async def register_key(keys: TeamKeys, team_id: TeamId, public_key: bytes, proof: bytes) -> TeamKey:
    """Let a team sign with a key; a second time changes nothing.

    Raises `weights.signing.KeyRefusedError` and `SignatureInvalidError`, `KeyTakenError`, `KeyRetiredError`, and
    `RegistryFieldError` where the team has too many.
    """
    signing.verify_possession(team_id, public_key, proof)
    await keys.hold(team_id)
    key_id = signing.key_id(public_key)
    known = await keys.key(key_id)
    if known is not None:
        if known.team_id != team_id:
            raise KeyTakenError(key_id)
        if known.retired_at is not None:
            raise KeyRetiredError("public_key", known)
        return known
    live = len(await keys.live(team_id))
    if live >= MOST_LIVE_KEYS:
        raise RegistryFieldError("public_key", key_id, f"a team has at most {MOST_LIVE_KEYS} keys: retire one first")
    key = TeamKey(key_id, team_id, public_key, keys.now)
    await keys.add(key)
    return key


async def retire_key(keys: TeamKeys, team_id: TeamId, key_id: str, reason: str) -> TeamKey:
    """Take no more signatures of a key, for good. Raises `KeyUnknownError` and `RegistryFieldError`."""
    check_reason(reason)
    await keys.hold(team_id)
    known = await keys.key(key_id)
    if known is None or known.team_id != team_id:
        raise KeyUnknownError("key_id", key_id)
    if known.retired_at is not None:
        return known
    retired = replace(known, retired_at=keys.now, retired_reason=reason)
    await keys.retire(retired)
    return retired


async def check_signature(keys: TeamKeys, upload: Upload, files: Sequence[FileEntry], asked: Asked) -> None:
    """Raise unless what is asked for is signed by a key of the team, or it has none and nothing is signed.

    Raises `SignatureMissingError`, `KeyUnknownError`, `KeyRetiredError` and `weights.signing.SignatureInvalidError`.
    """
    given = asked.signature
    if given is None:
        live = await keys.live(upload.team_id)
        if live:
            raise SignatureMissingError(upload.team_id, live[-1].key_id)
        return
    key = await keys.key(given.key_id)
    if key is None or key.team_id != upload.team_id:
        raise KeyUnknownError("signature.key_id", given.key_id)
    if key.retired_at is not None:
        raise KeyRetiredError("signature.key_id", key)
    statement = statement_json(upload.team_id, upload.model, files, asked.declaration)
    signing.verify_statement(statement, given, key.public_key)

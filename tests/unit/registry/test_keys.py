"""Who may sign what a team commits: decided with keys in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from registry.domain.checkpoint import RegistryFieldError, TeamId, UploadId
from registry.domain.keys import (
    KeyRetiredError,
    KeyTakenError,
    KeyUnknownError,
    SignatureMissingError,
    TeamKey,
    check_reason,
)
from registry.domain.upload import Asked, Upload, UploadState
from registry.handlers.keys import check_signature, register_key, retire_key
from weights import signing
from weights.manifest import Declaration, FileEntry, Signature, statement_json

NOW = datetime(2026, 1, 5, tzinfo=UTC)
TEAM, OTHER = TeamId("upstage"), TeamId("kt")
FILES = [FileEntry("config.json", 2, "0" * 64)]
SAID = Declaration("Apache-2.0", 1, "2025-h2", "", 10, (), "")
UPLOAD = Upload(UploadId("u"), TEAM, "solar", UploadState.OPEN)
FIRST, SECOND = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))


class KeysInMemory:
    def __init__(self) -> None:
        self.now = NOW
        self.kept: dict[str, TeamKey] = {}

    async def hold(self, team_id: TeamId) -> None: ...

    async def key(self, key_id: str) -> TeamKey | None:
        return self.kept.get(key_id)

    async def live(self, team_id: TeamId) -> list[TeamKey]:
        return [key for key in self.kept.values() if key.team_id == team_id and key.retired_at is None]

    async def page(self, team_id: str, size: int, after: int) -> tuple[list[TeamKey], int | None]:  # noqa: ARG002 - the port has them
        raise AssertionError("nobody lists here")

    async def add(self, key: TeamKey) -> None:
        assert key.key_id not in self.kept
        self.kept[key.key_id] = key

    async def retire(self, key: TeamKey) -> None:
        assert self.kept[key.key_id].retired_at is None
        self.kept[key.key_id] = key


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


async def registered(keys: KeysInMemory, key: Ed25519PrivateKey, team: TeamId = TEAM) -> TeamKey:
    proof = key.sign(signing.possession_statement(team, public(key)))
    return await register_key(keys, team, public(key), proof)


def asked(key: Ed25519PrivateKey | None) -> Asked:
    made = None if key is None else signing.sign(statement_json(TEAM, "solar", FILES, SAID), key)
    return Asked(SAID, made, None)


async def test_a_team_without_a_key_signs_nothing_and_one_with_a_key_everything() -> None:
    keys = KeysInMemory()
    await check_signature(keys, UPLOAD, FILES, asked(None))
    await registered(keys, FIRST)
    with pytest.raises(SignatureMissingError):
        await check_signature(keys, UPLOAD, FILES, asked(None))
    await check_signature(keys, UPLOAD, FILES, asked(FIRST))
    await check_signature(keys, replace(UPLOAD, team_id=OTHER), FILES, asked(None))


async def test_a_signature_is_of_this_upload() -> None:
    keys = KeysInMemory()
    await registered(keys, FIRST)
    for upload, files, given in (
        (replace(UPLOAD, model="lunar"), FILES, asked(FIRST)),
        (UPLOAD, [replace(FILES[0], size_bytes=3)], asked(FIRST)),
        (UPLOAD, FILES, replace(asked(FIRST), declaration=replace(SAID, seed=2))),
        (UPLOAD, FILES, Asked(SAID, Signature(signing.key_id(public(FIRST)), b""), None)),
    ):
        with pytest.raises(signing.SignatureInvalidError):
            await check_signature(keys, upload, files, given)


async def test_the_key_of_another_team_or_of_nobody_is_unknown() -> None:
    keys = KeysInMemory()
    await registered(keys, SECOND, OTHER)
    for key in (FIRST, SECOND):
        with pytest.raises(KeyUnknownError):
            await check_signature(keys, UPLOAD, FILES, asked(key))


async def test_a_retired_key_is_refused_and_a_team_with_none_left_signs_nothing() -> None:
    keys = KeysInMemory()
    key = await registered(keys, FIRST)
    await retire_key(keys, TEAM, key.key_id, "lost")
    with pytest.raises(KeyRetiredError):
        await check_signature(keys, UPLOAD, FILES, asked(FIRST))
    await check_signature(keys, UPLOAD, FILES, asked(None))
    with pytest.raises(KeyRetiredError):
        await registered(keys, FIRST)


async def test_a_key_is_registered_once_and_for_one_team() -> None:
    keys = KeysInMemory()
    assert await registered(keys, FIRST) == await registered(keys, FIRST)
    with pytest.raises(KeyTakenError):
        await registered(keys, FIRST, OTHER)
    with pytest.raises(KeyUnknownError):
        await retire_key(keys, OTHER, signing.key_id(public(FIRST)), "not mine")


@pytest.mark.parametrize("reason", ["", " ", "a\nb", "a" * 501, "a\u202eb"])
def test_a_reason_is_a_plain_line(reason: str) -> None:
    check_reason("the laptop was stolen · 노트북 도난")
    with pytest.raises(RegistryFieldError):
        check_reason(reason)

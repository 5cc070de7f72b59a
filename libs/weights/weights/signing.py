"""Signatures of checkpoints: a team's Ed25519 key over the statement, by which anyone can check a manifest offline.

Source: RFC 8032, Ed25519 without a context; `docs/decisions/0015`
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from weights.manifest import Signature, statement_of

PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_POSSESSION: Final = "dokpamo.team-key/1"
# Points whose order divides eight, without the bit of the sign: under such a key one signature fits many statements.
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


class KeyRefusedError(Exception):
    """Bytes that should be a public key are none, or a key that anyone can sign with."""

    def __init__(self, value: str, rule: str) -> None:
        """Keep the key in hex as `value`, and the `rule` it breaks."""
        super().__init__(f"{value!r} is no key for signatures: {rule}")
        self.field = "public_key"
        self.value = value
        self.rule = rule


class SignatureInvalidError(Exception):
    """A signature is not that of the key over what it should be of."""

    def __init__(self, field: str, key_id: str, rule: str) -> None:
        """Keep the `field`, the key's id as `value`, and the `rule`."""
        super().__init__(f"{field} is no signature of key {key_id}: {rule}")
        self.field = field
        self.value = key_id
        self.rule = rule


def key_id(public_key: bytes) -> str:
    """Return the id of a raw public key: its SHA-256 in lower-case hex, so that an id can stand for no other key."""
    return hashlib.sha256(public_key).hexdigest()


def check_public_key(public_key: bytes) -> None:
    """Raise `KeyRefusedError` unless these are the 32 bytes of a public key that only its owner can sign for."""
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise KeyRefusedError(public_key[:PUBLIC_KEY_BYTES].hex(), f"must have {PUBLIC_KEY_BYTES} bytes")
    if public_key[:-1] + bytes([public_key[-1] & 0x7F]) in _SMALL_ORDER:
        raise KeyRefusedError(public_key.hex(), "must not be a point of small order, for which anyone can sign")


def sign(statement: bytes, key: Ed25519PrivateKey) -> Signature:
    """Return the signature of a statement (`weights.manifest.statement_json`)."""
    return Signature(key_id(key.public_key().public_bytes_raw()), key.sign(statement))


def verify_statement(statement: bytes, signature: Signature, public_key: bytes) -> None:
    """Raise `SignatureInvalidError` or `KeyRefusedError` unless `signature` is that of the raw `public_key`."""
    check_public_key(public_key)
    if signature.key_id != key_id(public_key):
        raise SignatureInvalidError("signature.key_id", signature.key_id, f"the key has the id {key_id(public_key)}")
    _verify("signature", signature.signature, statement, public_key)


def verify_manifest(manifest: bytes, public_key: bytes) -> Signature:
    """Return the signature that a manifest carries once it holds; with the key, nothing else is needed to tell.

    That `manifest` is the one of a checkpoint is told by `weights.manifest.identity`. Raises `SignatureInvalidError`,
    `KeyRefusedError`, and `ValueError` for what is no manifest.
    """
    statement = statement_of(manifest)
    given = json.loads(manifest).get("signature")
    if given is None:
        raise SignatureInvalidError("signature", "", "the manifest carries none")
    try:
        signature = Signature(str(given["key_id"]), bytes.fromhex(given["ed25519"]))
    except (KeyError, TypeError, ValueError) as error:
        raise SignatureInvalidError("signature", "", "must have key_id and ed25519") from error
    verify_statement(statement, signature, public_key)
    return signature


def possession_statement(team_id: str, public_key: bytes) -> bytes:
    """Return what the owner of a key signs to have it registered for a team.

    It names the team: nobody can register the key of others. It is no statement of a checkpoint, for its form differs.
    """
    document = {"format": _POSSESSION, "public_key": public_key.hex(), "team_id": team_id}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def verify_possession(team_id: str, public_key: bytes, proof: bytes) -> None:
    """Raise `KeyRefusedError` or `SignatureInvalidError` unless `proof` shows that who registers a key has it."""
    check_public_key(public_key)
    _verify("proof", proof, possession_statement(team_id, public_key), public_key)


def _verify(field: str, signature: bytes, signed: bytes, public_key: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError) as error:
        raise SignatureInvalidError(
            field, key_id(public_key), f"must be the {SIGNATURE_BYTES} bytes that this key makes of the statement"
        ) from error

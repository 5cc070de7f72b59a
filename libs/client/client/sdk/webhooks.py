"""The receiving side of webhooks: whether a request is ours and new, and the event in it (Standard Webhooks)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLERANCE: Final = timedelta(minutes=5)
"""So far a request may be from our clock, in either direction."""

_SECRET: Final = "whsec_"  # noqa: S105 - the scheme's mark of a secret, not one
_PUBLIC_KEY: Final = "whpk_"


class WebhookKeyError(ValueError):
    """What was given as secret or key is neither."""


class WebhookRefusedError(Exception):
    """A request is not to be believed: a header is missing, it is too old or too new, or nobody signed it."""


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secret_or_key: str,
    *,
    tolerance: timedelta = TOLERANCE,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Return the CloudEvent in `body`, once it is known to be ours.

    `body` is the request's, byte for byte; names of `headers` in any case. `secret_or_key` is the `whsec_…` or the
    `whpk_…` of the webhook; any of several signatures will do, as during a rotation. `now` is the present instant.
    A request that came twice has the same header `webhook-id`: to act on each once is the receiver's.

    Raises `WebhookRefusedError`, and `WebhookKeyError` for what is no secret or key.
    """
    version, matches = _matcher(secret_or_key)
    named = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (
        _header(named, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    _check_age(timestamp, now or datetime.now(UTC), tolerance)
    signed = f"{message_id}.{timestamp}.".encode() + body
    given = [each.partition(",") for each in signatures.split(" ")]
    if not any(name == version and matches(_decoded(text), signed) for name, _, text in given):
        raise WebhookRefusedError(f"no signature {version} of this secret or key fits the request")
    return _event(body)


def require_key(secret_or_key: str) -> None:
    """Raise `WebhookKeyError` for what is no secret or key."""
    _matcher(secret_or_key)


def _matcher(secret_or_key: str) -> tuple[str, Any]:
    try:
        if secret_or_key.startswith(_PUBLIC_KEY):
            text = secret_or_key.removeprefix(_PUBLIC_KEY)
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
            return "v1a", lambda signature, signed: _is_signed(key, signature, signed)
        if secret_or_key.startswith(_SECRET):
            secret = base64.b64decode(secret_or_key.removeprefix(_SECRET), validate=True)
            if secret:
                return "v1", lambda signature, signed: _is_tagged(secret, signature, signed)
    except ValueError as error:
        raise WebhookKeyError("a secret is whsec_ and base64, a public key whpk_ and base64") from error
    raise WebhookKeyError("a secret begins with whsec_, a public key with whpk_")


def _is_signed(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _is_tagged(secret: bytes, signature: bytes, signed: bytes) -> bool:
    return hmac.compare_digest(hmac.new(secret, signed, hashlib.sha256).digest(), signature)


def _header(named: Mapping[str, str], name: str) -> str:
    value = named.get(name, "")
    if not value:
        raise WebhookRefusedError(f"the header {name} is missing")
    return value


def _check_age(timestamp: str, now: datetime, tolerance: timedelta) -> None:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):  # noqa: PLR2004 - of any century
        raise WebhookRefusedError(f"webhook-timestamp is {timestamp[:40]!r}: it must be seconds since 1970")
    seconds = int(timestamp) - now.timestamp()
    if abs(seconds) > tolerance.total_seconds():
        age = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}"
        raise WebhookRefusedError(f"the request is {age} this clock; at most {tolerance.total_seconds():.0f} s may be")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except ValueError as error:
        raise WebhookRefusedError("the body is signed, but is no JSON") from error
    if not isinstance(event, dict):
        raise WebhookRefusedError("the body is signed, but is no JSON object")
    return event

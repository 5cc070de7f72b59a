"""The stack's keys, made at its first start: the development issuer's with its public half, notary's and webhooks'."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from client.stack.home import write_json

if TYPE_CHECKING:
    from pathlib import Path

    from client.stack.addresses import Stack

BANNER = (
    "DEVELOPMENT ISSUER: whoever can read this stack's folder can sign in as anybody.",
    "It is for trying the platform out on one machine, never for a programme of your own.",
)


def create_keys(stack: Stack) -> None:
    """Make the keys and the clock that are missing; what is there stays."""
    from common.auth import public_jwk, read_key
    from common.clock import VirtualClockFile

    for path in (stack.service_key, stack.notary_key, stack.webhook_key):
        if not path.exists():
            _create_key(path)
    if not stack.token_keys.exists():
        write_json(stack.token_keys, {"keys": [public_jwk(read_key(stack.service_key).public_key())]})
    VirtualClockFile(stack.virtual_clock).create()


def _create_key(path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    # A key that was half written when the machine stopped must not count as there.
    fresh.replace(path)

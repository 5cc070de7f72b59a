"""Signs deliveries by the Standard Webhooks scheme, with secrets that are derived when used and stored nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from common.auth import read_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from selection.domain.webhook import SigningKeyChangedError, SigningKeyMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from selection.handlers.webhook_records import Generation

_BYTES: Final = 32


class WebhookKeys:
    """Secrets and keys of all webhooks.

    Each is derived (HKDF-SHA256, RFC 5869) from one private key of the service, the webhook's id and the number of the
    generation: a copy of the database holds none, and no RPC can read one back.
    """

    def __init__(self, key: Path | None) -> None:
        """Derive from the Ed25519 private key (PEM) at `key`; raise `NotAKeyError`."""
        self._root = None if key is None else read_key(key).private_bytes_raw()

    def require(self) -> None:
        """Raise `SigningKeyMissingError` where the service has no key."""
        if self._root is None:
            raise SigningKeyMissingError

    @property
    def root(self) -> str:
        """What tells the service's key from another; empty where it has none."""
        return "" if self._root is None else hashlib.sha256(b"dokpamo webhook root " + self._root).hexdigest()[:16]

    def secret(self, webhook_id: str, generation: int) -> str:
        """Return the secret of the v1 signatures, as `whsec_` and base64."""
        return "whsec_" + _base64(self._derived("v1", webhook_id, generation))

    def public_key(self, webhook_id: str, generation: int) -> str:
        """Return the public key of the v1a signatures, as `whpk_` and base64."""
        return "whpk_" + _base64(self._private_key(webhook_id, generation).public_key().public_bytes_raw())

    def headers(
        self, webhook_id: str, generations: Iterable[Generation], message_id: str, at: datetime, body: bytes
    ) -> dict[str, str]:
        """Return the headers that sign `body` for an attempt made `at`, by each of the generations.

        Raises `SigningKeyMissingError` and `SigningKeyChangedError`.
        Source: Standard Webhooks, "Signature scheme" and "Webhook headers".
        """
        seconds = str(int(at.timestamp()))
        signed = f"{message_id}.{seconds}.".encode() + body
        signatures = []
        for generation in generations:
            if generation.root != self.root:
                self.require()
                raise SigningKeyChangedError(webhook_id, generation.number)
            digest = hmac.new(self._derived("v1", webhook_id, generation.number), signed, hashlib.sha256).digest()
            signatures.append(f"v1,{_base64(digest)}")
            signatures.append(f"v1a,{_base64(self._private_key(webhook_id, generation.number).sign(signed))}")
        return {"webhook-id": message_id, "webhook-timestamp": seconds, "webhook-signature": " ".join(signatures)}

    def _private_key(self, webhook_id: str, generation: int) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._derived("v1a", webhook_id, generation))

    def _derived(self, scheme: str, webhook_id: str, generation: int) -> bytes:
        if self._root is None:
            raise SigningKeyMissingError
        info = f"dokpamo webhook {scheme} {webhook_id} {generation}".encode()
        return HKDF(SHA256(), _BYTES, None, info).derive(self._root)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

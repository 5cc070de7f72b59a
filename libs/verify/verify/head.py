"""Signed tree heads: the notary's word, under its Ed25519 key, that its log had this root at this size.

What is signed are the canonical JSON bytes (RFC 8785) of the head, after a line that names what they are, so that a
signature over something else by the same key can never pass for a head.

Source: design page "Selection and notary", "Notary": signed tree heads (Ed25519)
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from verify import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CONTEXT = b"dokpamo tree head v1\n"
HASH_HEX = re.compile(r"[0-9a-f]{64}")
SIGNATURE_HEX = re.compile(r"[0-9a-f]{128}")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", re.ASCII)


class HeadRefusedError(Exception):
    """A signed tree head cannot be relied on. `rule` says why."""

    def __init__(self, rule: str) -> None:
        """Say which requirement the head fails."""
        super().__init__(f"tree head refused: {rule}")
        self.rule = rule


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The state of the log at one instant."""

    log_id: str
    """SHA-256 of the notary's raw public key, lower-case hex."""
    tree_size: int
    """Number of leaves."""
    root_hash: bytes
    """Root over exactly these leaves."""
    timestamp: datetime
    """When it was signed (UTC), in microseconds."""

    def document(self) -> dict[str, canonical.JsonValue]:
        """The head as a JSON document."""
        return {
            "log_id": self.log_id,
            "root_hash": self.root_hash.hex(),
            "timestamp": instant_text(self.timestamp),
            "tree_size": self.tree_size,
        }

    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return CONTEXT + canonical.encode(self.document())


@dataclass(frozen=True, slots=True)
class SignedTreeHead:
    """A head and the notary's signature."""

    head: TreeHead
    signature: bytes
    """64 bytes, Ed25519 over `head.signed_bytes()`."""

    def document(self) -> dict[str, canonical.JsonValue]:
        """The signed head as a JSON document: the head's members and `signature`."""
        return {**self.head.document(), "signature": self.signature.hex()}


def instant_text(instant: datetime) -> str:
    """An instant in UTC, always with six decimals: one spelling for one instant."""
    # strftime leaves out the zeros of a year before 1000.
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant_of(text: str) -> datetime:
    """The instant of its one spelling.

    Raises:
        HeadRefusedError: it is spelled otherwise.
    """
    if not isinstance(text, str) or not INSTANT.fullmatch(text):
        raise HeadRefusedError(f"{text!r} is no UTC instant with six decimals")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise HeadRefusedError(f"{text!r} is no instant: {error}") from error


def raw_public_key(key: Ed25519PublicKey) -> bytes:
    """The 32 bytes of the key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def log_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, lower-case hex: the log's name and the key's fingerprint."""
    return hashlib.sha256(raw_public_key(key)).hexdigest()


def sign(head: TreeHead, key: Ed25519PrivateKey) -> SignedTreeHead:
    """Sign a head.

    Raises:
        HeadRefusedError: the head names another log than the key's.
    """
    if head.log_id != log_id(key.public_key()):
        raise HeadRefusedError("the head names another log than the key's")
    return SignedTreeHead(head, key.sign(head.signed_bytes()))


def check_signature(signed: SignedTreeHead, key: Ed25519PublicKey) -> None:
    """Raise `HeadRefusedError` unless this key signed exactly this head."""
    if signed.head.log_id != log_id(key):
        raise HeadRefusedError("the head is of another log than the key's")
    try:
        key.verify(signed.signature, signed.head.signed_bytes())
    except InvalidSignature as error:
        raise HeadRefusedError("the signature is not the key's over this head") from error


def signed_head_of(document: canonical.JsonValue) -> SignedTreeHead:
    """The signed head of its JSON document, every member in its one spelling; the signature is not yet checked.

    Raises:
        HeadRefusedError: a member is missing, unknown or spelled otherwise.
    """
    wanted = {"log_id", "root_hash", "timestamp", "tree_size", "signature"}
    if not isinstance(document, dict) or set(document) != wanted:
        raise HeadRefusedError(f"a signed head has exactly the members {', '.join(sorted(wanted))}")
    size = document["tree_size"]
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise HeadRefusedError(f"tree_size {size!r} is no count")
    return SignedTreeHead(
        TreeHead(
            log_id=_hex(document, "log_id", HASH_HEX),
            tree_size=size,
            root_hash=bytes.fromhex(_hex(document, "root_hash", HASH_HEX)),
            timestamp=instant_of(document["timestamp"]),
        ),
        bytes.fromhex(_hex(document, "signature", SIGNATURE_HEX)),
    )


def _hex(document: dict[str, canonical.JsonValue], member: str, pattern: re.Pattern[str]) -> str:
    text = document[member]
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise HeadRefusedError(f"{member} is not lower-case hex of its length")
    return text

"""Cosignatures: a witness's word that it saw a checkpoint, which extends every one that it saw before.

The log signs for itself; who shows one history to some and another to others signs both. A witness with a key of its
own signs one of them only. So where a quorum of witnesses signed a checkpoint, no other history has such a quorum.

Source: C2SP tlog-cosignature v1.0.0, Ed25519 (c2sp.org/tlog-cosignature)
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from verify.note import KeyKind, NoteRefusedError, NoteSignature, VerifierKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from verify.checkpoint import Checkpoint

TIME_BYTES, SIGNATURE_BYTES = 8, 64
LATEST = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


def cosign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey, at: datetime) -> NoteSignature:
    """The cosignature of a witness of this name; `at` counts in whole seconds.

    Raises:
        NoteRefusedError: a key cannot have this name.
    """
    seconds = int(at.timestamp())
    known = VerifierKey.of(name, KeyKind.COSIGNATURE, key)
    signature = key.sign(_message(checkpoint, seconds))
    return NoteSignature(name, known.key_id, seconds.to_bytes(TIME_BYTES, "big") + signature)


def check_cosignature(checkpoint: Checkpoint, signature: NoteSignature, witness: VerifierKey) -> datetime:
    """When the witness signed this checkpoint, in whole seconds (UTC).

    Raises:
        NoteRefusedError: the key is no witness's, or it did not sign this.
    """
    if witness.kind is not KeyKind.COSIGNATURE:
        raise NoteRefusedError(f"the key of {witness.name} is for notes, not for cosignatures")
    if not signature.is_of(witness) or len(signature.signature) != TIME_BYTES + SIGNATURE_BYTES:
        raise NoteRefusedError(f"the signature is none of the witness {witness.name}")
    seconds = int.from_bytes(signature.signature[:TIME_BYTES], "big")
    witness.check(_message(checkpoint, seconds), signature.signature[TIME_BYTES:])
    if seconds > LATEST:
        raise NoteRefusedError(f"the time {seconds} of {witness.name} is beyond every calendar")
    return datetime.fromtimestamp(seconds, UTC)


def _message(checkpoint: Checkpoint, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{checkpoint.text()}".encode()

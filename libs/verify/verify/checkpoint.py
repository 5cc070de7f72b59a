"""Checkpoints: a signed tree head in the form that mirrors and witnesses of any transparency log read.

A checkpoint says the same as the head of that size, in three lines: the log's origin, its size, its root. Ed25519 signs
one text in one way only, so that whoever holds the log's key makes the same checkpoint of a head at any time.

Source: C2SP tlog-checkpoint v1.0.0 (c2sp.org/tlog-checkpoint)
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify import note
from verify.head import log_id
from verify.merkle import HASH_BYTES
from verify.note import KeyKind, Note, NoteRefusedError, VerifierKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from verify.head import TreeHead

_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
LINES = 3


def origin_of(log: str) -> str:
    """The origin of a log by its id: the name of its key, whatever address serves it."""
    return f"dokpamo-log/{log}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says."""

    origin: str
    tree_size: int
    root_hash: bytes

    @classmethod
    def of(cls, head: TreeHead) -> Checkpoint:
        """The checkpoint of a head."""
        return cls(origin_of(head.log_id), head.tree_size, head.root_hash)

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.tree_size}\n{base64.b64encode(self.root_hash).decode()}\n"


def sign_checkpoint(head: TreeHead, key: Ed25519PrivateKey) -> Note:
    """The signed checkpoint of a head, by the log's own key."""
    checkpoint = Checkpoint.of(head)
    text = checkpoint.text()
    return Note(text, (note.sign(text, checkpoint.origin, key),))


def log_key(key: Ed25519PublicKey) -> VerifierKey:
    """The key that signs a log's checkpoints, by its public half."""
    return VerifierKey.of(origin_of(log_id(key)), KeyKind.NOTE, key)


def open_checkpoint(signed: Note, log: VerifierKey) -> Checkpoint:
    """What a checkpoint says, once the log's own signature under it was checked.

    Raises:
        NoteRefusedError: it is no checkpoint, of another log, or the log's key did not sign it.
    """
    checkpoint = checkpoint_of(signed.text)
    if checkpoint.origin != log.name:
        raise NoteRefusedError(f"the checkpoint is of {checkpoint.origin}, not of {log.name}")
    log.check(signed.text.encode(), signed.of(log).signature)
    return checkpoint


def checkpoint_of(text: str) -> Checkpoint:
    """What the text of a checkpoint says; extension lines, which nobody can check, are refused.

    Raises:
        NoteRefusedError: it is no such text.
    """
    lines = text.split("\n")
    if len(lines) != LINES + 1 or lines[-1] or not lines[0]:
        raise NoteRefusedError(f"a checkpoint has {LINES} lines: origin, size, root")
    origin, size, root = lines[:LINES]
    if not _SIZE.fullmatch(size):
        raise NoteRefusedError(f"{size!r} is no size of a log")
    try:
        root_hash = base64.b64decode(root, validate=True)
    except ValueError as error:
        raise NoteRefusedError(f"the root {root!r} is no base64") from error
    checkpoint = Checkpoint(origin, int(size), root_hash)
    if len(root_hash) != HASH_BYTES or checkpoint.text() != text:
        raise NoteRefusedError(f"the root {root!r} is not {HASH_BYTES} bytes in their one spelling")
    return checkpoint

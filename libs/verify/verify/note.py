"""Signed notes: a text with signatures of named keys under it, as transparency logs and their witnesses exchange them.

A text that ends with a line feed, an empty line, and for each signature one line: em dash, space, name of the key,
space, base64 of the key's id (4 bytes) and the signature. A name is no proof of anything: whoever reads a note knows
the keys that he trusts, and passes over the signatures of all others.

Source: C2SP signed-note v1.0.0 (c2sp.org/signed-note)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from verify.head import raw_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

DASH = "\N{EM DASH} "
KEY_ID_BYTES = 4
LARGEST_NOTE_BYTES = 1 << 16
MOST_SIGNATURES = 100
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f\ud800-\udfff]{1,200}")
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteRefusedError(Exception):
    """Bytes are no signed note, or it lacks a signature that it must have. `rule` says which requirement fails."""

    def __init__(self, rule: str) -> None:
        """Say which requirement the note fails."""
        super().__init__(f"note refused: {rule}")
        self.rule = rule


class KeyKind(IntEnum):
    """What a key signs; the byte is part of its id, so that one key may have one name for both."""

    NOTE = 0x01
    """Ed25519 over the text."""
    COSIGNATURE = 0x04
    """Ed25519 over a time and the text (c2sp.org/tlog-cosignature)."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A key whose signatures are looked for."""

    name: str
    kind: KeyKind
    public_key: bytes
    """Raw Ed25519 key, 32 bytes."""

    @classmethod
    def of(cls, name: str, kind: KeyKind, key: Ed25519PrivateKey | Ed25519PublicKey) -> VerifierKey:
        """The verifier key of an Ed25519 key under a name.

        Raises:
            NoteRefusedError: a key cannot have this name.
        """
        _require_name(name)
        public = key if isinstance(key, Ed25519PublicKey) else key.public_key()
        return cls(name, kind, raw_public_key(public))

    @property
    def key_id(self) -> bytes:
        """The id that stands in the key's signatures, 4 bytes."""
        named = self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key
        return hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """The text by which a key is handed on: name, id and key, joined by plus signs."""
        encoded = base64.b64encode(bytes([self.kind]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def check(self, message: bytes, signature: bytes) -> None:
        """Raise `NoteRefusedError` unless this key signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature as error:
            raise NoteRefusedError(f"the signature of {self.name} is not its key's over this text") from error


def verifier_key_of(text: str) -> VerifierKey:
    """The verifier key of its text.

    Raises:
        NoteRefusedError: it is none of a kind that is known here, or not in its one spelling.
    """
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    _require_name(name)
    if not _KEY_ID.fullmatch(key_id):
        raise NoteRefusedError(f"{text!r} is no key: name, 8 digits of hex and base64, joined by plus signs")
    raw = _base64(encoded, "the key")
    if len(raw) != 1 + 32 or raw[0] not in set(KeyKind):
        raise NoteRefusedError(f"the key of {name} is no Ed25519 key for notes or cosignatures")
    try:
        # Ed25519 knows points that are no keys.
        Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError as error:
        raise NoteRefusedError(f"the key of {name} is no Ed25519 key: {error}") from error
    key = VerifierKey(name, KeyKind(raw[0]), raw[1:])
    if key.key_id.hex() != key_id:
        raise NoteRefusedError(f"the id of {name} is {key.key_id.hex()}, not {key_id}: the key was not copied whole")
    return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature under a note, of a key that may be known or not."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        """The line, without its line feed."""
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}"

    def is_of(self, key: VerifierKey) -> bool:
        """Whether it claims to be of this key."""
        return (self.name, self.key_id) == (key.name, key.key_id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it, none of them checked."""

    text: str
    """Ends with a line feed."""
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """The note's bytes."""
        return (self.text + "\n" + "".join(f"{signature}\n" for signature in self.signatures)).encode()

    def of(self, key: VerifierKey) -> NoteSignature:
        """The signature that claims to be of a key.

        Raises:
            NoteRefusedError: there is none, or there are several.
        """
        found = [signature for signature in self.signatures if signature.is_of(key)]
        if len(found) != 1:
            raise NoteRefusedError(f"there are {len(found)} signatures of {key.name}, there must be one")
        return found[0]


def sign(text: str, name: str, key: Ed25519PrivateKey) -> NoteSignature:
    """The signature of a key over a text that ends with a line feed.

    Raises:
        NoteRefusedError: a key cannot have this name.
    """
    known = VerifierKey.of(name, KeyKind.NOTE, key)
    return NoteSignature(name, known.key_id, key.sign(text.encode()))


def parse(data: bytes) -> Note:
    """The note of its bytes, in its one spelling; its signatures are not yet checked.

    Raises:
        NoteRefusedError: they are none.
    """
    if len(data) > LARGEST_NOTE_BYTES:
        raise NoteRefusedError(f"it has {len(data)} bytes, more than {LARGEST_NOTE_BYTES}")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise NoteRefusedError(f"byte {error.start} is not UTF-8") from error
    if _CONTROL.search(whole):
        raise NoteRefusedError("it has control characters")
    text, empty, lines = whole.rpartition("\n\n")
    if not empty or not text or not lines.endswith("\n"):
        raise NoteRefusedError("a text, an empty line and lines with signatures are wanted")
    signed = lines[:-1].split("\n")
    if len(signed) > MOST_SIGNATURES:
        raise NoteRefusedError(f"it has {len(signed)} signatures, more than {MOST_SIGNATURES}")
    return Note(text + "\n", tuple(map(signature_of, signed)))


def signature_of(line: str) -> NoteSignature:
    """The signature of its line, without the line feed.

    Raises:
        NoteRefusedError: it is none.
    """
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space:
        raise NoteRefusedError("a line with a signature is: em dash, name, base64")
    _require_name(name)
    raw = _base64(encoded, f"the signature of {name}")
    if len(raw) <= KEY_ID_BYTES:
        raise NoteRefusedError(f"the signature of {name} is too short")
    return NoteSignature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise NoteRefusedError(f"{name!r} is no name of a key: 1 to 200 characters without spaces and plus signs")


def _base64(text: str, what: str) -> bytes:
    """The bytes of their one spelling: the unused bits of the last character must be zero."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteRefusedError(f"{what} is no base64") from error
    if base64.b64encode(raw).decode() != text:
        raise NoteRefusedError(f"{what} is not the one spelling of its bytes in base64")
    return raw

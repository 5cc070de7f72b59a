"""Salted commitments: what stands in the log in place of a value that is blind or about a person.

A commitment is HMAC-SHA-256, keyed with a fresh salt of 32 bytes, over a line that names what it is and the canonical
JSON (RFC 8785) of event id, path and value. Without the salt it says nothing about the value; with the salt it fits one
value of one place of one event, so that no opening can be passed off for another. See docs/decisions/0007.

Source: design page "Selection and notary", "Notary": blind or personal content as a salted commitment
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import rfc8785

from verify import canonical

if TYPE_CHECKING:
    from verify.canonical import JsonValue

CONTEXT = b"dokpamo sealed value v1\n"
SALT_BYTES = 32
SALT_HEX = re.compile(r"[0-9a-f]{64}")
COMMITMENT_HEX = re.compile(r"[0-9a-f]{64}")


class SealClass(StrEnum):
    """What opens a sealed value, and whether its opening may be erased."""

    BLIND = "blind"
    """Opened to everyone when the embargo ends; a decision rests on it, so it is never erased."""
    PERSONAL = "personal"
    """Opened only where staff release it; may be erased."""
    BLIND_PERSONAL = "blind-personal"
    """Opened when the embargo ends; may be erased."""

    @property
    def opens_by_itself(self) -> bool:
        """Whether it is opened when the embargo ends."""
        return self is not SealClass.PERSONAL

    @property
    def erasable(self) -> bool:
        """Whether its opening may be erased."""
        return self is not SealClass.BLIND


class OpeningRefusedError(Exception):
    """An opening does not open what it claims to. `rule` says why."""

    def __init__(self, rule: str) -> None:
        """Say which requirement the opening fails."""
        super().__init__(f"opening refused: {rule}")
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Seal:
    """What stands in the log in place of a value."""

    seal_class: SealClass
    commitment: str
    """HMAC-SHA-256, 64 digits of lower-case hex."""

    def document(self) -> dict[str, JsonValue]:
        """The seal as a JSON document."""
        return {"class": str(self.seal_class), "commitment": self.commitment}


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a seal: the salt and the value."""

    salt: bytes
    value: JsonValue
    """`None` where the value is protobuf's default, which a message does not carry."""


def commitment(opening: Opening, *, event_id: str, path: str) -> str:
    """The commitment to a value at a path of an event, in lower-case hex.

    Raises:
        OpeningRefusedError: the salt is not 32 bytes (HMAC fills up shorter keys: two salts could be one key), or the
            value has no canonical JSON.
    """
    if len(opening.salt) != SALT_BYTES:
        raise OpeningRefusedError(f"a salt has {SALT_BYTES} bytes, not {len(opening.salt)}")
    try:
        committed = canonical.encode({"event_id": event_id, "path": path, "value": opening.value})
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise OpeningRefusedError(f"the value has no canonical form: {error}") from error
    return hmac.digest(opening.salt, CONTEXT + committed, hashlib.sha256).hex()


def seal(opening: Opening, seal_class: SealClass, *, event_id: str, path: str) -> Seal:
    """The seal of a value.

    Raises:
        OpeningRefusedError: there can be none.
    """
    return Seal(seal_class, commitment(opening, event_id=event_id, path=path))


def check_opening(opening: Opening, sealed: Seal, *, event_id: str, path: str) -> None:
    """Raise `OpeningRefusedError` unless an opening is that of the seal at this path of this event."""
    if not hmac.compare_digest(commitment(opening, event_id=event_id, path=path), sealed.commitment):
        raise OpeningRefusedError(f"salt and value are not what was committed to at {path} of event {event_id}")

"""Canonical JSON (RFC 8785) and SHA-256: what is hashed, and how, everywhere in the programme."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from collections.abc import Mapping


def canonical_json(value: Any) -> bytes:
    """The RFC 8785 form of a JSON value; raises `rfc8785.CanonicalizationError` for NaN and integers beyond 2^53."""
    return rfc8785.dumps(value)


def canonical_document(value: Any) -> bytes:
    """The RFC 8785 form of a value with ASCII keys and no floats, as all documents of this library are.

    Under these two conditions RFC 8785 is what the standard library's encoder writes with sorted keys, and that one is
    fast enough for a panel of hundreds; the unit tests hold the two against each other.
    """
    return canonical_text(value).encode()


def canonical_text(value: Any) -> str:
    """The same as text, as a part of a greater document."""
    return _ENCODER.encode(value)


def canonical_object(members: Mapping[str, str]) -> str:
    """An object of members whose values are canonical text already."""
    return "{" + ",".join(f"{canonical_text(name)}:{text}" for name, text in sorted(members.items())) + "}"


# These documents never hold themselves: a search for circles would cost a sixth of the time.
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()

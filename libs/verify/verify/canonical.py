"""Canonical JSON (RFC 8785): one byte sequence for one document, so that a hash is that of the document itself.

Source: RFC 8785
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

import rfc8785

JsonValue = Any  # a JSON document as Python has it: what json.loads may return

LARGEST_INTEGER = (1 << 53) - 1
_PLAIN = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
)


class NotCanonicalError(Exception):
    """Bytes are no canonical JSON document. `offset` is the first byte that differs or cannot be read."""

    def __init__(self, reason: str, offset: int) -> None:
        """Say why, and at which byte."""
        super().__init__(f"{reason}, at byte {offset}")
        self.reason = reason
        self.offset = offset


def encode(document: JsonValue) -> bytes:
    """The canonical bytes of a document.

    Raises:
        rfc8785.CanonicalizationError: the document holds what JSON cannot, such as NaN or an integer beyond 2**53.
    """
    if not _is_plain(document):
        return rfc8785.dumps(document)
    try:
        return _PLAIN.encode(document).encode()
    except UnicodeEncodeError as error:
        raise rfc8785.CanonicalizationError(f"not Unicode: {error}") from error


def _is_plain(value: JsonValue) -> bool:
    """Whether all of it is what the standard library writes as RFC 8785 wants it, many times as fast.

    Particular to RFC 8785 are only numbers with a fraction and the order of names that are not ASCII.
    """
    if value is None or isinstance(value, str | bool):
        return True
    if isinstance(value, int):
        return abs(value) <= LARGEST_INTEGER
    if isinstance(value, dict):
        return all(isinstance(name, str) and name.isascii() and _is_plain(each) for name, each in value.items())
    return isinstance(value, list | tuple) and all(map(_is_plain, value))


def sha256_hex(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def decode(data: bytes) -> JsonValue:
    """The document whose canonical bytes these are, exactly: no other spelling, space or order is taken.

    Raises:
        NotCanonicalError: they are no JSON, name a member twice, or are not in canonical form.
    """
    document = parse(data)
    try:
        again = encode(document)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise NotCanonicalError(f"no canonical form: {error}", 0) from error
    if again != data:
        raise NotCanonicalError("not in canonical form (RFC 8785)", _first_difference(again, data))
    return document


def parse(data: bytes) -> JsonValue:
    """Any JSON document in UTF-8, in whatever form; members named twice, NaN and infinities are refused.

    Raises:
        NotCanonicalError: they are no such document.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCanonicalError("not UTF-8", error.start) from error
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise NotCanonicalError(f"not JSON: {error.msg}", len(text[: error.pos].encode())) from error
    except RecursionError as error:
        raise NotCanonicalError("nested too deep", 0) from error
    except ValueError as error:  # a number too long to convert, a member twice, a constant that is not JSON
        raise NotCanonicalError(str(error), 0) from error


def _members(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a member is named twice"
        raise ValueError(message)
    return members


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _first_difference(one: bytes, other: bytes) -> int:
    for offset, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return offset
    return min(len(one), len(other))

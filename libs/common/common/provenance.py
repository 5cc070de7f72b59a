"""Marks of where a value comes from, as words and as the contract numbers them."""

from __future__ import annotations

from typing import Final

from dokpamo.common.v1 import provenance_pb2

from common.errors import FieldInvalidError

_PREFIX: Final = "PROVENANCE_"


def mark_of(value: provenance_pb2.Provenance.ValueType) -> str:
    """Return the mark as a word: "recorded" (also where nothing is said), "published", "reconstructed", "synthetic".

    Raises `FieldInvalidError` for a number that the contract does not know.
    """
    if value == provenance_pb2.PROVENANCE_UNSPECIFIED:
        value = provenance_pb2.PROVENANCE_RECORDED
    try:
        name = provenance_pb2.Provenance.Name(value)
    except ValueError:
        raise FieldInvalidError("provenance", value, "must be a Provenance of the contract") from None
    return name.removeprefix(_PREFIX).lower()


def value_of(mark: str) -> provenance_pb2.Provenance.ValueType:
    """Return the contract's number of a mark given as a word."""
    return provenance_pb2.Provenance.Value(f"{_PREFIX}{mark.upper()}")

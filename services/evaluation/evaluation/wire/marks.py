"""Where a value comes from, as the contract numbers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.provenance import mark_of, value_of

from evaluation.domain.provenance import Provenance

if TYPE_CHECKING:
    from dokpamo.common.v1 import provenance_pb2


def to_provenance(value: provenance_pb2.Provenance.ValueType) -> Provenance:
    """Return where a value comes from, recorded where nothing is said; raise `FieldInvalidError` for an unknown one."""
    return Provenance(mark_of(value))


def from_provenance(provenance: Provenance) -> provenance_pb2.Provenance.ValueType:
    """Return `provenance` as the contract numbers it."""
    return value_of(provenance.value)

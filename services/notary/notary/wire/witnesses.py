"""Witnesses as they travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import FieldInvalidError
from common.instants import stamp
from dokpamo.notary.v1 import witness_pb2 as pb
from verify.note import KeyKind, NoteRefusedError, VerifierKey, verifier_key_of

if TYPE_CHECKING:
    from notary.domain.witness import Witness


def witness_message(witness: Witness) -> pb.Witness:
    """A witness as it travels."""
    return pb.Witness(
        verifier_key=str(witness.key),
        operator=witness.operator,
        registered_by=witness.registered_by,
        registered_at=stamp(witness.registered_at),
    )


def witness_key_of(text: str) -> VerifierKey:
    """The verifier key of a witness.

    Raises:
        FieldInvalidError: it is none, or one for other signatures.
    """
    try:
        key = verifier_key_of(text)
    except NoteRefusedError as error:
        raise FieldInvalidError("verifier_key", text, error.rule) from error
    if key.kind is not KeyKind.COSIGNATURE:
        raise FieldInvalidError("verifier_key", text, "must be a key for cosignatures, of kind 4")
    return key

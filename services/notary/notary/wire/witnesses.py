"""Witnesses as they travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import FieldInvalidError
from common.instants import stamp
from dokpamo.notary.v1 import events_pb2
from dokpamo.notary.v1 import witness_pb2 as pb
from verify.note import KeyKind, NoteRefusedError, VerifierKey, verifier_key_of

if TYPE_CHECKING:
    from notary.domain.witness import Retirement, Witness


def witness_message(witness: Witness) -> pb.Witness:
    """A witness as it travels."""
    return pb.Witness(
        verifier_key=str(witness.key),
        operator=witness.operator,
        registered_by=witness.registered_by,
        registered_at=stamp(witness.registered_at),
        retired_at=stamp(witness.retired_at) if witness.retired_at else None,
    )


def retirement_message(retirement: Retirement) -> pb.WitnessRetirement:
    """A retirement as it travels."""
    act = retirement.act
    return pb.WitnessRetirement(
        act_id=act.act_id,
        verifier_key=str(retirement.key),
        reason=act.reason,
        requested_by=act.requested_by,
        requested_at=stamp(act.requested_at),
        confirmed_by=act.confirmed_by,
        confirmed_at=stamp(act.confirmed_at) if act.confirmed_at else None,
    )


def retirement_event(done: Retirement) -> events_pb2.WitnessRetired:
    """What everyone is told of a witness that was retired."""
    return events_pb2.WitnessRetired(
        name=done.key.name,
        verifier_key=str(done.key),
        reason=done.act.reason,
        requested_by=done.act.requested_by,
        confirmed_by=done.act.confirmed_by,
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

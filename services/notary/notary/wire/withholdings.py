"""Withholdings as they travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import FieldInvalidError
from common.instants import stamp
from dokpamo.notary.v1 import events_pb2
from dokpamo.notary.v1 import withholding_pb2 as pb

from notary.domain.withholding import WithholdingKind

if TYPE_CHECKING:
    from notary.domain.withholding import Withholding

_KINDS = {
    pb.WITHHOLDING_KIND_WITHHOLD: WithholdingKind.WITHHOLD,
    pb.WITHHOLDING_KIND_RESTORE: WithholdingKind.RESTORE,
}


def withholding_kind_of(kind: pb.WithholdingKind.ValueType) -> WithholdingKind:
    """What is asked for.

    Raises:
        FieldInvalidError: it is not set, or unknown.
    """
    if kind not in _KINDS:
        raise FieldInvalidError("kind", kind, "must be WITHHOLD or RESTORE")
    return _KINDS[kind]


def withholding_message(withholding: Withholding) -> pb.Withholding:
    """A request as it travels."""
    act = withholding.act
    return pb.Withholding(
        act_id=act.act_id,
        kind=next(number for number, kind in _KINDS.items() if kind is withholding.kind),
        event_id=withholding.event_id,
        leaf_index=withholding.leaf_index,
        reason=act.reason,
        requested_by=act.requested_by,
        requested_at=stamp(act.requested_at),
        confirmed_by=act.confirmed_by,
        confirmed_at=stamp(act.confirmed_at) if act.confirmed_at else None,
    )


def withholding_event(done: Withholding, leaf_hash: bytes) -> events_pb2.EntryWithheld | events_pb2.EntryRestored:
    """What everyone is told of an entry that was withheld or given back."""
    event = events_pb2.EntryWithheld if done.kind is WithholdingKind.WITHHOLD else events_pb2.EntryRestored
    return event(
        event_id=done.event_id,
        leaf_index=done.leaf_index,
        leaf_hash=leaf_hash.hex(),
        reason=done.act.reason,
        requested_by=done.act.requested_by,
        confirmed_by=done.act.confirmed_by,
    )

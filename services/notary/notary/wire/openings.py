"""Openings and erasures as they travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.instants import stamp
from dokpamo.notary.v1 import events_pb2
from dokpamo.notary.v1 import openings_pb2 as pb
from verify import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.export import Opened

    from notary.domain.erasing import Erasure, KeptOpening


def opening_message(opened: Opened) -> pb.Opening:
    """A released opening."""
    return pb.Opening(
        leaf_index=opened.index,
        path=opened.path,
        salt=opened.opening.salt,
        value_json=canonical.encode(opened.opening.value),
    )


def sealed_value_message(kept: KeptOpening) -> pb.SealedValue:
    """A sealed value with the state of its opening."""
    if kept.opening is None:
        return pb.SealedValue(path=kept.path, seal_class=kept.seal_class, state="erased")
    return pb.SealedValue(
        path=kept.path,
        seal_class=kept.seal_class,
        state="released" if kept.released else "sealed",
        salt=kept.opening.salt,
        value_json=canonical.encode(kept.opening.value),
    )


def erasure_message(erasure: Erasure) -> pb.Erasure:
    """An erasure."""
    return pb.Erasure(
        erasure_id=erasure.act.act_id,
        event_id=erasure.event_id,
        paths=erasure.paths,
        reason=erasure.act.reason,
        requested_by=erasure.act.requested_by,
        requested_at=stamp(erasure.act.requested_at),
        confirmed_by=erasure.act.confirmed_by,
        confirmed_at=stamp(erasure.act.confirmed_at) if erasure.act.confirmed_at else None,
    )


def release_event(event_id: str, paths: Sequence[str], reason: str, person: str) -> events_pb2.OpeningsReleased:
    """What everyone is told of a release."""
    return events_pb2.OpeningsReleased(event_id=event_id, paths=paths, reason=reason, released_by=person)


def erasure_event(erasure: Erasure) -> events_pb2.OpeningsErased:
    """What everyone is told of an erasure that was done."""
    return events_pb2.OpeningsErased(
        event_id=erasure.event_id,
        paths=erasure.paths,
        reason=erasure.act.reason,
        erasure_id=erasure.act.act_id,
        requested_by=erasure.act.requested_by,
        confirmed_by=erasure.act.confirmed_by,
    )

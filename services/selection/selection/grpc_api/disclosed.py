"""What a caller may see of a decided stage: everything, or what was published to him. Every RPC that tells of one asks.

Source: design page "Selection and notary", "Stages and gates": no endpoint leaks what the profile hides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from selection import wire
from selection.domain.disclosure import SEES_ALL, viewer_of
from selection.domain.disclosure_refusal import NotReleasedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from common.database import Transaction
    from common.grpc import Call
    from dokpamo.selection.v1 import service_pb2

    from selection.domain.disclosure import Publication, Shown, Viewer


class Publications(Protocol):
    """What decides what is seen."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""

    async def shown(
        self, stage_id: str, viewer: Viewer, as_of: datetime, decision_sha256: str | None = None
    ) -> list[tuple[Publication, Shown]]:
        """What an audience was shown of a stage up to an instant, in order."""

    async def released(self, stage_id: str, decision_sha256: str) -> datetime | None:
        """Since when everything about a decision is open to everybody; `None` while it is not."""

    async def sat(self, stage_id: str, person: str) -> bool:
        """Whether somebody scored or judged in a stage."""


async def viewer_in(stage_id: str, store: Publications, call: Call) -> Viewer | None:
    """Return the audience of a stage that the caller belongs to; `None` for one who sees all."""
    actor = call.actor
    sat = "assessor" in actor.roles and await store.sat(stage_id, actor.subject)
    return viewer_of(actor.roles, actor.team, sat=sat)


class Disclosed:
    """What callers see, by what was published."""

    def __init__(self, publications: Callable[[Transaction], Publications]) -> None:
        """Look in what `publications` opens."""
        self._publications = publications

    async def is_open(self, stage_id: str, decision_sha256: str, call: Call, as_of: datetime | None = None) -> bool:
        """Whether the caller may see everything about a decision, now or as of an instant."""
        if SEES_ALL & call.actor.roles:
            return True
        released = await self._publications(call.tx).released(stage_id, decision_sha256)
        return released is not None and (as_of is None or released <= as_of)

    async def require_open(
        self, stage_id: str, decision_sha256: str, call: Call, as_of: datetime | None = None
    ) -> None:
        """Raise `NotReleasedError` unless the caller may see everything about a decision."""
        if not await self.is_open(stage_id, decision_sha256, call, as_of):
            rule = "is not open to everybody yet; what was published of it is in GetView"
            raise NotReleasedError("stage_id", stage_id, rule)

    async def stage(
        self, message: service_pb2.Stage, decision_sha256: str, call: Call, as_of: datetime | None = None
    ) -> service_pb2.Stage:
        """Return a stage as the caller may see it; `decision_sha256` is empty before there is a decision."""
        if not decision_sha256 or await self.is_open(message.stage_id, decision_sha256, call, as_of):
            return message
        store = self._publications(call.tx)
        viewer = await viewer_in(message.stage_id, store, call)
        if viewer is None:
            return message
        shown = await store.shown(message.stage_id, viewer, as_of or store.now, decision_sha256)
        return wire.withheld(message, [each.document for _, each in shown])

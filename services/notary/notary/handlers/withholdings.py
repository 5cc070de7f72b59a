"""Withhold an entry's content and give it back, by two people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from verify.entry import decode
from verify.tree import Coordinate

from notary.domain.extent import require_entry
from notary.domain.two_person import Act, require_reason
from notary.domain.withholding import (
    Withholding,
    WithholdingKind,
    WithholdingUnknownError,
    require_possible,
    require_withholdable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from notary.handlers.log import Log


class Withholdings(Protocol):
    """What the use cases need kept, in one transaction."""

    async def lock(self) -> None:
        """Let nobody else change a withholding before this transaction ends."""

    async def in_force(self, indexes: Sequence[int]) -> Mapping[int, Withholding]:
        """Which of these entries are withheld, each with the act by which it is."""

    async def waiting(self, event_id: str, now: datetime) -> bool:
        """Whether a request about this entry waits for its confirmation."""

    async def keep(self, asked: Withholding) -> None:
        """Keep a request."""

    async def get(self, act_id: str) -> Withholding | None:
        """A request; `None` where none has this id."""

    async def confirm(self, done: Withholding) -> None:
        """Keep that a request was confirmed."""

    async def tell(self, done: Withholding, leaf_hash: bytes) -> None:
        """Say in an event that an entry was withheld or given back."""

    async def all(self, after: int, limit: int) -> tuple[list[Withholding], int | None]:
        """Up to `limit` requests after a position, oldest first, and the position of the next page."""


async def request_withholding(
    kind: WithholdingKind, event_id: str, act: Act, log: Log, withholdings: Withholdings
) -> Withholding:
    """Ask that an entry's content be withheld or given back; it is when another person confirms it.

    Raises:
        NotLoggedError: the log has no entry of this event.
        TwoPersonRuleBrokenError: there is no reason, or the entry is already as it is asked to be.
    """
    index = require_entry(event_id, await log.index_of(event_id))
    require_withholdable(event_id, decode(await log.leaf_of(event_id)).type)
    await withholdings.lock()
    withheld = index in await withholdings.in_force([index])
    waits = await withholdings.waiting(event_id, act.requested_at)
    require_possible(kind, event_id, withheld=withheld, waiting=waits)
    asked = Withholding(replace(act, reason=require_reason(act.reason)), kind, event_id, index)
    await withholdings.keep(asked)
    return asked


async def confirm_withholding(
    act_id: str, person: str, now: datetime, log: Log, withholdings: Withholdings
) -> Withholding:
    """Do what another person asked for, and say so in an event.

    Raises:
        TwoPersonRuleBrokenError: there is no such request, it is done or lapsed, or it was this person's own.
    """
    await withholdings.lock()
    asked = await withholdings.get(act_id)
    if asked is None:
        raise WithholdingUnknownError("act_id", act_id, "must be that of a request")
    done = replace(asked, act=asked.act.confirmed(person, now))
    withheld = done.leaf_index in await withholdings.in_force([done.leaf_index])
    require_possible(done.kind, done.event_id, withheld=withheld, waiting=False)
    await withholdings.confirm(done)
    leaf = Coordinate(0, done.leaf_index)
    await withholdings.tell(done, (await log.nodes([leaf]))[leaf])
    return done

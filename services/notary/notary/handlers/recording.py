"""Take events into the log."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from verify import entry as log_entry
from verify.sealing import SALT_BYTES

from notary.domain.admission import require_same_event
from notary.domain.sealing import Recorded, sealed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notary.domain.sealing import Arrived
    from notary.handlers.log import Log
    from notary.handlers.openings import Openings


async def record(events: Sequence[Arrived], log: Log, openings: Openings) -> None:
    """Take events into the log, each once; their places are given soon after by `sequence`, in this order.

    Salts are drawn when an event is recorded and kept: one that arrives again has the entry that it had.

    Raises:
        EventRewrittenError: the log has one of these events with another content.
    """
    first: dict[str, Recorded] = {}
    for event in events:
        recorded = sealed(event, _salt)
        require_same_event(recorded, first.setdefault(event.event_id, recorded))
    added = await log.add({event_id: recorded.entry.encode() for event_id, recorded in first.items()})
    new = [recorded for event_id, recorded in first.items() if event_id in added]
    await openings.keep([recorded for recorded in new if recorded.openings])
    await openings.end({recorded.ends: recorded.entry.event_id for recorded in new if recorded.ends is not None})
    for event_id in first.keys() - added:
        require_same_event(first[event_id], await _known(event_id, log, openings))


async def _known(event_id: str, log: Log, openings: Openings) -> Recorded:
    kept = await openings.of(event_id)
    entry = log_entry.decode(await log.leaf_of(event_id))
    return Recorded(entry, {path: each.opening for path, each in kept.items() if each.opening is not None})


def _salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)

"""Take events into the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import entry as log_entry

from notary.domain.admission import require_same_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.entry import Entry

    from notary.handlers.log import Log


async def record(entries: Sequence[Entry], log: Log) -> None:
    """Take events into the log, each once; their places are given soon after by `sequence`, in this order.

    Raises:
        EventRewrittenError: the log has one of these events with another content.
    """
    first: dict[str, Entry] = {}
    for entry in entries:
        require_same_event(entry, first.setdefault(entry.event_id, entry))
    added = await log.add({event_id: entry.encode() for event_id, entry in first.items()})
    for event_id in first.keys() - added:
        require_same_event(first[event_id], log_entry.decode(await log.leaf_of(event_id)))

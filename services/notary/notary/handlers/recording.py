"""Take events into the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import entry as log_entry

from notary.domain.admission import require_same_event

if TYPE_CHECKING:
    from verify.entry import Entry

    from notary.handlers.log import Log


async def record(entry: Entry, log: Log) -> None:
    """Take an event into the log, once; its place is given soon after by `sequence`.

    Raises:
        EventRewrittenError: the log has this event with another content.
    """
    if await log.add(entry.event_id, entry.encode()):
        return
    require_same_event(entry, log_entry.decode(await log.leaf_of(entry.event_id)))

"""When the head is signed anew: the log has grown, all that arrived has its place, and the interval has passed.

The interval is of real time, also under a replay's virtual clock, which stands still when the programme does: the last
events would otherwise never be covered by a head. Waiting for a place for everything keeps heads few while a burst
arrives, but no longer than `PATIENCE` intervals, so that a stream without end is covered as well.

Source: design page "Selection and notary", "Notary": signed tree heads at an interval
"""

from __future__ import annotations

from dataclasses import dataclass

PATIENCE = 5


@dataclass(frozen=True, slots=True)
class LogState:
    """What the decision needs to know."""

    tree_size: int
    """Entries in the tree."""
    signed_size: int
    """Entries that the newest signed head covers."""
    pending: int
    """Events that have no place in the tree yet."""


def head_is_due(state: LogState, *, waited_seconds: float, interval_seconds: float) -> bool:
    """Whether a head is to be signed, `waited_seconds` of real time after the last one."""
    if state.tree_size == state.signed_size or waited_seconds < interval_seconds:
        return False
    return state.pending == 0 or waited_seconds >= PATIENCE * interval_seconds

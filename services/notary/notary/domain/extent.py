"""A proof may be asked for of entries and sizes that the log has, and of no other.

Source: RFC 6962, 4.4 and 4.5
"""

from __future__ import annotations


class NotLoggedError(Exception):
    """The log has no such entry, size or proof."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Name the request's field, its value and the rule it breaks."""
        super().__init__(f"{field} {value}: {rule}")
        self.field = field
        self.value = str(value)
        self.rule = rule


def extent(field: str, size: int, *, grown: int, signed: int | None) -> int:
    """The size of the tree to prove something in; 0 asks for that of the newest signed head.

    Raises:
        NotLoggedError: no head is signed yet, or the log is not that long.
    """
    if size == 0 and signed is None:
        raise NotLoggedError(field, size, "no head is signed yet")
    if size > grown:
        raise NotLoggedError(field, size, f"the log has {grown} entries")
    return size or signed or 0


def require_leaf(index: int, size: int) -> None:
    """Raise `NotLoggedError` where the tree of `size` entries has no such leaf."""
    if index >= size:
        raise NotLoggedError("leaf_index", index, f"the tree of {size} entries does not hold it")


def require_order(first: int, second: int) -> None:
    """Raise `NotLoggedError` unless the first tree has an entry and is no larger than the second."""
    if not 0 < first <= second:
        raise NotLoggedError("first", first, f"must be from 1 to {second}")


def require_entry(event_id: str, index: int | None) -> int:
    """The place of an event.

    Raises:
        NotLoggedError: it has none.
    """
    if index is None:
        raise NotLoggedError("event_id", event_id, "the log has no entry of this event")
    return index

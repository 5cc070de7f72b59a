"""JSON pointers (RFC 6901): how the place of a sealed value in an entry is named, as in "/payload/rows/0/value".

Source: RFC 6901
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.canonical import JsonValue

_POINTER = re.compile(r"(/([^~/]|~[01])*)+")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class PlaceRefusedError(Exception):
    """A path cannot be filled in a document. `rule` says why."""

    def __init__(self, path: str, rule: str) -> None:
        """Name the path and the requirement that it fails."""
        super().__init__(f"{path!r}: {rule}")
        self.path = path
        self.rule = rule


def pointer(tokens: Iterable[str | int]) -> str:
    """The pointer to the place that these names and indexes lead to."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def tokens_of(path: str) -> tuple[str, ...]:
    """The names and indexes of a pointer.

    Raises:
        PlaceRefusedError: it is none.
    """
    if not _POINTER.fullmatch(path):
        raise PlaceRefusedError(path, "is no JSON pointer (RFC 6901)")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in path[1:].split("/"))


def order_of(path: str) -> tuple[tuple[int, str], ...]:
    """A key that puts the elements of a list in the order of their indexes.

    Raises:
        PlaceRefusedError: it is no pointer.
    """
    return tuple((len(token) if _INDEX.fullmatch(token) else 0, token) for token in tokens_of(path))


def put(document: dict[str, JsonValue], path: str, value: JsonValue) -> None:
    """Put a value at a place of a document that has none there; elements of a list that is not there make it, in order.

    Raises:
        PlaceRefusedError: there is no such place, or it has a value.
    """
    *above, last = tokens_of(path)
    node: Any = document
    for depth, token in enumerate(above, start=1):
        if isinstance(node, dict) and token not in node and depth == len(above) and _INDEX.fullmatch(last):
            node[token] = []
        node = _child(node, token, path)
    if isinstance(node, dict) and last not in node:
        node[last] = value
    elif isinstance(node, list) and last == str(len(node)):
        node.append(value)
    else:
        raise PlaceRefusedError(path, "leads to no place, or to one that has a value")


def _child(node: JsonValue, token: str, path: str) -> JsonValue:
    if isinstance(node, dict) and token in node:
        return node[token]
    if isinstance(node, list) and _INDEX.fullmatch(token) and int(token) < len(node):
        return node[int(token)]
    raise PlaceRefusedError(path, "leads to no place")

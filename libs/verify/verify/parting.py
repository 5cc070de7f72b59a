"""Where two JSON documents part: each place by names that people know, with what was expected and what is there.

A list of objects that name a team, a part, a gate and the like is compared by these names, so that one score that
differs is one difference, whatever its place in a ranking.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.canonical import JsonValue

NAMES = ("id", "team", "part", "gate", "source", "criterion", "step", "operator")
"""Members that name an object in a list, each alone."""
MOST = 20
"""So many differences of one document are told."""
LONGEST = 80
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two documents part."""

    place: str
    """As `table[team gamma].parts[part plan].points`."""
    expected: str
    found: str

    def __str__(self) -> str:
        """What is there, and what was expected, in words."""
        return f"{self.found} here, {self.expected} expected"


def partings(expected: JsonValue, found: JsonValue) -> list[Difference]:
    """The first places at which a document is not the one that was expected; empty where they are equal."""
    different = []
    for difference in _walk("", expected, found):
        different.append(difference)
        if len(different) == MOST:
            break
    return different


def _walk(place: str, expected: JsonValue, found: JsonValue) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted(expected.keys() | found.keys(), key=str):
            inner = f"{place}.{name}" if place else str(name)
            yield from _walk(inner, expected.get(name, _NOTHING), found.get(name, _NOTHING))
        return
    if isinstance(expected, list) and isinstance(found, list):
        yield from _walk_lists(place, expected, found)
        return
    if type(expected) is not type(found) or expected != found:
        yield Difference(place, _shown(expected), _shown(found))


def _walk_lists(place: str, expected: list[JsonValue], found: list[JsonValue]) -> Iterator[Difference]:
    ours, theirs = _named(expected), _named(found)
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        yield from _walk(f"{place}[{name}]", ours.get(name, _NOTHING), theirs.get(name, _NOTHING))
    if not place:
        return
    shared = [name for name in ours if name in theirs]
    if shared != [name for name in theirs if name in ours]:
        yield Difference(place, ", ".join(shared), ", ".join(name for name in theirs if name in ours))


def _named(items: list[JsonValue]) -> dict[str, JsonValue]:
    """The items by name, or by number where they have no names of their own."""
    for name in NAMES:
        if all(isinstance(item, dict) and isinstance(item.get(name), str) for item in items):
            named = {f"{name} {item[name]}": item for item in items}
            if len(named) == len(items):
                return named
    return {str(number): item for number, item in enumerate(items)}


def _shown(value: JsonValue) -> str:
    if value is _NOTHING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

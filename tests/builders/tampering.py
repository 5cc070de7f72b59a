"""One value of a JSON document changed as a forger may: near, far, null, of another kind, gone, doubled or swapped."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from verify import canonical, layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Step = str | int
NEAR, FAR, NULL, KIND, MISSING, EXTRA, SWAPPED = "near", "far", "null", "kind", "missing", "extra", "swapped"
OTHERS = (FAR, NULL, KIND, MISSING)
"""Beside the nearest other value, what else may become of a value."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the value at a place: of a list or object the last step is one of its own for `SWAPPED`."""

    steps: tuple[Step, ...]
    kind: str

    def __str__(self) -> str:
        """The place, and what becomes of it."""
        return f"{'.'.join(map(str, self.steps)) or 'the whole'} {self.kind}"


def near_changes(document: Any) -> Iterator[Change]:
    """Every value that is no list or object, each with the nearest other value."""
    yield from (Change(steps, NEAR) for steps, value in _nodes(document) if not isinstance(value, dict | list))


def structural_changes(document: Any, turn: int) -> Iterator[Change]:
    """Each value once more, in another way, and each list and object: which way is by `turn`, so that four see all."""
    for number, (steps, value) in enumerate(_nodes(document)):
        if isinstance(value, dict | list):
            yield from _of_container(steps, value, number + turn)
        if steps:
            yield Change(steps, OTHERS[(number + turn) % len(OTHERS)])


def _of_container(steps: tuple[Step, ...], value: Any, turn: int) -> Iterator[Change]:
    yield Change(steps, EXTRA)
    places: list[Step] = sorted(value) if isinstance(value, dict) else list(range(len(value)))
    pairs = [one for one, other in pairwise(places) if value[one] != value[other]]
    if pairs:
        yield Change((*steps, pairs[turn % len(pairs)]), SWAPPED)


def _nodes(value: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    yield steps, value
    if isinstance(value, dict | list):
        members: Any = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in members:
            yield from _nodes(inner, (*steps, name))


def at(document: Any, steps: tuple[Step, ...]) -> Any:
    """The value at a place."""
    for step in steps:
        document = document[step]
    return document


def changed(document: Any, change: Change) -> Any:
    """The document, itself changed."""
    if change.kind == EXTRA:
        _more(at(document, change.steps))
        return document
    holder, last = at(document, change.steps[:-1]), change.steps[-1]
    if change.kind == SWAPPED:
        places: list[Step] = sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))
        other = places[places.index(last) + 1]
        holder[last], holder[other] = holder[other], holder[last]
    elif change.kind == MISSING:
        del holder[last]
    else:
        holder[last] = _OTHERWISE[change.kind](holder[last])
    return document


def near(value: Any) -> Any:
    """Another value of the same kind, as near as can be: the last digit of a number or an instant."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 1
    if value and (digits := re.search(r"\d(?=\D*$)", value)):
        return value[: digits.start()] + str((int(digits[0]) + 1) % 10) + value[digits.end() :]
    return value + "x"


def _far(value: Any) -> Any:
    """Another value of the same kind, far away; of a list or object an empty one."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return -value - 1_000_000
    if isinstance(value, str):
        return "" if value else "x" * 100
    return type(value)() or [None]


def _of_another_kind(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9]\d{0,14})", value):
        return int(value)
    return str(value) if type(value) is int else [value]


def _more(value: Any) -> None:
    if isinstance(value, dict):
        value["more"] = "x"
    else:
        value.append(json.loads(json.dumps(value[0])) if value else "x")


_OTHERWISE = {NEAR: near, FAR: _far, NULL: lambda value: 0 if value is None else None, KIND: _of_another_kind}


def fitting(files: Mapping[str, bytes], *tampered: str) -> dict[str, bytes]:
    """The files with a manifest that fits these, as somebody makes it who has no key."""
    manifest = json.loads(files[layout.MANIFEST])
    for row in manifest["files"]:
        if row["path"] in tampered:
            data = files[row["path"]]
            row |= {"size": len(data), "sha256": canonical.sha256_hex(data)}
    return {**files, layout.MANIFEST: canonical.encode(manifest)}


def names_around(document: Any, steps: tuple[Step, ...]) -> Iterator[str]:
    """The team, part or other name of each object of a list on the way, unless it is the name that is changed."""
    for step, following in zip(steps, (*steps[1:], ""), strict=True):
        document = document[step]
        if isinstance(step, int) and isinstance(document, dict):
            yield from (document[name] for name in ("id", "team") if name in document and name != following)

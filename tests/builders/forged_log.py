"""A log in which whoever has the key says something else: events changed, left out, doubled or put elsewhere.

Everything that can be made to fit is: seals, tree, heads, checkpoint, tiles, receipts' proofs and manifest. What stays
as it was are the documents that were published, and every event but one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import UUID

from verify import entry as log_entry
from verify import pointer, told
from verify.check import check_files
from verify.checkpoint import sign_checkpoint
from verify.export import Opened, write
from verify.findings import Report
from verify.folder import read
from verify.sealing import Opening, seal

from tests.builders.programme_record import programme_record
from tests.builders.public_record import heads_over, private_key
from tests.builders.tampering import NEAR, Change, changed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.entry import Entry
    from verify.export import Record


@dataclass(frozen=True, slots=True)
class Event:
    """An entry with everything that opens it."""

    entry: Entry
    openings: Mapping[str, Opening]

    def document(self) -> Any:
        """Its content as JSON, as far as it is open."""
        content = json.loads(json.dumps(dict(self.entry.content)))
        for path in sorted(self.openings, key=pointer.order_of):
            pointer.put(content, path, self.openings[path].value)
        return content

    def with_change(self, change: Change) -> Event:
        """The event with another value, sealed anew where it was sealed."""
        content, openings = json.loads(json.dumps(dict(self.entry.content))), dict(self.openings)
        tokens = tuple(map(str, change.steps))
        for path, opening in self.openings.items():
            above = pointer.tokens_of(path)
            if tokens[: len(above)] == above:
                inside = replace(change, steps=("value", *change.steps[len(above) :]))
                value = changed({"value": json.loads(json.dumps(opening.value))}, inside)
                openings[path] = Opening(opening.salt, value.get("value"))
                break
        else:
            changed(content, change)
        return _sealed(replace(self.entry, content=content), openings)

    def again(self, number: int) -> Event:
        """The same said once more by another event."""
        event_id = str(UUID(int=10_000_000 + number))
        content = {**self.entry.content}
        if "place" in content:
            content["place"] = {**content["place"], "offset": content["place"]["offset"] + 1_000_000}
        return _sealed(replace(self.entry, event_id=event_id, content=content), self.openings)


def _sealed(entry: Entry, openings: Mapping[str, Opening]) -> Event:
    """The event with seals that fit its openings."""
    sealed = {
        path: seal(openings[path], each.seal_class, event_id=entry.event_id, path=path) if path in openings else each
        for path, each in entry.sealed.items()
    }
    return Event(replace(entry, sealed=sealed), openings)


def events_of(record: Record) -> list[Event]:
    """The events of a record's log."""
    openings: dict[int, dict[str, Opening]] = {}
    for opened in record.openings:
        openings.setdefault(opened.index, {})[opened.path] = opened.opening
    entries = [leaf for leaf in record.entries if isinstance(leaf, bytes)]
    return [Event(log_entry.decode(leaf), openings.get(index, {})) for index, leaf in enumerate(entries)]


def forged(record: Record, events: Sequence[Event]) -> Record:
    """The record with this log in the place of its own, signed by the notary's key."""
    leaves = [event.entry.encode() for event in events]
    key = private_key()
    sizes = sorted({min(signed.head.tree_size, len(leaves)) for signed in record.heads} | {len(leaves)})
    heads = heads_over(leaves, sizes, key)
    return replace(
        record,
        entries=tuple(leaves),
        heads=heads,
        checkpoint=sign_checkpoint(heads[-1].head, key).encode(),
        openings=[
            Opened(index, path, opening)
            for index, event in enumerate(events)
            for path, opening in event.openings.items()
        ],
    )


def said_of(record: Record) -> Report:
    """What a check says of a record."""
    with TemporaryDirectory() as name:
        write(record, Path(name) / "export")
        report = Report()
        return check_files(read(Path(name) / "export", report), report)


def read_values(event: Event) -> Iterator[tuple[str | int, ...]]:
    """The place of every value of an event that a check reads, by the shape of `verify.told`."""
    shape = told.READ.get(event.entry.type)
    payload = event.document().get("payload")
    if shape is not None and payload is not None:
        yield from _read(payload, shape, ("payload",))


def _read(value: Any, shape: Any, steps: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(shape, dict):
        for name, inner in shape.items():
            if isinstance(value, dict) and name in value:
                yield from _read(value[name], inner, (*steps, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _read(each, shape[0] if isinstance(shape, list) else told.TEXT, (*steps, number))
    elif value is not None:
        yield steps


@cache
def programme() -> tuple[Record, list[Event]]:
    """The model programme's record and the events of its log."""
    record = programme_record()
    return record, events_of(record)


Forgery = tuple[tuple[int, Change], ...]
"""Changes of events by their index."""


def missed(record: Record, events: Sequence[Event], forgery: Forgery) -> list[str]:
    """Which of these changes of events a check says nothing of, by what it must name."""
    told_otherwise = list(events)
    for index, change in forgery:
        told_otherwise[index] = told_otherwise[index].with_change(change)
    said = [f"{finding} " for finding in said_of(forged(record, told_otherwise)).findings]
    return [
        f"entry {index}, {events[index].entry.type.rpartition('.')[2]} {change}: went unnoticed"
        for index, change in forgery
        if not any(all(word in each for word in _words(events[index], change)) for each in said)
    ]


def missed_in_programme(forgery: Forgery) -> list[str]:
    """As `missed`, of the model programme."""
    return missed(*programme(), forgery)


def _words(event: Event, change: Change) -> list[str]:
    """What a finding must name of a score: assessor, team and criterion. Of any other value, anything."""
    match change.steps:
        case ("payload", "rows", int(number), "value"):
            payload = event.document()["payload"]
            row = payload["rows"][number]
            return [*filter(None, [payload.get("assessor_id")]), row["team_id"], row["criterion"]]
    return []


def missed_without(index: int) -> list[str]:
    """What a check says nothing of where an event of the model programme is left out of the log."""
    record, events = programme()
    report = said_of(forged(record, [*events[:index], *events[index + 1 :]]))
    return [] if report.findings else [f"entry {index}, {events[index].entry.type}: its absence went unnoticed"]


def forgeries(events: Sequence[Event]) -> Iterator[Forgery]:
    """The nearest other value of each that is read, one at a time; of scores, the nth of every event at once."""
    scores: dict[int, list[tuple[int, Change]]] = defaultdict(list)
    for index, event in enumerate(events):
        for steps in read_values(event):
            change = Change(steps, NEAR)
            if steps[:2] == ("payload", "rows") and steps[-1] == "value":
                scores[int(steps[2])].append((index, change))
            elif steps[:2] != ("payload", "rows") and steps[-1] != "call_id":  # no stage says by which call it came
                yield ((index, change),)
    yield from map(tuple, scores.values())

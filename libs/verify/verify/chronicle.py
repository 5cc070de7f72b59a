"""What the log says, as far as a checker reads it: what decisions and receipts rest on, and what of it is sealed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import rules
from rules.violations import DocumentRefusedError

from verify import embargo, told
from verify.fields import Fields, NotOpenError, PayloadRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from verify.entry import Entry
    from verify.sealing import Opening, SealClass


@dataclass(frozen=True, slots=True)
class Logged:
    """An event that is read, with its place in the log."""

    index: int
    entry: Entry
    fields: Fields


@dataclass(frozen=True, slots=True)
class StillSealed:
    """A sealed value without an opening."""

    index: int
    event_id: str
    path: str
    seal_class: SealClass
    embargo: str | None
    """What it is under, as far as the entry says."""


@dataclass(slots=True)
class Chronicle:
    """The events that are read, by type, in order of the log."""

    events: dict[str, list[Logged]] = field(default_factory=lambda: defaultdict(list))
    unreadable: list[int] = field(default_factory=list)
    """Places of entries of these types whose payload is no such message."""
    unopened: list[StillSealed] = field(default_factory=list)
    """Every sealed value that has no opening, of events of any type."""
    hidden: list[tuple[int, str]] = field(default_factory=list)
    """Entries with a field that is read and sealed otherwise than the contract says, so that it might be kept back."""
    ended: dict[str, int] = field(default_factory=dict)
    """Embargoes that have ended, each with the entry that first ended it."""
    latest: datetime | None = None
    """The latest instant at which an event was raised, as the services say (UTC)."""
    _erasable: set[tuple[str, str]] = field(default_factory=set)
    """Event and path of every sealed value that may be erased."""
    _erased: set[tuple[str, str]] = field(default_factory=set)
    """Event and path of every sealed value of which the log tells that its opening was erased."""

    def add(self, index: int, entry: Entry, openings: Mapping[str, Opening]) -> None:
        """Take note of an entry, with the openings of it that hold.

        One of a type that is read whose payload cannot be is in the log, since everything is, and was parked by all who
        listen: it had no effect, so it is no part of what the log says. Nor is one that came by a topic of another
        service, where nobody listens for it: who has broken into one service cannot speak for another.
        """
        self._note_seals(index, entry, openings)
        self.latest = entry.time if self.latest is None else max(self.latest, entry.time)
        ended = embargo.ended_by(entry)
        if ended is not None:
            self.ended.setdefault(ended, index)
        if entry.type not in told.READ:
            return
        if not entry.topic.startswith(_topics_of(entry.type)):
            self.unreadable.append(index)
            return
        payload = entry.opened(openings)["payload"]
        if not isinstance(payload, dict):
            self.unreadable.append(index)
            return
        message = Fields(payload)
        try:
            _require_shape(message, told.READ[entry.type], _paths_sealed_rightly(entry))
        except PayloadRefusedError:
            self.unreadable.append(index)
        except NotOpenError as error:
            self.hidden.append((index, error.unopened.path))
        else:
            logged = Logged(index, entry, message)
            self.events[entry.type].append(logged)
            if entry.type == told.OPENINGS_ERASED:
                self._erased.update(_erased_in(logged))

    def _note_seals(self, index: int, entry: Entry, openings: Mapping[str, Opening]) -> None:
        under = embargo.embargo_of(entry)
        for path, seal in entry.sealed.items():
            if seal.seal_class.erasable:
                self._erasable.add((entry.event_id, path))
            if path not in openings:
                self.unopened.append(StillSealed(index, entry.event_id, path, seal.seal_class, under))

    def of(self, event_type: str) -> list[Logged]:
        """All events of a type."""
        return self.events.get(event_type, [])

    def of_stage(self, event_type: str, stage_id: str) -> list[Logged]:
        """Events of a type about this stage."""
        return [event for event in self.of(event_type) if event.fields.text("stage_id") == stage_id]

    def final_decisions(self) -> dict[str, Logged]:
        """The decision that stands, by stage: the last one that became final."""
        return {event.fields.text("stage_id"): event for event in self.of(told.DECISION_FINALIZED)}

    def is_released(self, stage_id: str) -> bool:
        """Whether the results of a stage were released, so that what was blind of it is open."""
        return embargo.of_stage(stage_id) in self.ended

    def pending_decisions(self) -> dict[str, list[Logged]]:
        """Versions of a stage's decision that the log has after its final one, or without one, in order of the log."""
        final, found = self.final_decisions(), defaultdict[str, list[Logged]](list)
        for event in self.of(told.DECISION_PROVISIONAL):
            stage_id = event.fields.text("stage_id")
            # Both are events of one stage, so that the log has them in the order in which they happened.
            if stage_id not in final or event.index > final[stage_id].index:
                found[stage_id].append(event)
        return found

    def rule_sets(self) -> dict[str, Logged]:
        """Publications of rule sets by hash; the first publication of a hash counts."""
        found: dict[str, Logged] = {}
        for event in self.of(told.RULE_SET_PUBLISHED):
            found.setdefault(event.fields.text("rule_set_sha256"), event)
        return found

    def rule_set(self, sha256: str) -> rules.RuleSet | None:
        """The rule set of this hash as it was published; nothing where the log has none, or none that can be read."""
        published = self.rule_sets().get(sha256)
        if published is None:
            return None
        try:
            return rules.rule_set_from_json(published.fields.blob("rule_set_json"))
        except DocumentRefusedError:
            return None  # noted with the rule sets

    def opening_of(self, final: Logged) -> Logged | None:
        """How the stage of a final decision opened last before it; nothing where the log does not say."""
        opened = self.of_stage(told.STAGE_OPENED, final.fields.text("stage_id"))
        return next((event for event in reversed(opened) if event.entry.time <= final.entry.time), None)

    def applications(self) -> dict[tuple[str, int], Logged]:
        """Submissions by application id and version."""
        return {
            (event.fields.text("application_id"), event.fields.message("receipt").integer("version")): event
            for event in self.of(told.APPLICATION_SUBMITTED)
        }

    def is_erased(self, value: StillSealed) -> bool:
        """Whether the log tells that the opening of this value was erased, and it was of a class that may be."""
        return value.seal_class.erasable and (value.event_id, value.path) in self._erased

    def unlawful_erasures(self) -> list[Logged]:
        """Erasures of what is not there, or may not be erased."""
        return [event for event in self.of(told.OPENINGS_ERASED) if not set(_erased_in(event)) <= self._erasable]


def version_number(event: Logged) -> int:
    """The version that an event of a decision is about; the first of a log that was written before there were any."""
    return max(event.fields.integer("version"), 1)


def _topics_of(event_type: str) -> str:
    """How the topics of the service begin whose event this is: "dokpamo.selection." for "dokpamo.selection.v1.X"."""
    return event_type[: event_type.rindex(".v1.") + 1]


def _erased_in(event: Logged) -> Iterator[tuple[str, str]]:
    return ((event.fields.text("event_id"), path) for path in event.fields.texts("paths"))


def _paths_sealed_rightly(entry: Entry) -> set[str]:
    rightly = told.SEALED.get(entry.type, {})
    return {path for path, seal in entry.sealed.items() if rightly.get(path) == seal.seal_class}


def _require_shape(message: Fields, shape: told.Shape, rightly: set[str]) -> None:
    """Read every field once, so that an event that cannot be read is known when it is met.

    Raises:
        PayloadRefusedError: a field is not of its kind.
        NotOpenError: a field is sealed that is not `rightly`.
    """
    for name, kind in shape.items():
        try:
            if isinstance(kind, dict):
                _require_shape(message.message(name), kind, rightly)
            elif isinstance(kind, list):
                for each in message.messages(name):
                    _require_shape(each, kind[0], rightly)
            else:
                getattr(message, kind)(name)
        except NotOpenError as error:
            if error.unopened.path not in rightly:
                raise

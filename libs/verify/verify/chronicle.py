"""What the log says, as far as a checker reads it: the events that decisions and receipts rest on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify import fields

if TYPE_CHECKING:
    from verify.entry import Entry
    from verify.fields import Fields

APPLICATION_SUBMITTED = "dokpamo.intake.v1.ApplicationSubmitted"
RULE_SET_PUBLISHED = "dokpamo.selection.v1.RuleSetPublished"
RULE_SET_FROZEN = "dokpamo.selection.v1.RuleSetFrozen"
STAGE_OPENED = "dokpamo.selection.v1.StageOpened"
GATE_VERDICT_RECORDED = "dokpamo.selection.v1.GateVerdictRecorded"
DECISION_PROVISIONAL = "dokpamo.selection.v1.DecisionProvisional"
DECISION_FINALIZED = "dokpamo.selection.v1.DecisionFinalized"
SCORE_SHEET_SUBMITTED = "dokpamo.evaluation.v1.ScoreSheetSubmitted"
MEASUREMENTS_RECORDED = "dokpamo.evaluation.v1.MeasurementsRecorded"
_TEXTS: dict[str, tuple[tuple[int, ...], dict[int, tuple[int, ...]]]] = {
    APPLICATION_SUBMITTED: ((1,), {2: (1, 3)}),
    RULE_SET_PUBLISHED: ((1,), {}),
    RULE_SET_FROZEN: ((1,), {}),
    STAGE_OPENED: ((1, 2, 3), {}),
    GATE_VERDICT_RECORDED: ((1, 2, 3, 5, 6), {}),
    DECISION_PROVISIONAL: ((1, 2, 3, 4), {}),
    DECISION_FINALIZED: ((1, 2, 3, 4, 5), {6: (1, 2, 3)}),
    SCORE_SHEET_SUBMITTED: ((2, 3, 4), {5: (1, 2, 3)}),
    MEASUREMENTS_RECORDED: ((1, 2), {3: (1, 2, 3)}),
}
"""The events that are read: numbers of their text fields, and of those of the messages inside them."""


@dataclass(frozen=True, slots=True)
class Logged:
    """An event that is read, with its place in the log."""

    index: int
    entry: Entry
    fields: Fields


@dataclass(slots=True)
class Chronicle:
    """The events that are read, by type, in order of the log."""

    events: dict[str, list[Logged]] = field(default_factory=lambda: defaultdict(list))
    unreadable: list[int] = field(default_factory=list)
    """Places of entries of these types whose payload is no such message."""

    def add(self, index: int, entry: Entry) -> None:
        """Take note of an entry, if its type is read and its payload can be.

        One that cannot be read is in the log, since everything is, and was parked by all who listen: it had no effect,
        so it is no part of what the log says.
        """
        if entry.type not in _TEXTS:
            return
        try:
            message = fields.read(entry.payload)
            _read_texts(entry.type, message)
        except fields.PayloadRefusedError:
            self.unreadable.append(index)
        else:
            self.events[entry.type].append(Logged(index, entry, message))

    def of(self, event_type: str) -> list[Logged]:
        """All events of a type."""
        return self.events.get(event_type, [])

    def of_stage(self, event_type: str, stage_id: str, number: int = 1) -> list[Logged]:
        """Events of a type whose field `number` is this stage."""
        return [event for event in self.of(event_type) if event.fields.text(number) == stage_id]

    def final_decisions(self) -> dict[str, Logged]:
        """The decision that stands, by stage: the last one that became final."""
        return {event.fields.text(1): event for event in self.of(DECISION_FINALIZED)}

    def rule_sets(self) -> dict[str, Logged]:
        """Publications of rule sets by hash; the first publication of a hash counts."""
        found: dict[str, Logged] = {}
        for event in self.of(RULE_SET_PUBLISHED):
            found.setdefault(event.fields.text(1), event)
        return found

    def applications(self) -> dict[tuple[str, int], Logged]:
        """Submissions by application id and version."""
        return {(e.fields.text(1), e.fields.message(2).integer(2)): e for e in self.of(APPLICATION_SUBMITTED)}


def _read_texts(event_type: str, message: Fields) -> None:
    """Read every text once, so that an event that cannot be read is known when it is met."""
    texts, inside = _TEXTS[event_type]
    for number in texts:
        message.texts(number)
    for number, inner in inside.items():
        for each in message.messages(number):
            for text in inner:
                each.texts(text)
    if event_type == APPLICATION_SUBMITTED:
        message.message(2).microseconds(4)

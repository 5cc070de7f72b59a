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
READ = frozenset(
    {
        APPLICATION_SUBMITTED,
        RULE_SET_PUBLISHED,
        RULE_SET_FROZEN,
        STAGE_OPENED,
        GATE_VERDICT_RECORDED,
        DECISION_PROVISIONAL,
        DECISION_FINALIZED,
        SCORE_SHEET_SUBMITTED,
        MEASUREMENTS_RECORDED,
    }
)


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

    def add(self, index: int, entry: Entry) -> None:
        """Take note of an entry, if its type is read.

        Raises:
            PayloadRefusedError: its payload is no protobuf message.
        """
        if entry.type in READ:
            self.events[entry.type].append(Logged(index, entry, fields.read(entry.payload)))

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

"""What the log says, as far as a checker reads it: what decisions and receipts rest on, and what of it is sealed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from verify import embargo
from verify.fields import Fields, NotOpenError, PayloadRefusedError
from verify.sealing import SealClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.entry import Entry
    from verify.sealing import Opening

APPLICATION_SUBMITTED = "dokpamo.intake.v1.ApplicationSubmitted"
RULE_SET_PUBLISHED = "dokpamo.selection.v1.RuleSetPublished"
RULE_SET_FROZEN = "dokpamo.selection.v1.RuleSetFrozen"
STAGE_OPENED = "dokpamo.selection.v1.StageOpened"
GATE_VERDICT_RECORDED = "dokpamo.selection.v1.GateVerdictRecorded"
DECISION_PROVISIONAL = "dokpamo.selection.v1.DecisionProvisional"
DECISION_FINALIZED = "dokpamo.selection.v1.DecisionFinalized"
SCORE_SHEET_SUBMITTED = "dokpamo.evaluation.v1.ScoreSheetSubmitted"
MEASUREMENTS_RECORDED = "dokpamo.evaluation.v1.MeasurementsRecorded"
RESULTS_PUBLISHED = "dokpamo.selection.v1.ResultsPublished"
RESULTS_RELEASED = "dokpamo.selection.v1.ResultsReleased"
OPENINGS_ERASED = "dokpamo.notary.v1.OpeningsErased"
ENTRY_WITHHELD = "dokpamo.notary.v1.EntryWithheld"
ENTRY_RESTORED = "dokpamo.notary.v1.EntryRestored"

TEXT: Final = "text"
TEXTS: Final = "texts"
BLOB: Final = "blob"
INTEGER: Final = "integer"
FLAG: Final = "flag"
INSTANT: Final = "microseconds"

_Shape = dict[str, Any]
_ACT: _Shape = {
    "leaf_index": INTEGER,
    "leaf_hash": TEXT,
    "reason": TEXT,
    "requested_by": TEXT,
    "confirmed_by": TEXT,
}
_ROW: _Shape = {"team_id": TEXT, "criterion": TEXT, "value": TEXT}
_READ: dict[str, _Shape] = {
    APPLICATION_SUBMITTED: {
        "application_id": TEXT,
        "receipt": {
            "application_id": TEXT,
            "version": INTEGER,
            "application_sha256": TEXT,
            "received_at": INSTANT,
            "application_json": BLOB,
        },
    },
    RULE_SET_PUBLISHED: {"rule_set_sha256": TEXT, "rule_set_json": BLOB},
    RULE_SET_FROZEN: {"rule_set_sha256": TEXT},
    STAGE_OPENED: {"stage_id": TEXT, "rule_set_sha256": TEXT, "team_ids": TEXTS},
    GATE_VERDICT_RECORDED: {
        "stage_id": TEXT,
        "team_id": TEXT,
        "gate": TEXT,
        "passed": FLAG,
        "reason": TEXT,
        "evidence": TEXTS,
        "judged_by": INTEGER,
        "provenance": TEXT,
    },
    DECISION_PROVISIONAL: {"stage_id": TEXT, "decision_sha256": TEXT, "decision_json": BLOB},
    DECISION_FINALIZED: {
        "stage_id": TEXT,
        "rule_set_sha256": TEXT,
        "inputs_sha256": TEXT,
        "decision_sha256": TEXT,
        "advanced": TEXTS,
        "eliminated": [{"team_id": TEXT, "reason": TEXT, "gate": TEXT}],
    },
    SCORE_SHEET_SUBMITTED: {
        "stage_id": TEXT,
        "source_id": TEXT,
        "assessor_id": TEXT,
        "rows": [_ROW],
        "provenance": TEXT,
    },
    MEASUREMENTS_RECORDED: {"stage_id": TEXT, "source_id": TEXT, "rows": [_ROW], "provenance": TEXT},
    RESULTS_PUBLISHED: {
        "stage_id": TEXT,
        "publication_id": TEXT,
        "audience": TEXT,
        "team_id": TEXT,
        "policy_id": TEXT,
        "policy_sha256": TEXT,
        "policy_json": BLOB,
        "decision_sha256": TEXT,
        "view_json": BLOB,
        "restricted_view_json": BLOB,
    },
    RESULTS_RELEASED: {"stage_id": TEXT, "decision_sha256": TEXT},
    OPENINGS_ERASED: {"event_id": TEXT, "paths": TEXTS},
    ENTRY_WITHHELD: _ACT,
    ENTRY_RESTORED: _ACT,
}
"""The events that are read, with the kinds of the fields that are: a shape for a message, in a list where repeated."""
_SEALED: dict[str, dict[str, SealClass]] = {
    APPLICATION_SUBMITTED: {"/payload/receipt/application_json": SealClass.PERSONAL},
    GATE_VERDICT_RECORDED: dict.fromkeys(
        ("/payload/passed", "/payload/reason", "/payload/evidence", "/payload/judged_by"), SealClass.BLIND
    ),
    DECISION_PROVISIONAL: dict.fromkeys(("/payload/decision_sha256", "/payload/decision_json"), SealClass.BLIND),
    RESULTS_PUBLISHED: dict.fromkeys(("/payload/decision_sha256", "/payload/restricted_view_json"), SealClass.BLIND),
    SCORE_SHEET_SUBMITTED: {
        "/payload/assessor_id": SealClass.BLIND_PERSONAL,
        "/payload/rows": SealClass.BLIND,
    },
    MEASUREMENTS_RECORDED: {"/payload/rows": SealClass.BLIND},
}
"""Which of these fields the contract seals, and how; the others are open."""


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
    _erasable: set[tuple[str, str]] = field(default_factory=set)
    """Event and path of every sealed value that may be erased."""
    _erased: set[tuple[str, str]] = field(default_factory=set)
    """Event and path of every sealed value of which the log tells that its opening was erased."""

    def add(self, index: int, entry: Entry, openings: Mapping[str, Opening]) -> None:
        """Take note of an entry, with the openings of it that hold.

        One of a type that is read whose payload cannot be is in the log, since everything is, and was parked by all who
        listen: it had no effect, so it is no part of what the log says.
        """
        self._note_seals(index, entry, openings)
        ended = embargo.ended_by(entry)
        if ended is not None:
            self.ended.setdefault(ended, index)
        if entry.type not in _READ:
            return
        payload = entry.opened(openings)["payload"]
        if not isinstance(payload, dict):
            self.unreadable.append(index)
            return
        message = Fields(payload)
        try:
            _require_shape(message, _READ[entry.type], _paths_sealed_rightly(entry))
        except PayloadRefusedError:
            self.unreadable.append(index)
        except NotOpenError as error:
            self.hidden.append((index, error.unopened.path))
        else:
            logged = Logged(index, entry, message)
            self.events[entry.type].append(logged)
            if entry.type == OPENINGS_ERASED:
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
        return {event.fields.text("stage_id"): event for event in self.of(DECISION_FINALIZED)}

    def rule_sets(self) -> dict[str, Logged]:
        """Publications of rule sets by hash; the first publication of a hash counts."""
        found: dict[str, Logged] = {}
        for event in self.of(RULE_SET_PUBLISHED):
            found.setdefault(event.fields.text("rule_set_sha256"), event)
        return found

    def applications(self) -> dict[tuple[str, int], Logged]:
        """Submissions by application id and version."""
        return {
            (event.fields.text("application_id"), event.fields.message("receipt").integer("version")): event
            for event in self.of(APPLICATION_SUBMITTED)
        }

    def is_erased(self, value: StillSealed) -> bool:
        """Whether the log tells that the opening of this value was erased, and it was of a class that may be."""
        return value.seal_class.erasable and (value.event_id, value.path) in self._erased

    def unlawful_erasures(self) -> list[Logged]:
        """Erasures of what is not there, or may not be erased."""
        return [event for event in self.of(OPENINGS_ERASED) if not set(_erased_in(event)) <= self._erasable]


def _erased_in(event: Logged) -> Iterator[tuple[str, str]]:
    return ((event.fields.text("event_id"), path) for path in event.fields.texts("paths"))


def _paths_sealed_rightly(entry: Entry) -> set[str]:
    rightly = _SEALED.get(entry.type, {})
    return {path for path, seal in entry.sealed.items() if rightly.get(path) == seal.seal_class}


def _require_shape(message: Fields, shape: _Shape, rightly: set[str]) -> None:
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

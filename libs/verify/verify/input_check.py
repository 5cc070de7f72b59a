"""The inputs of a decision against the log: every score and verdict was logged, and no logged one was left out.

Only sources and gates that the rule set names count, and only what was raised up to the instant of the decision: a
sheet that came later could not count.

Source: design page "Selection and notary", "Notary": recompute the decision from rule set and released scores
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from rules import Provenance

from verify import chronicle as told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules import Inputs, RuleSet, Verdict

    from verify.chronicle import Chronicle, Logged

Cell = tuple[str, ...]
"""What a value is of: source, assessor (none for a measurement), team, criterion."""


def differences(stage_id: str, rule_set: RuleSet, inputs: Inputs, final: Logged, chronicle: Chronicle) -> list[str]:
    """Where the inputs and the log part, in words; empty where they agree."""
    counted = _Counted(stage_id, rule_set, _decided_at(stage_id, final, chronicle), chronicle)
    return [
        *_entrants(counted, inputs),
        *_compare("score", counted.scores(), {_cell(s): s.value for s in inputs.scores()}),
        *_compare("measurement", counted.measurements(), {_cell(m): m.value for m in inputs.measurements}),
        *_compare("verdict", counted.verdicts(), {(v.gate, v.team): _verdict(v) for v in inputs.verdicts}),
        *_relabelled(counted.provenances(), _provenances(inputs)),
    ]


def _cell(value: object) -> Cell:
    return tuple(
        str(getattr(value, name)) for name in ("source", "assessor", "team", "criterion") if hasattr(value, name)
    )


def _verdict(verdict: Verdict) -> tuple[object, ...]:
    return (verdict.passed, verdict.reason, verdict.evidence, verdict.judged_by)


def _decided_at(stage_id: str, final: Logged, chronicle: Chronicle) -> Logged:
    """The provisional decision that became final; the final one where there is none, which is noted elsewhere."""
    provisional = chronicle.of_stage(told.DECISION_PROVISIONAL, stage_id)
    return next((event for event in reversed(provisional) if event.fields.text(4) == final.fields.text(4)), final)


def _entrants(counted: _Counted, inputs: Inputs) -> list[str]:
    opened = counted.events(told.STAGE_OPENED, 1)
    if opened and sorted(opened[-1].fields.texts(3)) != sorted(inputs.entrants):
        return [f"entrants: the stage opened for other teams, entry {opened[-1].index}"]
    return []


def _compare(what: str, logged: Mapping[Cell, object], used: Mapping[Cell, object]) -> list[str]:
    found = []
    for cell in sorted(logged.keys() | used.keys()):
        name = f"{what} of {', '.join(cell)}"
        if cell not in used:
            found.append(f"{name}: is in the log and was left out")
        elif cell not in logged:
            found.append(f"{name}: is not in the log")
        elif logged[cell] != used[cell]:
            found.append(f"{name}: {used[cell]} here, {logged[cell]} in the log")
    return found


def _provenances(inputs: Inputs) -> dict[Cell, str]:
    """Where each table of sheets, measurement and verdict is said to come from."""
    return {
        **{(table.source,): str(table.provenance) for table in inputs.sheets},
        **{_cell(m): str(m.provenance) for m in inputs.measurements},
        **{(v.gate, v.team): str(v.provenance) for v in inputs.verdicts},
    }


def _relabelled(logged: Mapping[Cell, str], used: Mapping[Cell, str]) -> list[str]:
    """What is marked otherwise than in the log; what is in one of the two only is noted by its value."""
    return [
        f"provenance of {', '.join(cell)}: {used[cell]} here, {logged[cell]} in the log"
        for cell in sorted(logged.keys() & used.keys())
        if logged[cell] != used[cell]
    ]


class _Counted:
    """What of the log counts for one decision."""

    def __init__(self, stage_id: str, rule_set: RuleSet, decided: Logged, chronicle: Chronicle) -> None:
        self._stage_id = stage_id
        self._sources = {source.id for source in rule_set.sources}
        self._gates = {gate.id for gate in rule_set.gates}
        self._decided = decided
        self._chronicle = chronicle

    def events(self, event_type: str, stage_field: int) -> list[Logged]:
        """Events of a type about this stage, up to the decision."""
        found = self._chronicle.of_stage(event_type, self._stage_id, stage_field)
        return [event for event in found if event.entry.time <= self._decided.entry.time]

    def scores(self) -> dict[Cell, object]:
        """Values on score sheets."""
        found: dict[Cell, object] = {}
        for event in self.events(told.SCORE_SHEET_SUBMITTED, 2):
            source, assessor = event.fields.text(3), event.fields.text(4)
            if source in self._sources:
                for row in event.fields.messages(5):
                    found[(source, assessor, row.text(1), row.text(2))] = _number(row.text(3))
        return found

    def measurements(self) -> dict[Cell, object]:
        """Measured values."""
        found: dict[Cell, object] = {}
        for event in self.events(told.MEASUREMENTS_RECORDED, 1):
            source = event.fields.text(2)
            if source in self._sources:
                for row in event.fields.messages(3):
                    found[(source, row.text(1), row.text(2))] = _number(row.text(3))
        return found

    def verdicts(self) -> dict[Cell, object]:
        """Verdicts of gates; a later one of the same gate and team replaces an earlier one."""
        found: dict[Cell, object] = {}
        for event in self.events(told.GATE_VERDICT_RECORDED, 1):
            gate = event.fields.text(3)
            if gate in self._gates:
                judged = event.fields
                found[(gate, judged.text(2))] = (
                    judged.flag(4),
                    judged.text(5),
                    tuple(judged.texts(6)),
                    judged.integer(8),
                )
        return found

    def provenances(self) -> dict[Cell, str]:
        """Where values come from; a table of sheets is marked by its weakest sheet."""
        found: dict[Cell, int] = {}
        for event in self.events(told.SCORE_SHEET_SUBMITTED, 2):
            source = (event.fields.text(3),)
            # The contract numbers its marks from the firmest to the weakest.
            found[source] = max(found.get(source, 0), event.fields.integer(6))
        for event in self.events(told.MEASUREMENTS_RECORDED, 1):
            mark = event.fields.integer(4)
            found |= {(event.fields.text(2), row.text(1), row.text(2)): mark for row in event.fields.messages(3)}
        for event in self.events(told.GATE_VERDICT_RECORDED, 1):
            found[event.fields.text(3), event.fields.text(2)] = event.fields.integer(7)
        return {cell: _provenance(number) for cell, number in found.items()}


def _provenance(number: int) -> str:
    """The mark of an enum value of the contract, in which 0 (not set) is taken as recorded and 1 is recorded."""
    marks = (Provenance.RECORDED, *Provenance)
    return str(marks[number]) if number < len(marks) else f"unknown mark {number}"


def _number(text: str) -> Decimal | str:
    """The number of a text; the text itself where it is none, which then equals no score."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text

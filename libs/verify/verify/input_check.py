"""The inputs of a decision against the log: every score and verdict was logged, and no logged one was left out.

Only sources and gates that the rule set names count, and only what was raised up to the instant of the decision: a
sheet that came later could not count.

Source: design page "Selection and notary", "Notary": recompute the decision from rule set and released scores
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from rules import Provenance

from verify import chronicle as told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules import Inputs, RuleSet, Verdict

    from verify.chronicle import Chronicle, Logged

Cell = tuple[str, ...]
"""What a value is of: source, assessor (none for a measurement), team, criterion."""


NOT_LOGGED = ": is not in the log"
MARKS = ("PROVENANCE_UNSPECIFIED", *(f"PROVENANCE_{mark.name}" for mark in Provenance))
"""The contract's names of marks, from the firmest to the weakest."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A logged score sheet. `who` is nothing where the assessor's name is sealed or was erased."""

    index: int
    source: str
    who: str | None
    rows: Mapping[tuple[str, str], object]


def differences(stage_id: str, rule_set: RuleSet, inputs: Inputs, final: Logged, chronicle: Chronicle) -> list[str]:
    """Where the inputs and the log part, in words; empty where they agree."""
    counted = _Counted(stage_id, rule_set, _decided_at(stage_id, final, chronicle), chronicle)
    return [
        *_entrants(counted, inputs),
        *_compare("score", *_named(counted, {_cell(score): score.value for score in inputs.scores()})),
        *_compare("measurement", counted.measurements(), {_cell(m): m.value for m in inputs.measurements}),
        *_compare("verdict", counted.verdicts(), {(v.gate, v.team): _verdict(v) for v in inputs.verdicts}),
        # The platform collects neither yet: what is not in the log is never taken for checked.
        *_compare("comparison", {}, {(c.source, c.assessor, c.item, c.first, c.second): c for c in inputs.comparisons}),
        *_compare("carried figure", {}, {_cell(figure): figure.value for figure in inputs.carried}),
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
    sha256 = final.fields.text("decision_sha256")
    return next((event for event in reversed(provisional) if event.fields.text("decision_sha256") == sha256), final)


def _entrants(counted: _Counted, inputs: Inputs) -> list[str]:
    opened = counted.events(told.STAGE_OPENED)
    if opened and sorted(opened[-1].fields.texts("team_ids")) != sorted(inputs.entrants):
        return [f"entrants: the stage opened for other teams, entry {opened[-1].index}"]
    return []


def _named(counted: _Counted, used: Mapping[Cell, object]) -> tuple[dict[Cell, object], Mapping[Cell, object]]:
    """Logged scores by cell, beside the used ones: a sheet without a name is of an assessor whose very scores it has.

    Where nobody has them, it is under the number of its entry, and so differs from everything that was used.
    """
    logged: dict[Cell, object] = {}
    nameless = []
    for sheet in counted.sheets():
        if sheet.who is None:
            nameless.append(sheet)
        else:
            logged |= {(sheet.source, sheet.who, *cell): value for cell, value in sheet.rows.items()}
    free: dict[Cell, dict[tuple[str, ...], object]] = {}
    for cell, value in used.items():
        if cell not in logged:
            free.setdefault(cell[:2], {})[cell[2:]] = value
    for sheet in nameless:
        same = (who for who, rows in free.items() if who[0] == sheet.source and rows == sheet.rows)
        who = next(same, (sheet.source, f"somebody in entry {sheet.index}"))
        free.pop(who, None)
        logged |= {(*who, *cell): value for cell, value in sheet.rows.items()}
    return logged, used


def _compare(what: str, logged: Mapping[Cell, object], used: Mapping[Cell, object]) -> list[str]:
    found = []
    for cell in sorted(logged.keys() | used.keys()):
        name = f"{what} of {', '.join(cell)}"
        if cell not in used:
            found.append(f"{name}: is in the log and was left out")
        elif cell not in logged:
            found.append(f"{name}{NOT_LOGGED}")
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

    def events(self, event_type: str) -> list[Logged]:
        """Events of a type about this stage, up to the decision."""
        found = self._chronicle.of_stage(event_type, self._stage_id)
        return [event for event in found if event.entry.time <= self._decided.entry.time]

    def sheets(self) -> Iterator[Sheet]:
        """Sheets, each with its values by team and criterion."""
        for event in self.events(told.SCORE_SHEET_SUBMITTED):
            source = event.fields.text("source_id")
            if source in self._sources:
                who = event.fields.text("assessor_id") if event.fields.is_open("assessor_id") else None
                rows = {
                    (row.text("team_id"), row.text("criterion")): _number(row.text("value"))
                    for row in event.fields.messages("rows")
                }
                yield Sheet(event.index, source, who, rows)

    def measurements(self) -> dict[Cell, object]:
        """Measured values."""
        found: dict[Cell, object] = {}
        for event in self.events(told.MEASUREMENTS_RECORDED):
            source = event.fields.text("source_id")
            if source in self._sources:
                for row in event.fields.messages("rows"):
                    found[(source, row.text("team_id"), row.text("criterion"))] = _number(row.text("value"))
        return found

    def verdicts(self) -> dict[Cell, object]:
        """Verdicts of gates; a later one of the same gate and team replaces an earlier one."""
        found: dict[Cell, object] = {}
        for event in self.events(told.GATE_VERDICT_RECORDED):
            gate, judged = event.fields.text("gate"), event.fields
            if gate in self._gates:
                found[(gate, judged.text("team_id"))] = (
                    judged.flag("passed"),
                    judged.text("reason"),
                    tuple(judged.texts("evidence")),
                    judged.integer("judged_by"),
                )
        return found

    def provenances(self) -> dict[Cell, str]:
        """Where values come from; a table of sheets is marked by its weakest sheet."""
        found: dict[Cell, str] = {}
        for event in self.events(told.SCORE_SHEET_SUBMITTED):
            source = (event.fields.text("source_id"),)
            found[source] = max(found.get(source, MARKS[0]), event.fields.text("provenance"), key=_weakness)
        for event in self.events(told.MEASUREMENTS_RECORDED):
            said = event.fields
            for row in said.messages("rows"):
                found[said.text("source_id"), row.text("team_id"), row.text("criterion")] = said.text("provenance")
        for event in self.events(told.GATE_VERDICT_RECORDED):
            found[event.fields.text("gate"), event.fields.text("team_id")] = event.fields.text("provenance")
        return {cell: _provenance(mark) for cell, mark in found.items()}


def _weakness(mark: str) -> int:
    """How weak a mark is: the contract names its marks from the firmest to the weakest; an unknown one is weaker."""
    return MARKS.index(mark or MARKS[0]) if (mark or MARKS[0]) in MARKS else len(MARKS)


def _provenance(mark: str) -> str:
    """The mark of an enum value of the contract, in which what is not set is taken as recorded."""
    if (mark or MARKS[0]) not in MARKS:
        return f"unknown mark {mark}"
    return str((Provenance.RECORDED, *Provenance)[_weakness(mark)])


def _number(text: str) -> Decimal | str:
    """The number of a text; the text itself where it is none, which then equals no score."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text

"""The inputs of a decision against the log: every score and verdict was logged, and no logged one was left out.

What counts, and how later versions correct it, is in `verify.counted`.

Source: design page "Selection and notary", "Notary": recompute the decision from rule set and released scores
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from verify import told
from verify.compared import used_comparisons
from verify.counted import Counted, version_of
from verify.marks import name_of, weakness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules import Inputs, RuleSet, Verdict

    from verify.chronicle import Chronicle, Logged
    from verify.compared import Compared
    from verify.counted import Cell, Marked

Members = dict[str, object]
"""What a verdict or a carried figure says, by name."""
NOT_LOGGED = ": is not in the log"


def differences(rule_set: RuleSet, inputs: Inputs, final: Logged, chronicle: Chronicle) -> list[str]:
    """Where the inputs and the log part, in words; empty where they agree."""
    counted = Counted(final.fields.text("stage_id"), rule_set, version_of(final, chronicle), chronicle)
    used = {_cell(score): score.value for score in inputs.scores()}
    scores, measured = counted.scores(counted.names(used)), counted.measurements()
    compared = used_comparisons(inputs.comparisons)
    logged = counted.comparisons(compared)
    verdicts = {cell: _verdict(each) for cell, each in counted.verdicts().items()}
    return [
        *_stage(final.fields.text("stage_id"), inputs),
        *_entrants(counted, inputs),
        *_compare("score", _values(scores), used),
        *_compare("measurement", _values(measured), {_cell(m): m.value for m in inputs.measurements}),
        *_compare("verdict", verdicts, {(v.gate, v.team): _verdict(v) for v in inputs.verdicts}),
        *_compare("comparison", {cell: each.winner for cell, each in logged.items()}, compared),
        *_compare(
            "carried figure",
            {_cell(f): asdict(f) for f in counted.carried()},
            {_cell(f): asdict(f) for f in inputs.carried},
        ),
        *_relabelled(_marks(scores, measured, logged, counted.verdict_marks()), _provenances(inputs)),
    ]


def _values(marked: Mapping[Cell, Marked]) -> dict[Cell, object]:
    return {cell: each.value for cell, each in marked.items()}


def _marks(
    scores: Mapping[Cell, Marked],
    measured: Mapping[Cell, Marked],
    compared: Mapping[Cell, Compared],
    verdicts: Mapping[Cell, str],
) -> dict[Cell, str]:
    """Where values come from by the log; a table of sheets is marked by its weakest score."""
    tables: dict[Cell, str] = {}
    for (source, *_), each in scores.items():
        tables[source,] = max(tables.get((source,), each.mark), each.mark, key=weakness)
    single: Mapping[Cell, Marked | Compared] = {**measured, **compared}
    marks = {**tables, **{cell: each.mark for cell, each in single.items()}, **verdicts}
    return {cell: name_of(mark) for cell, mark in marks.items()}


def _cell(value: object) -> Cell:
    return tuple(
        str(getattr(value, name)) for name in ("source", "assessor", "team", "criterion") if hasattr(value, name)
    )


def _verdict(verdict: Verdict) -> Members:
    return {
        "passed": verdict.passed,
        "reason": verdict.reason,
        "evidence": list(verdict.evidence),
        "judged_by": verdict.judged_by,
    }


def _stage(stage_id: str, inputs: Inputs) -> list[str]:
    return [] if inputs.stage == stage_id else [f"stage: {inputs.stage} here, {stage_id} in the log"]


def _entrants(counted: Counted, inputs: Inputs) -> list[str]:
    opened = counted.events(told.STAGE_OPENED)
    if opened and sorted(opened[-1].fields.texts("team_ids")) != sorted(inputs.entrants):
        return [f"entrants: the stage opened for other teams, entry {opened[-1].index}"]
    return []


def _compare(what: str, logged: Mapping[Cell, object], used: Mapping[Cell, object]) -> list[str]:
    found = []
    for cell in sorted(logged.keys() | used.keys()):
        name = f"{what} of {', '.join(cell)}"
        if cell not in used:
            found.append(f"{name}: is in the log and was left out")
        elif cell not in logged:
            found.append(f"{name}{NOT_LOGGED}")
        else:
            parted = _parted(name, used[cell], logged[cell])
            found += [f"{place}: {here} here, {there} in the log" for place, here, there in parted]
    return found


def _parted(name: str, here: object, there: object) -> list[tuple[str, object, object]]:
    """Where a value and a logged one differ: by each of their members, or as they are."""
    if isinstance(here, dict) and isinstance(there, dict):
        return [(f"{name}, {each}", here[each], there[each]) for each in here if here[each] != there[each]]
    return [] if here == there else [(name, here, there)]


def _provenances(inputs: Inputs) -> dict[Cell, str]:
    """Where each table of sheets, measurement and verdict is said to come from."""
    return {
        **{(table.source,): str(table.provenance) for table in inputs.sheets},
        **{_cell(m): str(m.provenance) for m in inputs.measurements},
        **{(c.source, c.assessor, c.item, c.first, c.second): str(c.provenance) for c in inputs.comparisons},
        **{(v.gate, v.team): str(v.provenance) for v in inputs.verdicts},
    }


def _relabelled(logged: Mapping[Cell, str], used: Mapping[Cell, str]) -> list[str]:
    """What is marked otherwise than in the log; what is in one of the two only is noted by its value."""
    return [
        f"provenance of {', '.join(cell)}: {used[cell]} here, {logged[cell]} in the log"
        for cell in sorted(logged.keys() & used.keys())
        if logged[cell] != used[cell]
    ]

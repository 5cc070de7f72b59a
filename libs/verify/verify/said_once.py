"""What a service says once is not said twice otherwise: of two events that contradict each other, the later is named.

A sheet, a measured value, a comparison, a verdict, an application's version, a stage's opening, a version of a decision
and its becoming final are each handed in once; whoever has the log's key could log another one beside it, and let one
of them count. That the same is said again, as where a service was restarted, changes nothing.

Source: design page "Architecture": an event is raised once; a repeated request gives the same answer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import canonical, layout, told
from verify.canonical import JsonValue
from verify.entry import Unopened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from verify.chronicle import Chronicle, Logged
    from verify.fields import Fields
    from verify.findings import Report

Said = tuple[str, JsonValue]
"""Of what something is said, in words, and what."""


def check_said_once(chronicle: Chronicle, report: Report) -> None:
    """Note each event that says otherwise than an earlier one, and each rule set that is not of its hash."""
    first: dict[str, tuple[Logged, JsonValue]] = {}
    for event in sorted((each for name in _SAID for each in chronicle.of(name)), key=lambda each: each.index):
        for of, said in _SAID[event.entry.type](event.fields):
            known, before = first.setdefault(of, (event, said))
            if _differ(before, said):
                report.add(*layout.entry_place(event.index), f"says otherwise of {of} than entry {known.index}")
    for event in chronicle.of(told.RULE_SET_PUBLISHED):
        sha256 = canonical.sha256_hex(event.fields.blob("rule_set_json"))
        if sha256 != event.fields.text("rule_set_sha256"):
            report.add(*layout.entry_place(event.index), f"the rule set in it has the SHA-256 {sha256}")


def _differ(one: JsonValue, other: JsonValue) -> bool:
    """Whether two values are open and not the same."""
    if isinstance(one, Unopened) or isinstance(other, Unopened):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) != len(other) or any(map(_differ, one, other))
    return bool(one != other)


def _values(fields: Fields, *names: str) -> list[JsonValue]:
    return [fields.values.get(name) for name in names]


def _application(fields: Fields) -> Iterator[Said]:
    receipt = fields.message("receipt")
    of = f"application {fields.text('application_id')} version {receipt.integer('version')}"
    yield of, _values(receipt, *told.READ[told.APPLICATION_SUBMITTED]["receipt"])


def _call(fields: Fields) -> Iterator[Said]:
    yield f"the teams of call {fields.text('call_id')}", sorted(fields.texts("team_ids"))


def _opening(fields: Fields) -> Iterator[Said]:
    of = f"the opening of stage {fields.text('stage_id')}"
    yield of, [fields.text("rule_set_sha256"), sorted(fields.texts("team_ids"))]


def _sheet(fields: Fields) -> Iterator[Said]:
    if fields.is_open("assessor_id"):
        of = ", ".join(fields.text(name) for name in ("stage_id", "source_id", "assessor_id"))
        yield f"the sheet of {of}", _values(fields, "rows", "provenance")


def _measurements(fields: Fields) -> Iterator[Said]:
    if not fields.is_open("rows"):
        return
    for row in fields.messages("rows"):
        of = [fields.text("stage_id"), fields.text("source_id"), row.text("team_id"), row.text("criterion")]
        yield f"the measurement of {', '.join(of)}", [row.text("value"), fields.text("provenance")]


def _comparison(fields: Fields) -> Iterator[Said]:
    if all(fields.is_open(name) for name in ("assessor_id", "item", "team_ids")):
        of = [fields.text(name) for name in ("stage_id", "source_id", "assessor_id", "item")]
        of += sorted(fields.texts("team_ids"))
        yield f"the comparison of {', '.join(of)}", _values(fields, "preferred_team_id", "provenance")


def _verdict(fields: Fields) -> Iterator[Said]:
    of = ", ".join(fields.text(name) for name in ("stage_id", "gate", "team_id"))
    yield f"the verdict of {of}", _values(fields, "passed", "reason", "evidence", "judged_by", "provenance")


def _decision(fields: Fields) -> Iterator[Said]:
    # The first decision of a log that was written before there were versions is version 1.
    of = f"version {max(fields.integer('version'), 1)} of the decision of stage {fields.text('stage_id')}"
    yield of, _values(fields, "rule_set_sha256", "inputs_sha256", "decision_sha256")


def _finality(fields: Fields) -> Iterator[Said]:
    yield from _decision(fields)
    of = f"who goes on by version {max(fields.integer('version'), 1)} of stage {fields.text('stage_id')}"
    yield of, _values(fields, "advanced", "eliminated")


_SAID: dict[str, Callable[[Fields], Iterator[Said]]] = {
    told.APPLICATION_SUBMITTED: _application,
    told.CALL_CLOSED: _call,
    told.STAGE_OPENED: _opening,
    told.SCORE_SHEET_SUBMITTED: _sheet,
    told.COMPARISON_SUBMITTED: _comparison,
    told.MEASUREMENTS_RECORDED: _measurements,
    told.GATE_VERDICT_RECORDED: _verdict,
    told.DECISION_PROVISIONAL: _decision,
    told.DECISION_FINALIZED: _finality,
}

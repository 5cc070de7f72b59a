"""The decisions of an export: each follows from rules that were frozen in time and from scores that are all in the log.

Source: design page "Selection and notary": rule sets are frozen before the first submission; the same inputs always
give the same decision, byte for byte
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import rules
from rules.violations import DocumentRefusedError

from verify import canonical, layout
from verify import chronicle as told
from verify.decision_parting import logged_decision, note_inputs, note_partings
from verify.fields import NotOpenError
from verify.input_check import NOT_LOGGED, differences

if TYPE_CHECKING:
    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report
    from verify.folder import Folder

UNDECIDABLE = (DocumentRefusedError, rules.InputsIncompleteError)


def check_rule_sets(folder: Folder, chronicle: Chronicle, report: Report) -> None:
    """Note every rule set that is not the one that was logged, and every logged one that is missing."""
    logged = chronicle.rule_sets()
    for path in folder.under("rule-sets/"):
        data = folder.files[path]
        sha256 = canonical.sha256_hex(data)
        if folder.document(path, report) is None:
            continue
        if path != layout.rule_set_path(sha256):
            report.add(path, "", f"its SHA-256 is {sha256}")
            meant = logged.get(path.removeprefix("rule-sets/").removesuffix(".json"))
            note_partings(path, meant.fields.blob("rule_set_json") if meant else None, data, report)
        elif sha256 not in logged:
            report.add(path, "", "the log has no publication of this rule set", absent=True)
        elif logged[sha256].fields.blob("rule_set_json") != data:
            report.add(path, "", "is not the document that was logged when the rule set was published")
            note_partings(path, logged[sha256].fields.blob("rule_set_json"), data, report)
        else:
            report.rule_sets += 1
    for sha256 in sorted(logged):
        if f"rule-sets/{sha256}.json" not in folder.files:
            report.add(f"rule-sets/{sha256}.json", "", "the rule set was published and is missing")


def check_decisions(folder: Folder, chronicle: Chronicle, report: Report) -> None:
    """Note every decision that does not hold, every one that is missing, and every file that belongs to none."""
    final = chronicle.final_decisions()
    for stage_id, event in sorted(final.items()):
        if _one_decision(stage_id, event, folder, chronicle, report):
            report.decisions.append(stage_id)
    wanted = {path(stage) for stage in final for path in (_inputs_path, _decision_path)}
    for path in [*folder.under("inputs/"), *folder.under("decisions/")]:
        if path not in wanted:
            report.add(path, "", "the log has no final decision of this stage", absent=True)


def _one_decision(stage_id: str, event: Logged, folder: Folder, chronicle: Chronicle, report: Report) -> bool:
    """Whether the decision of a stage holds; each thing that does not is noted."""
    before = len(report.findings)
    documents = _Documents.of(stage_id, event, folder, chronicle, report)
    if documents is not None:
        _check_in_time(stage_id, documents.rule_set_sha256, event, chronicle, report)
        try:
            _check_logged_decision(stage_id, event, documents, chronicle, report)
            _recompute(stage_id, event, documents, chronicle, report)
        except NotOpenError as error:
            report.not_verified[stage_id] = str(error)
            return False
    found = report.findings[before:]
    if found and report.withheld and all(finding.absent for finding in found):
        report.not_verified[stage_id] = f"{found[0].rule}; entries are withheld, and one of them might say it"
    return not found


@dataclass(frozen=True, slots=True)
class _Documents:
    """A decision's three documents, whose hashes are those of its event."""

    rule_set_sha256: str
    rule_set: bytes
    inputs: bytes
    decision: bytes

    @classmethod
    def of(
        cls, stage_id: str, event: Logged, folder: Folder, chronicle: Chronicle, report: Report
    ) -> _Documents | None:
        """The documents; nothing where one is missing or another, which is noted with where it parts from the log."""
        sha256 = event.fields.text("rule_set_sha256")
        paths = (f"rule-sets/{sha256}.json", _inputs_path(stage_id), _decision_path(stage_id))
        found: list[bytes] = []
        for path, name in zip(paths, ("rule_set_sha256", "inputs_sha256", "decision_sha256"), strict=True):
            if folder.document(path, report) is None:
                continue
            data = folder.files[path]
            if canonical.sha256_hex(data) != event.fields.text(name):
                report.add(
                    path, "", f"its SHA-256 is not the one in the event of the final decision, entry {event.index}"
                )
                if path == _inputs_path(stage_id):
                    note_inputs(path, stage_id, event, data, chronicle, report)
                elif path == _decision_path(stage_id):
                    note_partings(path, logged_decision(stage_id, event.fields.text(name), chronicle), data, report)
                continue
            found.append(data)
        return cls(sha256, *found) if len(found) == len(paths) else None


def _check_in_time(stage_id: str, sha256: str, final: Logged, chronicle: Chronicle, report: Report) -> None:
    """The rule set was frozen no later than its stage opened, and the stage opened under it."""
    path = layout.rule_set_path(sha256)
    opened = [e for e in chronicle.of_stage(told.STAGE_OPENED, stage_id) if e.entry.time <= final.entry.time]
    frozen = [e for e in chronicle.of(told.RULE_SET_FROZEN) if e.fields.text("rule_set_sha256") == sha256]
    if not opened:
        rule = f"the log does not say that stage {stage_id} opened before it was decided"
        report.add(path, "", rule, absent=True)
    elif opened[-1].fields.text("rule_set_sha256") != sha256:
        other = opened[-1].fields.text("rule_set_sha256")
        report.add(path, "", f"stage {stage_id} opened under rule set {other}")
    elif not frozen or frozen[0].entry.time > opened[-1].entry.time:
        report.add(path, "", f"the rule set was not frozen when stage {stage_id} opened", absent=not frozen)


def _check_logged_decision(
    stage_id: str, final: Logged, documents: _Documents, chronicle: Chronicle, report: Report
) -> None:
    """The provisional decision was logged whole, with the same bytes."""
    sha256 = final.fields.text("decision_sha256")
    provisional = chronicle.of_stage(told.DECISION_PROVISIONAL, stage_id)
    told_before = [event for event in provisional if event.fields.text("decision_sha256") == sha256]
    if not told_before:
        report.add(_decision_path(stage_id), "", "the log has no provisional decision of this hash", absent=True)
    elif told_before[-1].fields.blob("decision_json") != documents.decision:
        report.add(_decision_path(stage_id), "", f"is not the decision in entry {told_before[-1].index}")
        note_partings(
            _decision_path(stage_id), told_before[-1].fields.blob("decision_json"), documents.decision, report
        )


def _recompute(stage_id: str, final: Logged, documents: _Documents, chronicle: Chronicle, report: Report) -> None:
    """Compute the decision again from rule set and inputs, and compare it with the published and the logged one."""
    path = _decision_path(stage_id)
    try:
        rule_set = rules.rule_set_from_json(documents.rule_set)
        inputs = rules.inputs_from_json(documents.inputs)
        decision = rules.decide(rule_set, inputs)
    except UNDECIDABLE as error:
        report.add(path, "", f"cannot be computed again: {error}")
        return
    for difference in differences(stage_id, rule_set, inputs, final, chronicle):
        report.add(_inputs_path(stage_id), "", difference, absent=difference.endswith(NOT_LOGGED))
    again = decision.canonical_bytes()
    if again != documents.decision:
        report.add(path, "", "is not what its rule set and inputs give")
        note_partings(path, again, documents.decision, report)
    if list(decision.advanced) != final.fields.texts("advanced"):
        report.add(path, "advanced", f"entry {final.index} of the log names other teams")
    out = [(e.text("team_id"), e.text("reason"), e.text("gate")) for e in final.fields.messages("eliminated")]
    if sorted((e.team, e.reason, e.gate or "") for e in decision.eliminated) != sorted(out):
        report.add(path, "eliminated", f"entry {final.index} of the log says otherwise")


def _inputs_path(stage_id: str) -> str:
    return f"inputs/{stage_id}.json"


def _decision_path(stage_id: str) -> str:
    return f"decisions/{stage_id}.json"

"""The decisions of an export: each follows from rules that were frozen in time and from scores that are all in the log.

Source: design page "Selection and notary": rule sets are frozen before the first submission; the same inputs always
give the same decision, byte for byte
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import rules

from verify import canonical, layout
from verify.consequence_check import check_consequences
from verify.counted import override_of, version_of
from verify.decision_parting import logged_decision, note_inputs, note_partings
from verify.entrants_check import check_opening
from verify.fields import NotOpenError
from verify.findings import Standing
from verify.input_check import NOT_LOGGED, differences
from verify.judgement_check import check_judgements
from verify.override_check import check_outcome, check_overrides, overridden
from verify.release_check import unreleased
from verify.rule_change_check import check_governing
from verify.version_check import UNDECIDABLE, Made, check_pending, check_versions
from verify.window_check import check_window

if TYPE_CHECKING:
    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report
    from verify.folder import Folder


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
        if not chronicle.is_released(stage_id):
            report.not_verified[stage_id] = unreleased(event, chronicle)
            continue
        if not _one_decision(stage_id, event, folder, chronicle, report):
            continue
        if (override := override_of(event)) is None:
            report.decisions.append(stage_id)
        else:
            report.overridden[stage_id] = overridden(override)
        said = event.fields
        report.standing[stage_id] = Standing(
            event.index, event.entry.time, said.text("rule_set_sha256"), said.texts("advanced")
        )
    check_pending(chronicle, report)
    wanted = {path(stage) for stage in final for path in (_inputs_path, _decision_path)}
    for path in [*folder.under("inputs/"), *folder.under("decisions/")]:
        if path not in wanted:
            report.add(path, "", "the log has no final decision of this stage", absent=True)


def _one_decision(stage_id: str, event: Logged, folder: Folder, chronicle: Chronicle, report: Report) -> bool:
    """Whether the decision of a stage holds; each thing that does not is noted."""
    before = len(report.findings)
    try:
        documents = _Documents.of(stage_id, event, folder, chronicle, report)
        if documents is not None:
            check_governing(event, chronicle, report)
            check_opening(event, chronicle, report)
            check_judgements(stage_id, chronicle, report)
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
                    note_inputs(path, event, data, chronicle, report)
                elif path == _decision_path(stage_id):
                    note_partings(path, logged_decision(stage_id, event.fields.text(name), chronicle), data, report)
                continue
            found.append(data)
        return cls(*found) if len(found) == len(paths) else None


def _check_logged_decision(
    stage_id: str, final: Logged, documents: _Documents, chronicle: Chronicle, report: Report
) -> None:
    """The provisional decision was logged whole, with the same bytes."""
    provisional, path = version_of(final, chronicle), _decision_path(stage_id)
    if provisional is final:
        report.add(path, "", "the log has no provisional decision of this hash and version", absent=True)
    elif provisional.fields.blob("decision_json") != documents.decision:
        report.add(path, "", f"is not the decision in entry {provisional.index}")
        note_partings(path, provisional.fields.blob("decision_json"), documents.decision, report)


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
    for difference in differences(rule_set, inputs, final, chronicle):
        report.add(_inputs_path(stage_id), "", difference, absent=difference.endswith(NOT_LOGGED))
    again = decision.canonical_bytes()
    if again != documents.decision:
        report.add(path, "", "is not what its rule set and inputs give")
        note_partings(path, again, documents.decision, report)
    check_overrides(final, decision, chronicle, report)
    check_consequences(final, rule_set, chronicle, report)
    check_window(final, rule_set, inputs.entrants, chronicle, report)
    check_outcome(final, decision, (path, ""), report)
    check_versions(Made(rule_set, inputs, decision, final), chronicle, report)


def _inputs_path(stage_id: str) -> str:
    return f"inputs/{stage_id}.json"


def _decision_path(stage_id: str) -> str:
    return f"decisions/{stage_id}.json"

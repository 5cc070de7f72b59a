"""Where the documents of a decision part from what the log says of them: which team, which part, which score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rules
from rules.violations import DocumentRefusedError

from verify import canonical, told
from verify.fields import NotOpenError
from verify.input_check import differences
from verify.parting import partings

if TYPE_CHECKING:
    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report


def note_partings(path: str, expected: bytes | None, found: bytes, report: Report) -> None:
    """Note each place at which a document is not the one that was expected; nothing where one of them is no JSON."""
    if expected is None:
        return
    try:
        documents = canonical.parse(expected), canonical.parse(found)
    except canonical.NotCanonicalError:
        return
    for difference in partings(*documents):
        report.add(path, difference.place, str(difference))


def logged_decision(stage_id: str, sha256: str, chronicle: Chronicle) -> bytes | None:
    """The decision of this hash as it was logged; nothing where there is none, or it is sealed."""
    for event in reversed(chronicle.of_stage(told.DECISION_PROVISIONAL, stage_id)):
        try:
            if event.fields.text("decision_sha256") == sha256:
                return event.fields.blob("decision_json")
        except NotOpenError:
            continue
    return None


def note_inputs(path: str, final: Logged, data: bytes, chronicle: Chronicle, report: Report) -> None:
    """Note which scores, measurements and verdicts of these inputs are not those of the log."""
    published = chronicle.rule_sets().get(final.fields.text("rule_set_sha256"))
    if published is None:
        return
    try:
        rule_set = rules.rule_set_from_json(published.fields.blob("rule_set_json"))
        inputs = rules.inputs_from_json(data)
        parted = differences(rule_set, inputs, final, chronicle)
    except DocumentRefusedError as error:
        report.add(path, "", f"cannot be read as inputs: {error}")
    except NotOpenError:
        return
    else:
        for difference in parted:
            report.add(path, "", difference)
        if not parted:
            # Whatever else inputs have was compared, and they are written in one way.
            report.add(path, "seed", "is not that of the decision: everything else is as in the log")

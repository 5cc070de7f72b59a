"""The publications of an export: what was shown to whom follows from the decision, the rule set and the policy.

Every view in the log is computed again from the documents of the folder and must be the same, byte for byte; it was
shown no earlier than its policy says, and once. Who was shown what at which instant is read from the same events.

Source: design page "Selection and notary", "Stages and gates": publication is an event, what was published when can be
reproduced
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import rules
from rules.disclosure import policy_sha256
from rules.disclosure_reading import policy_from_json
from rules.disclosure_showing import TeamNotEnteredError, disclose
from rules.disclosure_view import ViewAudience
from rules.violations import DocumentRefusedError

from verify import canonical, layout, told
from verify.fields import NotOpenError
from verify.release_check import is_due

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rules.disclosure import Policy

    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report
    from verify.folder import Folder

_PLACE = "log"


@dataclass(frozen=True, slots=True)
class Documents:
    """What a stage's publications are held against: its rule set, what it was decided from, and the decision."""

    rule_set: rules.RuleSet
    inputs: rules.Inputs
    decision: rules.Decision
    decided_at: datetime
    finalized_at: datetime | None


def check_publications(folder: Folder, chronicle: Chronicle, report: Report) -> None:
    """Note every publication that the log should not have as it is; count those that hold.

    One whose decision is not in the folder, since it is sealed or was superseded, is counted as not checked.
    """
    final = chronicle.final_decisions()
    made = chronicle.of(told.RESULTS_PUBLISHED)
    _check_once(made, report)
    for event in made:
        try:
            documents = _documents(event, final, folder, chronicle)
        except (NotOpenError, DocumentRefusedError, layout.UnsafeNameError, KeyError):
            documents = None
        if documents is None:
            report.publications_unchecked += 1
            continue
        found = list(check_publication(event, documents, made))
        for rule in found:
            _note(event, rule, report)
        report.publications += not found


def check_publication(event: Logged, documents: Documents, made: list[Logged]) -> Iterator[str]:
    """What does not hold of one publication, as sentences. `made` are all publications, in order of the log.

    Raises NotOpenError where something that is needed is sealed.
    """
    fields = event.fields
    try:
        policy = policy_from_json(fields.blob("policy_json"), documents.rule_set)
    except DocumentRefusedError as error:
        yield f"its policy is none of the stage's: {error}"
        return
    if policy_sha256(policy) != fields.text("policy_sha256") or policy.id != fields.text("policy_id"):
        yield "names another policy than the one that it holds"
    if fields.text("reason") != policy.reason_text():
        yield "gives another reason than its policy"
    yield from _foreign(event, policy, documents, made)
    if not is_due(policy.when, event.entry.time, documents.decided_at, documents.finalized_at):
        yield "was published before the instant that its policy names"
    audience, team = fields.text("audience"), fields.text("team_id")
    if audience not in get_args(ViewAudience):
        yield f"the contract knows no audience {audience!r}"
        return
    shown, hidden = fields.blob("view_json"), fields.blob("restricted_view_json")
    if bool(shown) != (audience == "public") or bool(shown) == bool(hidden):
        yield "is not exactly one view, open for the public and sealed for others"
    try:
        view = disclose(documents.decision, documents.inputs, documents.rule_set, policy, audience, team)  # type: ignore[arg-type] # held against the type's own values
    except TeamNotEnteredError as error:
        yield str(error)
    else:
        if view.canonical_bytes() != (shown or hidden):
            yield "shows other figures than decision and policy give"


def _foreign(event: Logged, policy: Policy, documents: Documents, made: list[Logged]) -> Iterator[str]:
    """A policy is one of the rule set's, unchanged, or says why it widens one that was published before."""
    known = {each.id: each for each in documents.rule_set.disclosure.every_policy()}
    if policy.id in known:
        if known[policy.id] != policy:
            yield f"the rule set's policy {policy.id} is another"
        return
    before = {
        each.fields.text("policy_id")
        for each in made
        if each.index < event.index and each.fields.text("stage_id") == event.fields.text("stage_id")
    }
    if policy.widens is None or policy.widens not in before:
        yield "its policy is not in the rule set and widens none that was published before"


def _check_once(made: list[Logged], report: Report) -> None:
    def of(event: Logged) -> tuple[str, ...]:
        names = ("stage_id", "publication_id", "audience", "team_id")
        return tuple(event.fields.text(name) for name in names)

    counts = Counter(map(of, made))
    for event in made:
        if counts[of(event)] > 1:
            _note(event, "one audience was shown one publication twice", report)


def _note(event: Logged, rule: str, report: Report) -> None:
    report.add(*layout.entry_place(event.index), rule)


def _documents(event: Logged, final: dict[str, Logged], folder: Folder, chronicle: Chronicle) -> Documents | None:
    """The documents of the decision that a publication is of; None where they are not in the folder."""
    stage_id, sha256 = event.fields.text("stage_id"), event.fields.text("decision_sha256")
    decided = final.get(stage_id)
    if decided is None or decided.fields.text("decision_sha256") != sha256:
        return None
    return _read(stage_id, decided, folder, chronicle)


def _read(stage_id: str, decided: Logged, folder: Folder, chronicle: Chronicle) -> Documents | None:
    """Whether these are the documents of the log, and the decision follows from them, is checked with the decisions."""
    paths = (
        layout.rule_set_path(decided.fields.text("rule_set_sha256")),
        layout.inputs_path(stage_id),
        layout.decision_path(stage_id),
    )
    data = [folder.files[path] for path in paths]
    if canonical.sha256_hex(data[2]) != decided.fields.text("decision_sha256"):
        return None
    sha256 = decided.fields.text("decision_sha256")
    provisional = [
        each
        for each in chronicle.of_stage(told.DECISION_PROVISIONAL, stage_id)
        if each.fields.text("decision_sha256") == sha256
    ]
    return Documents(
        rules.rule_set_from_json(data[0]),
        rules.inputs_from_json(data[1]),
        rules.decision_from_json(data[2]),
        provisional[0].entry.time if provisional else decided.entry.time,
        decided.entry.time,
    )

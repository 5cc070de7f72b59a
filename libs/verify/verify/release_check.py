"""When the results of each stage were released: no earlier than its rule set says, and not long after.

With the release everything that was blind of a stage is open to everybody. A log without it keeps scores and decision
sealed, so that a release which is due and does not come is no less a fault than one that comes too early.

Source: design page "Selection and notary", "Stages and gates": disclosure is a policy of the rule set
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from verify import layout, told
from verify.chronicle import version_number
from verify.fields import NotOpenError
from verify.instants import for_people

if TYPE_CHECKING:
    from datetime import datetime

    from rules.disclosure import Moment

    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report

GRACE = timedelta(days=1)
"""How long a release may be due before its absence is noted: the time after which the platform itself tells people."""


def check_releases(chronicle: Chronicle, report: Report) -> None:
    """Note every release that came too early or of what was not decided, and every one that is due and not there."""
    for event in chronicle.of(told.RESULTS_RELEASED):
        try:
            rule, absent = _untimely(event, chronicle)
        except NotOpenError:
            continue  # noted: with the release it is open
        if rule:
            report.add(*layout.entry_place(event.index), rule, absent=absent)
    pending = chronicle.pending_decisions()
    for stage_id, final in sorted(chronicle.final_decisions().items()):
        if chronicle.is_released(stage_id) or stage_id in pending:
            continue
        due = _due_of(final, chronicle)
        if due is not None and chronicle.latest is not None and chronicle.latest > due + GRACE:
            rule = f"the results of stage {stage_id} were due to be released at {for_people(due)}, and were not"
            report.add(*layout.entry_place(final.index), rule, absent=True)


def unreleased(final: Logged, chronicle: Chronicle) -> str:
    """Why nothing of a final decision can be checked before its release, in words."""
    since, due = for_people(final.entry.time), _due_of(final, chronicle)
    if due is None:
        return f"it is final since {since}, and its results are not released"
    return f"it is final since {since}, and its results are not released: by its rule set they are at {for_people(due)}"


def _due_of(final: Logged, chronicle: Chronicle) -> datetime | None:
    """When the results of a final decision are due to be released; nothing where the log has not its rule set."""
    moment = _moment(final, chronicle)
    if moment is None:
        return None
    made = [
        event.entry.time
        for event in chronicle.of_stage(told.DECISION_PROVISIONAL, final.fields.text("stage_id"))
        if event.index < final.index and version_number(event) == version_number(final)
    ]
    return instant_of(moment, made[-1] if made else final.entry.time, final.entry.time)


def is_due(moment: Moment, at: datetime, decided_at: datetime, finalized_at: datetime | None) -> bool:
    """Whether a moment of a rule set has come at an instant."""
    due = instant_of(moment, decided_at, finalized_at)
    return due is not None and at >= due


def instant_of(moment: Moment, decided_at: datetime, finalized_at: datetime | None) -> datetime | None:
    """When a moment of a rule set is (UTC); nothing while it hangs on a final decision that is not there."""
    if moment.at is not None:
        return moment.at
    since = finalized_at if moment.after == "final" else decided_at
    return None if since is None else since + timedelta(days=moment.days)


def _untimely(event: Logged, chronicle: Chronicle) -> tuple[str, bool]:
    """What does not hold of a release, in words, and whether it is that the log lacks something; empty where it holds.

    Raises:
        NotOpenError: the decision that was released is not open.
    """
    stage_id, sha256 = event.fields.text("stage_id"), event.fields.text("decision_sha256")

    def of(event_type: str) -> list[Logged]:
        found = chronicle.of_stage(event_type, stage_id)
        return [each for each in found if each.fields.text("decision_sha256") == sha256]

    made, final = of(told.DECISION_PROVISIONAL), of(told.DECISION_FINALIZED)
    if not made:
        return f"a decision of stage {stage_id} was released that the log does not have", True
    moment = _moment(made[0], chronicle)
    finalized_at = final[0].entry.time if final else None
    if moment is None or is_due(moment, event.entry.time, made[0].entry.time, finalized_at):
        return "", False
    return f"the results of stage {stage_id} were released before the instant that the rule set names", False


def _moment(decided: Logged, chronicle: Chronicle) -> Moment | None:
    """When the rule set of a decision has its results released; nothing where the log has not the rule set."""
    rule_set = chronicle.rule_set(decided.fields.text("rule_set_sha256"))
    return None if rule_set is None else rule_set.disclosure.released()

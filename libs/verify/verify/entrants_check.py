"""Who entered a stage, and so who has a say in its rules, follows from the log: nobody was left out or let in.

The rule set says where a stage's teams come from. Where it names earlier stages, they are those that went on from their
final decisions; where it names none, they are those of a call that was closed, less those that may not enter, of whom
the opening says why.

Source: programme facts, "Added call": first-call applicants, eliminated teams and newcomers may apply
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import rules

from verify import layout, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report


@dataclass(frozen=True, slots=True)
class Passed:
    """A stage that was decided: who entered it and who went on."""

    stage: str
    entered: tuple[str, ...]
    advanced: tuple[str, ...]


def check_opening(final: Logged, chronicle: Chronicle, report: Report) -> None:
    """Note each team that a decided stage's opening left out or let in otherwise than the log and its rules say."""
    opened = chronicle.opening_of(final)
    if opened is None:
        return  # noted with the rules that govern
    rule_set = chronicle.rule_set(opened.fields.text("rule_set_sha256"))
    if rule_set is None:
        return  # as above
    for rule, absent in _misplaced(opened, rule_set, chronicle):
        report.add(*layout.entry_place(opened.index), rule, absent=absent)


def entitled(rule_set: rules.RuleSet, opened: Logged, at: datetime, chronicle: Chronicle) -> set[str] | None:
    """The teams that might enter a stage by what was known at an instant, nobody where that was not known yet.

    Nothing where it takes the teams of a call, and none of the log has all that entered by its `opened`.
    """
    sources = rule_set.eligibility.advanced_from
    if sources:
        last = {each.stage: each for each in _passed(at, chronicle)}
        return {team for stage in sources if stage in last for team in last[stage].advanced}
    call = _call(rule_set, opened, chronicle)
    if call is None:
        return None
    return _admitted(call, rule_set, at, chronicle) if call.entry.time <= at else set()


def _call(rule_set: rules.RuleSet, opened: Logged, chronicle: Chronicle) -> Logged | None:
    """The call of a stage, which the log does not name: the one that explains who entered, or has all of these."""
    entered, at = set(opened.fields.texts("team_ids")), opened.entry.time
    closed = [event for event in chronicle.of(told.CALL_CLOSED) if event.entry.time <= at]
    explains = [event for event in closed if _admitted(event, rule_set, at, chronicle) == entered]
    has_all = [event for event in closed if entered <= set(event.fields.texts("team_ids"))]
    return next(iter([*reversed(explains), *reversed(has_all)]), None)


def _admitted(call: Logged, rule_set: rules.RuleSet, at: datetime, chronicle: Chronicle) -> set[str]:
    """The applicants of a call that may enter."""
    passed = _passed(at, chronicle)
    return {team for team in call.fields.texts("team_ids") if not rules.check_entrants(rule_set, [team], passed)}


def _misplaced(opened: Logged, rule_set: rules.RuleSet, chronicle: Chronicle) -> Iterator[tuple[str, bool]]:
    """What does not hold of an opening, in words, each with whether it is that the log lacks something."""
    stage_id = opened.fields.text("stage_id")
    entered = set(opened.fields.texts("team_ids"))
    wanted = entitled(rule_set, opened, opened.entry.time, chronicle)
    if wanted is None:
        yield f"no call of the log has all the teams that entered stage {stage_id}", True
        return
    for team in sorted(entered - wanted):
        yield f"team {team} entered stage {stage_id}, and by the rule set and the log it may not", False
    for team in sorted(wanted - entered):
        yield f"team {team} was left out of stage {stage_id}, which by the rule set and the log it may enter", False
    call = _call(rule_set, opened, chronicle)
    if rule_set.eligibility.advanced_from or call is None:
        return
    # An application id is "<call>/<team>".
    names = [name.partition("/") for name, _ in chronicle.applications()]
    applied = {team for name, _, team in names if name == call.fields.text("call_id")}
    for team in sorted(entered - applied) if applied else ():
        yield f"team {team} entered stage {stage_id} by a call for which the log has no application of it", True


def _passed(at: datetime, chronicle: Chronicle) -> list[Passed]:
    """The stages whose decision was final at an instant, in order of when it became so, as decided last."""
    final = {e.fields.text("stage_id"): e for e in chronicle.of(told.DECISION_FINALIZED) if e.entry.time <= at}
    opened = {e.fields.text("stage_id"): e for e in chronicle.of(told.STAGE_OPENED)}
    return [
        Passed(stage, tuple(opened[stage].fields.texts("team_ids")), tuple(event.fields.texts("advanced")))
        for stage, event in sorted(final.items(), key=lambda each: each[1].entry.time)
        if stage in opened
    ]

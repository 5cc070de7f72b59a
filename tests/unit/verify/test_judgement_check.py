"""A verdict is what its judges found, each by himself."""

from __future__ import annotations

from typing import Any

import pytest
from dokpamo.selection.v1 import events_pb2 as selection
from dokpamo.selection.v1.objection_events_pb2 import ProceedingRemedyOrdered
from dokpamo.selection.v1.objections_pb2 import VerdictCorrection
from dokpamo.selection.v1.stage_pb2 import VerdictChange
from verify.findings import Report
from verify.judgement_check import check_judgements

from tests.builders.public_record import STAGE, LogBuilder

FOR, AGAINST = "own weights", "an encoder of others"
NAMED: dict[str, Any] = {"stage_id": STAGE, "gate": "originality", "team_id": "alpha"}
CONFLICT = selection.GateConflictRecorded(stage_id=STAGE, judge_id="park", team_id="alpha")
TWO_OF_THREE: dict[str, Any] = {
    "passed": True, "reason": FOR, "evidence": ["e-kim", "e-lee", "e-park"], "judged_by": 3, "judges_for": 2,
}  # fmt: skip
NAME = "the verdict of gate originality on team alpha"


def judged(**passed: bool) -> LogBuilder:
    """A log in which these judges found for or against a team."""
    log = LogBuilder()
    for judge, each in passed.items():
        judgement = selection.GateJudgementRecorded(
            **NAMED, judge_id=judge, passed=each, reason=FOR if each else AGAINST, evidence=[f"e-{judge}"]
        )
        log.add(judgement)
    return log


def found(log: LogBuilder, **verdict: Any) -> list[str]:
    log.add(selection.GateVerdictRecorded(**NAMED, **verdict))
    report = Report()
    check_judgements(STAGE, log.chronicle(), report)
    return [finding.rule for finding in report.findings]


def test_a_verdict_that_follows_from_its_judges_holds() -> None:
    assert found(judged(kim=True, lee=True, park=False), **TWO_OF_THREE) == []


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"passed": False, "reason": AGAINST}, "is a failure: 2 of 3 judges found for the team"),
        ({"judges_for": 3}, "counts 3 judges for it, and the log has 2"),
        ({"judged_by": 4}, "counts 4 judges, and the log has 3"),
        ({"reason": "nobody said so"}, "gives another reason than its judges"),
        ({"evidence": ["e-kim"]}, "rests on other evidence than its judges'"),
    ],
)
def test_a_verdict_that_says_otherwise_is_named(changed: dict[str, Any], rule: str) -> None:
    assert found(judged(kim=True, lee=True, park=False), **TWO_OF_THREE | changed) == [f"{NAME} {rule}"]


def test_even_votes_do_not_pass() -> None:
    verdict = {"passed": True, "reason": FOR, "evidence": ["e-kim", "e-lee"], "judged_by": 2, "judges_for": 1}
    assert found(judged(kim=True, lee=False), **verdict) == [f"{NAME} is a pass: 1 of 2 judges found for the team"]


def test_a_judge_with_a_conflict_of_interest_does_not_count() -> None:
    log = judged(kim=True, lee=True, park=False)
    log.add(CONFLICT)
    verdict = {"passed": True, "reason": FOR, "evidence": ["e-kim", "e-lee"], "judged_by": 2, "judges_for": 2}
    assert found(log, **verdict) == []
    log = judged(kim=True, lee=True, park=False)
    log.add(CONFLICT)
    assert f"{NAME} counts 3 judges, and the log has 2" in found(log, **TWO_OF_THREE)


def test_a_judge_counts_once() -> None:
    log = judged(kim=True)
    log.add(selection.GateJudgementRecorded(**NAMED, judge_id="kim", passed=True, reason=FOR, evidence=["e-kim"]))
    verdict = {"passed": True, "reason": FOR, "evidence": ["e-kim"], "judged_by": 2, "judges_for": 2}
    assert found(log, **verdict) == [f"{NAME} rests on two judgements of kim"]


def test_a_panels_minute_has_no_single_judgements_and_none_for_it() -> None:
    minute = {"passed": True, "reason": "by the minute", "evidence": ["minute"], "judged_by": 5}
    assert found(LogBuilder(), **minute) == []
    assert found(LogBuilder(), **minute, judges_for=5) == [
        f"{NAME} counts 5 judges for it, and the log has no judgement"
    ]


def test_a_panels_minute_does_not_say_the_opposite_of_the_judges() -> None:
    log = judged(kim=False, lee=False, park=False)
    minute = {"passed": True, "reason": "by the minute", "evidence": ["minute"], "judged_by": 5}
    assert found(log, **minute) == [f"{NAME} is a pass: 0 of 3 judges found for the team"]


def test_the_fresh_panel_of_a_case_may_find_otherwise_than_the_judges_where_the_log_has_its_remedy() -> None:
    ordered: dict[str, Any] = {"passed": True, "reason": "by the fresh panel", "evidence": ["minute"], "judged_by": 7}
    said = f"{NAME} is said to be found in case-1, and the log has no such remedy of it"
    log = judged(kim=False, lee=False, park=False)
    assert found(log, **ordered, proceeding_id="case-1") == [said]
    for change, rules in ((ordered, []), (ordered | {"judged_by": 6}, [said]), (ordered | {"passed": False}, [said])):
        log = judged(kim=False, lee=False, park=False)
        correction = VerdictCorrection(change=VerdictChange(gate="originality", team_id="alpha", **change))
        remedy = ProceedingRemedyOrdered(proceeding_id="case-1", stage_id=STAGE, verdict_corrections=[correction])
        log.add(remedy)
        assert found(log, **ordered, proceeding_id="case-1") == rules


def test_where_it_is_not_known_whose_a_judgement_is_the_verdict_is_not_verified() -> None:
    log = judged(kim=True, lee=True)
    log.add(CONFLICT)
    log.add(selection.GateVerdictRecorded(**NAMED, **TWO_OF_THREE))
    for recorded in log.recorded:
        recorded.openings.pop("/payload/judge_id", None)  # type: ignore[attr-defined] # a dict
    report = Report()
    check_judgements(STAGE, log.chronicle(), report)
    assert report.findings == []
    (said,) = report.not_verified.values()
    assert said.startswith("/payload/judge_id of event ")
    assert list(report.not_verified) == [f"{STAGE}, gate originality, team alpha"]

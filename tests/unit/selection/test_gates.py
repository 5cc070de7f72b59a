"""Gates that several people judge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rules import Provenance, Verdict, load_rule_set
from selection.domain.gates import (
    Bench,
    Conflict,
    Judgement,
    check_conflict,
    check_judgement,
    check_seats,
    judges_missing,
    verdicts_of,
)
from selection.domain.refusal import (
    GateUnknownError,
    JudgeBarredError,
    JudgementTakenError,
    JudgeNotSeatedError,
    JudgeRepeatedError,
    JudgesSeatedError,
    QuorumMissedError,
    ReasonMissingError,
    RuleBrokenError,
    StageNotCollectingError,
    TeamUnknownError,
    VerdictContradictedError,
    VerdictTakenError,
)
from selection.domain.stage import StageState
from selection.domain.verdict import check_minute

from tests.builders.selection_cases import document
from tests.unit.selection.test_agenda import STAGE

RULES = load_rule_set(document("stage-1"))
GATE = "originality"  # its quorum is 7
JUDGES = tuple(f"judge-{number}" for number in range(10))
OPEN = replace(STAGE, state=StageState.COLLECTING, entrants=("a", "b"))


def judged(judge: str, *, passed: bool = True, team: str = "a", reason: str = "") -> Judgement:
    reason = reason or ("own weights" if passed else "foreign encoder")
    return Judgement(GATE, team, judge, passed, reason, (f"note of {judge}",), Provenance.RECORDED)


def bench(*judgements: Judgement, conflicts: tuple[Conflict, ...] = ()) -> Bench:
    return Bench({GATE: JUDGES}, conflicts, judgements)


def test_a_team_passes_by_more_than_half_of_at_least_the_quorum() -> None:
    assert verdicts_of(bench(*(judged(judge) for judge in JUDGES[:6])), RULES, []) == ()
    (found,) = verdicts_of(bench(*(judged(j, passed=n < 4) for n, j in enumerate(JUDGES[:7]))), RULES, [])
    assert (found.verdict.passed, found.judges_for, found.verdict.judged_by) == (True, 4, 7)
    (found,) = verdicts_of(bench(*(judged(j, passed=n < 4) for n, j in enumerate(JUDGES[:8]))), RULES, [])
    assert (found.verdict.passed, found.judges_for, found.verdict.reason) == (False, 4, "foreign encoder")


def test_reasons_are_those_of_the_side_that_prevails_and_evidence_is_everybodys() -> None:
    given = [judged(j, reason="x" if n % 2 else "y") for n, j in enumerate(JUDGES[:7])]
    given[6] = judged(JUDGES[6], passed=False)
    (found,) = verdicts_of(bench(*reversed(given)), RULES, [])
    assert found.verdict.reason == "y; x"
    assert found.verdict.evidence == tuple(f"note of {judge}" for judge in JUDGES[:7])


def test_a_conflict_takes_a_judge_out_also_after_he_judged() -> None:
    seven = [judged(judge) for judge in JUDGES[:7]]
    barred = (Conflict(JUDGES[0], "a", "advises the team"),)
    assert verdicts_of(bench(*seven, conflicts=barred), RULES, []) == ()
    assert len(verdicts_of(bench(*seven, conflicts=(Conflict(JUDGES[0], "b", "x"),)), RULES, [])) == 1


def test_a_panels_minute_stands_in_the_place_of_single_judgements() -> None:
    minute = Verdict(GATE, "a", passed=False, reason="minute", evidence=(), judged_by=9)
    assert verdicts_of(bench(*(judged(judge) for judge in JUDGES)), RULES, [minute]) == ()


def test_a_gate_that_another_version_dropped_has_no_verdict() -> None:
    bare = RULES.model_copy(update={"gates": ()})
    assert verdicts_of(bench(*(judged(judge) for judge in JUDGES)), bare, []) == ()


def test_who_is_missing_is_counted_by_team() -> None:
    (missing,) = judges_missing(bench(judged(JUDGES[0])), RULES, GATE, ["a"])
    assert dict(missing.facts) == {"gate": GATE, "team": "a", "have": "1", "need": "7"}
    assert judges_missing(Bench({}, (), ()), RULES, GATE, ["a"]) == ()


@pytest.mark.parametrize(
    ("gate", "judges", "seated", "error"),
    [
        (GATE, JUDGES, JUDGES, JudgesSeatedError),
        (GATE, JUDGES[:6], (), QuorumMissedError),
        (GATE, (*JUDGES, JUDGES[0]), (), JudgeRepeatedError),
        (GATE, (*JUDGES, " "), (), JudgeRepeatedError),
        ("beauty", JUDGES, (), GateUnknownError),
    ],
)
def test_judges_are_seated_once_each_and_as_many_as_the_quorum(
    gate: str, judges: tuple[str, ...], seated: tuple[str, ...], error: type[RuleBrokenError]
) -> None:
    check_seats(GATE, JUDGES, OPEN, RULES, ())
    with pytest.raises(error):
        check_seats(gate, judges, OPEN, RULES, seated)


@pytest.mark.parametrize(
    ("judgement", "error"),
    [
        (judged("stranger"), JudgeNotSeatedError),
        (judged(JUDGES[1], team="z"), TeamUnknownError),
        (judged(JUDGES[1], reason=" "), ReasonMissingError),
        (judged(JUDGES[0]), JudgementTakenError),
        (judged(JUDGES[2]), JudgeBarredError),
        (judged(JUDGES[1], team="b"), VerdictTakenError),
        (replace(judged(JUDGES[1]), gate="beauty"), GateUnknownError),
    ],
)
def test_a_judgement_is_of_a_seated_judge_without_conflict_once_and_for_a_reason(
    judgement: Judgement, error: type[RuleBrokenError]
) -> None:
    sitting = bench(judged(JUDGES[0]), conflicts=(Conflict(JUDGES[2], "a", "x"),))
    minute = [Verdict(GATE, "b", passed=False, reason="minute", evidence=(), judged_by=9)]
    check_judgement(judged(JUDGES[1]), OPEN, RULES, sitting, minute)
    with pytest.raises(error):
        check_judgement(judgement, OPEN, RULES, sitting, minute)
    with pytest.raises(StageNotCollectingError):
        check_judgement(judged(JUDGES[1]), STAGE, RULES, sitting, minute)


def test_a_conflict_is_with_a_team_of_the_stage_and_said_in_words() -> None:
    check_conflict(Conflict("kim", "a", "sister company"), OPEN)
    with pytest.raises(TeamUnknownError):
        check_conflict(Conflict("kim", "z", "x"), OPEN)
    with pytest.raises(ReasonMissingError):
        check_conflict(Conflict("kim", "a", ""), OPEN)


def test_a_panels_minute_never_says_the_opposite_of_what_its_judges_found_singly() -> None:
    minute = Verdict(GATE, "a", passed=True, reason="minute", evidence=(), judged_by=9)
    check_minute(minute, bench())
    check_minute(minute, bench(judged(JUDGES[0]), judged(JUDGES[1], passed=False), judged(JUDGES[2])))
    for against in (
        bench(judged(JUDGES[0], passed=False)),
        bench(judged(JUDGES[0]), judged(JUDGES[1], passed=False)),
        bench(judged(JUDGES[0]), judged(JUDGES[1], passed=False), conflicts=(Conflict(JUDGES[0], "a", "x"),)),
    ):
        with pytest.raises(VerdictContradictedError):
            check_minute(minute, against)
    check_minute(replace(minute, passed=False), bench(judged(JUDGES[0]), judged(JUDGES[1], passed=False)))

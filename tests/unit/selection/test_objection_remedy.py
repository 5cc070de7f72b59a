"""Remedies: what is corrected is named with what it was, and fresh people score whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from rules import Provenance, collect, decide
from selection.domain.deciding import Evidence
from selection.domain.gates import Bench
from selection.domain.objection_panel import conclude
from selection.domain.objection_proceeding import Proceeding, Remedy, State
from selection.domain.objection_refusal import (
    FreshScoresInvalidError,
    FreshScoresTakenError,
    MemberBarredError,
    OriginalsUnknownError,
    PanelInvalidError,
    ProceedingStateError,
    RemedyInvalidError,
    ScorerNotNamedError,
    TextInvalidError,
)
from selection.domain.objection_remedy import (
    FreshJudgement,
    FreshScoring,
    FreshSheet,
    FreshValue,
    all_handed_in,
    fresh_corrections,
    hand_in,
    order_recompute,
    order_rescore,
)
from selection.domain.refusal import CorrectionInvalidError
from selection.domain.versions import Corrections, ScoreChange, corrected

from tests.builders.objection_cases import BARS, GIVEN, NOW, RULES, ZONE, heard

TEN = tuple(f"expert-{number}" for number in range(10))
EXPERTS = FreshScoring("expert-panel", "", TEN)
GATE = FreshScoring("", "originality", TEN[:7])
NIA = FreshScoring("nia", "", ("tester",))
OLD = next(each for each in GIVEN.measurements if (each.source, each.team) == ("nia", "nc-ai"))
FAILED = next(each for each in GIVEN.verdicts if each.team == "naver-cloud")
EVIDENCE = Evidence(tuple(GIVEN.scores()), GIVEN.measurements, GIVEN.verdicts, Bench({}, (), ()))


def found(remedy: Remedy) -> Proceeding:
    return conclude(heard(remedy, remedy, remedy), BARS, ZONE, NOW)


def change(value: str | None, criterion: str = OLD.criterion) -> Corrections:
    exact = None if value is None else Decimal(value)
    return Corrections((ScoreChange("nia", "", "nc-ai", criterion, exact, Provenance.RECORDED),))


def recompute(corrections: Corrections, reason: str = "the old key gave too little") -> Proceeding:
    return order_recompute(found(Remedy.RECOMPUTE), corrections, reason, GIVEN)


def rescore(*fresh: FreshScoring) -> Proceeding:
    return order_rescore(found(Remedy.RESCORE), fresh, "a conflict of interest", RULES, GIVEN, BARS, NOW)


def sheet(scorer: str, value: str = "8", scoring: FreshScoring = EXPERTS) -> FreshSheet:
    source = next(each for each in RULES.sources if each.id == scoring.source)
    assert source.kind == "sheets" or source.kind == "measurements"  # noqa: PLR1714 - so that mypy narrows
    values = tuple(
        FreshValue(team, criterion.id, Decimal(value)) for team in GIVEN.entrants for criterion in source.criteria
    )
    return FreshSheet(scoring.source, "", scorer, values, (), Provenance.RECORDED)


def judged(scorer: str, *, passed: bool) -> FreshSheet:
    judgements = tuple(FreshJudgement(each.team, passed, f"looked at {each.team}") for each in GIVEN.verdicts)
    return FreshSheet("", "originality", scorer, (), judgements, Provenance.RECORDED)


def test_what_is_corrected_is_on_record_with_what_it_was() -> None:
    turned = replace(FAILED, passed=True, reason="the encoder is its own")
    ordered = recompute(Corrections(change("99.9").scores, (turned,)))
    was = f"{OLD.value.normalize():f}"
    assert dict(ordered.before) == {f"nia//nc-ai/{OLD.criterion}": was, "originality/naver-cloud": "failed"}
    assert ordered.corrections is not None
    assert ordered.corrections.verdicts == (turned,)


def test_a_recomputation_follows_the_finding_and_changes_something() -> None:
    for nothing in (Corrections(), change(str(OLD.value))):
        with pytest.raises(RemedyInvalidError):
            recompute(nothing)
    with pytest.raises(TextInvalidError):
        recompute(change("9"), "x" * 2001)
    twice = change("9")
    with pytest.raises(CorrectionInvalidError):
        recompute(Corrections(twice.scores * 2))
    with pytest.raises(RemedyInvalidError):
        order_recompute(found(Remedy.RESCORE), change("9"), "instead", GIVEN)
    instead = found(Remedy.RECOMPUTE)
    with pytest.raises(RemedyInvalidError):
        order_rescore(instead, [NIA], "instead", RULES, GIVEN, BARS, NOW)
    for early in (heard(), found(Remedy.UPHOLD)):
        with pytest.raises(ProceedingStateError):
            order_recompute(early, change("9"), "early", GIVEN)


def test_before_a_decision_a_case_gives_a_verdict_and_corrects_no_score() -> None:
    with pytest.raises(RemedyInvalidError):
        order_recompute(found(Remedy.RECOMPUTE), change("9"), "early", None)
    ordered = order_recompute(found(Remedy.RECOMPUTE), Corrections(verdicts=(FAILED,)), "as found", None)
    assert ordered.before == (("originality/naver-cloud", ""),)


@pytest.mark.parametrize(
    ("fresh", "error"),
    [
        ((), RemedyInvalidError),
        ((EXPERTS, EXPERTS), RemedyInvalidError),
        ((replace(EXPERTS, scorers=TEN[:9]),), RemedyInvalidError),
        ((replace(EXPERTS, scorers=(*TEN, "expert-10")),), RemedyInvalidError),
        ((replace(GATE, scorers=TEN[:6]),), RemedyInvalidError),
        ((replace(NIA, scorers=("a", "b")),), RemedyInvalidError),
        ((replace(NIA, source="nobody"),), RemedyInvalidError),
        ((replace(NIA, gate="originality"),), RemedyInvalidError),
        ((replace(NIA, source=""),), RemedyInvalidError),
        ((replace(EXPERTS, scorers=(*TEN[:9], "judge-1")),), MemberBarredError),
        ((replace(EXPERTS, scorers=(*TEN[:9], TEN[0])),), PanelInvalidError),
    ],
)
def test_as_many_score_again_as_the_rules_demand_and_nobody_who_is_barred(
    fresh: tuple[FreshScoring, ...], error: type
) -> None:
    with pytest.raises(error):
        rescore(*fresh)


def test_nobody_scores_again_while_the_original_assessors_are_not_known() -> None:
    unknown = replace(BARS, unknown=("nia",))
    with pytest.raises(OriginalsUnknownError):
        order_rescore(found(Remedy.RESCORE), [NIA], "again", RULES, GIVEN, unknown, NOW)
    with pytest.raises(OriginalsUnknownError):
        hand_in(rescore(NIA), sheet("tester", scoring=NIA), RULES, GIVEN, unknown)


def test_fresh_sheets_are_whole_on_the_scale_and_handed_in_once() -> None:
    ordered = rescore(EXPERTS)
    assert (ordered.state, ordered.owner) == (State.RESCORING, "panel")
    whole = sheet(TEN[0])
    for wrong in (
        replace(whole, values=whole.values[1:]),
        replace(whole, values=(*whole.values, whole.values[0])),
        replace(whole, values=(*whole.values[1:], replace(whole.values[0], team="kakao"))),
        sheet(TEN[0], "11"),
        sheet(TEN[0], "7.5"),
    ):
        with pytest.raises(FreshScoresInvalidError):
            hand_in(ordered, wrong, RULES, GIVEN, BARS)
    once = hand_in(ordered, whole, RULES, GIVEN, BARS)
    with pytest.raises(FreshScoresTakenError):
        hand_in(once, whole, RULES, GIVEN, BARS)
    for nobody in (sheet("stranger"), replace(whole, source="expert-users")):
        with pytest.raises(ScorerNotNamedError):
            hand_in(ordered, nobody, RULES, GIVEN, BARS)
    with pytest.raises(MemberBarredError):
        hand_in(ordered, whole, RULES, GIVEN, replace(BARS, why={TEN[0]: "party"}))
    with pytest.raises(ProceedingStateError):
        hand_in(found(Remedy.RESCORE), whole, RULES, GIVEN, BARS)


def test_fresh_sheets_take_the_place_of_all_that_the_source_had_and_of_nothing_else() -> None:
    ordered = rescore(EXPERTS, NIA)
    for scorer in TEN:
        assert not all_handed_in(ordered)
        ordered = hand_in(ordered, sheet(scorer), RULES, GIVEN, BARS)
    ordered = hand_in(ordered, sheet("tester", "70.5", NIA), RULES, GIVEN, BARS)
    assert all_handed_in(ordered)
    read = corrected(EVIDENCE, [fresh_corrections(ordered, RULES, GIVEN)])
    assert {each.assessor for each in read.scores if each.source == "expert-panel"} == set(TEN)
    assert {each.value for each in read.scores if each.source == "expert-panel"} == {Decimal(8)}
    others = {(each.source, each.assessor) for each in GIVEN.scores() if each.source != "expert-panel"}
    assert {(each.source, each.assessor) for each in read.scores if each.source != "expert-panel"} == others
    assert {each.value for each in read.measurements if each.source == "nia"} == {Decimal("70.5")}
    assert len(read.measurements) == len(GIVEN.measurements)
    inputs = collect(
        "stage-1", GIVEN.entrants, scores=read.scores, measurements=read.measurements, verdicts=read.verdicts
    )
    assert decide(RULES, inputs).table


@pytest.mark.parametrize(("for_it", "passes"), [(4, True), (3, False)])
def test_a_gate_is_judged_again_by_majority_of_fresh_judges(for_it: int, passes: bool) -> None:
    ordered = rescore(GATE)
    incomplete = replace(judged(TEN[0], passed=True), judgements=())
    speechless = replace(
        incomplete, judgements=tuple(replace(each, reason=" ") for each in judged(TEN[0], passed=True).judgements)
    )
    with pytest.raises(FreshScoresInvalidError):
        hand_in(ordered, incomplete, RULES, GIVEN, BARS)
    with pytest.raises(TextInvalidError):
        hand_in(ordered, speechless, RULES, GIVEN, BARS)
    for number, scorer in enumerate(GATE.scorers):
        ordered = hand_in(ordered, judged(scorer, passed=number < for_it), RULES, GIVEN, BARS)
    verdicts = fresh_corrections(ordered, RULES, GIVEN).verdicts
    assert {each.team for each in verdicts} == {each.team for each in GIVEN.verdicts}
    assert {(each.passed, each.judged_by, each.evidence) for each in verdicts} == {(passes, 7, (ordered.id,))}

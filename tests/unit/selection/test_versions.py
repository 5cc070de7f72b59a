"""Versions of a decision: what is corrected, and what then differs."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from rules import Inputs, Provenance, Score, collect, decide, load_rule_set
from selection.domain.deciding import Evidence
from selection.domain.events import DecisionRecord
from selection.domain.gates import Bench
from selection.domain.override import Override
from selection.domain.refusal import CorrectionInvalidError, ReasonMissingError
from selection.domain.versions import Corrections, ScoreChange, check_redecision, corrected, difference

from tests.builders.selection_cases import document, inputs

RULES = load_rule_set(document("stage-2"))
GIVEN = inputs("stage-2")
# The fourth was cut before the gate, and so never judged.
VERDICTS = (*GIVEN.verdicts, replace(GIVEN.verdicts[0], team="motif-technologies"))
EVIDENCE = Evidence(tuple(GIVEN.scores()), GIVEN.measurements, VERDICTS, Bench({}, (), ()))
AAII = next(each for each in GIVEN.measurements if each.team == "motif-technologies" and each.source == "aaii")


def change(value: str | None, assessor: str = "") -> ScoreChange:
    return ScoreChange(
        AAII.source, assessor, AAII.team, AAII.criterion, Decimal(value) if value else None, Provenance.RECORDED
    )


def inputs_of(evidence: Evidence) -> Inputs:
    return collect(
        GIVEN.stage,
        GIVEN.entrants,
        scores=evidence.scores,
        measurements=evidence.measurements,
        verdicts=evidence.verdicts,
    )


def record(evidence: Evidence, version: int = 1) -> DecisionRecord:
    read = inputs_of(evidence)
    decision = decide(RULES, read)
    return DecisionRecord(
        "stage-2", "r", read.sha256(), read.canonical_bytes(), decision.sha256(), decision.canonical_bytes(), version
    )


def test_a_correction_changes_one_value_and_a_later_one_counts() -> None:
    read = corrected(EVIDENCE, [Corrections((change("1.5"),)), Corrections((change("2.5"),))])
    values = {(each.team, each.source): each.value for each in read.measurements}
    assert values["motif-technologies", "aaii"] == Decimal("2.5")
    assert len(read.measurements) == len(EVIDENCE.measurements)
    assert inputs_of(corrected(EVIDENCE, [])) == inputs_of(EVIDENCE)


def test_a_value_can_be_withdrawn_or_added() -> None:
    assert len(corrected(EVIDENCE, [Corrections((change(None),))]).measurements) == len(EVIDENCE.measurements) - 1
    added = corrected(EVIDENCE, [Corrections((change("3", assessor="fresh"),))])
    extra = Score(AAII.source, "fresh", AAII.team, AAII.criterion, Decimal(3))
    assert extra in added.scores


def test_a_later_verdict_takes_the_place_of_the_earlier() -> None:
    stage_one = inputs("stage-1")
    evidence = replace(EVIDENCE, verdicts=stage_one.verdicts)
    first = stage_one.verdicts[0]
    turned = replace(first, passed=not first.passed)
    read = corrected(evidence, [Corrections(verdicts=(turned,))])
    assert turned in read.verdicts
    assert (len(read.verdicts), first in read.verdicts) == (len(stage_one.verdicts), False)


def test_the_difference_names_ranks_totals_winners_and_the_changed_inputs() -> None:
    better = corrected(EVIDENCE, [Corrections((change("80"),))])
    found = json.loads(difference(record(EVIDENCE), record(better, 2)))
    assert found["scores"] == {
        f"aaii//motif-technologies/{AAII.criterion}": {"before": f"{AAII.value.normalize():f}", "after": "80"}
    }
    assert found["joined"] == ["motif-technologies"]
    assert found["left"] == ["lg-ai-research"]
    assert found["ranks"]["motif-technologies"] == {"before": 4, "after": 1}
    assert set(found["totals"]) == {"motif-technologies"}
    assert (found["overridden"], found["rule_set_sha256"], found["verdicts"]) == (None, None, {})


def test_an_override_is_a_difference_of_winners_alone() -> None:
    first = record(EVIDENCE)
    override = Override("o", 1, first.sha256, ("upstage",), "why", (), "kim", "lee")
    found = json.loads(difference(first, replace(first, version=2, override=override)))
    assert found["left"] == ["lg-ai-research", "sk-telecom"]
    assert (found["ranks"], found["totals"], found["scores"]) == ({}, {}, {})
    assert found["overridden"] == {"before": False, "after": True}


def test_values_that_only_gained_digits_do_not_differ() -> None:
    finer = corrected(EVIDENCE, [Corrections((change(f"{AAII.value}00"),))])
    assert json.loads(difference(record(EVIDENCE), record(finer, 2)))["scores"] == {}


def test_a_redecision_has_a_reason_and_names_each_value_once() -> None:
    check_redecision("wrong edition", Corrections((change("2"),)))
    with pytest.raises(ReasonMissingError):
        check_redecision(" ", Corrections())
    with pytest.raises(CorrectionInvalidError):
        check_redecision("x", Corrections((change("2"), change("3"))))
    verdict = inputs("stage-1").verdicts[0]
    with pytest.raises(CorrectionInvalidError):
        check_redecision("x", Corrections(verdicts=(verdict, verdict)))
    with pytest.raises(ReasonMissingError):
        check_redecision("x", Corrections(verdicts=(replace(verdict, reason=""),)))

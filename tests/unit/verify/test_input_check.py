"""Inputs of a decision: all of the log that counts, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import rules
from dokpamo.evaluation.v1 import events_pb2 as evaluation
from dokpamo.evaluation.v1.service_pb2 import ScoreRow

from tests.builders.public_record import (
    STAGE,
    LogBuilder,
    decide,
    decided_record,
    found_in,
    freeze,
    open_stage,
    publish,
    scored,
)

if TYPE_CHECKING:
    from pathlib import Path


def opened() -> LogBuilder:
    log = LogBuilder()
    publish(log)
    freeze(log)
    open_stage(log)
    return log


def collected(inputs: rules.Inputs, scores: list[rules.Score]) -> rules.Inputs:
    return rules.collect(
        STAGE, inputs.entrants, scores=scores, measurements=inputs.measurements, verdicts=inputs.verdicts
    )


def test_a_logged_sheet_that_was_left_out_is_noticed(tmp_path: Path) -> None:
    log = opened()
    inputs = scored(log)
    fewer = collected(inputs, [score for score in inputs.scores() if score.assessor != "park"])
    found = found_in(decided_record(log, fewer, decide(log, fewer)), tmp_path)
    assert len(found) == 3
    assert found[0] == "inputs/trial.json: score of panel, park, alpha, plan: is in the log and was left out"


def test_a_score_that_is_not_the_logged_one_is_noticed(tmp_path: Path) -> None:
    log = opened()
    inputs = scored(log)
    first, *rest = inputs.scores()
    raised = collected(inputs, [replace(first, value=first.value + Decimal(5)), *rest])
    found = found_in(decided_record(log, raised, decide(log, raised)), tmp_path)
    assert found == ["inputs/trial.json: score of panel, kim, alpha, plan: 45 here, 40 in the log"]


def test_a_value_that_is_marked_otherwise_than_in_the_log_is_noticed(tmp_path: Path) -> None:
    log = opened()
    inputs = scored(log)
    scores = [replace(score, provenance=rules.Provenance.SYNTHETIC) for score in inputs.scores()]
    relabelled = collected(inputs, scores)
    found = found_in(decided_record(log, relabelled, decide(log, relabelled)), tmp_path)
    assert found == ["inputs/trial.json: provenance of panel: synthetic here, recorded in the log"]


def test_a_sheet_after_the_decision_does_not_count(tmp_path: Path) -> None:
    log = opened()
    inputs = scored(log)
    decision = decide(log, inputs)
    row = ScoreRow(team_id="alpha", criterion="plan", value="60")
    log.add(evaluation.ScoreSheetSubmitted(stage_id=STAGE, source_id="panel", assessor_id="late", rows=[row]))
    assert found_in(decided_record(log, inputs, decision), tmp_path) == []


def test_a_team_for_which_the_stage_did_not_open_is_noticed(tmp_path: Path) -> None:
    log = LogBuilder()
    publish(log)
    freeze(log)
    open_stage(log, ("alpha", "beta"))
    inputs = scored(log)
    found = found_in(decided_record(log, inputs, decide(log, inputs)), tmp_path)
    left_out, others = found
    assert left_out.startswith("entries/000000.jsonl, line 3: team gamma was left out of stage trial, ")
    assert others == "inputs/trial.json: entrants: the stage opened for other teams, entry 2"

"""Blind content is opened with the decision, or the closing, that it was blind for."""

from __future__ import annotations

import pytest
from verify.embargo import embargo_of, ended_by

FINAL = "dokpamo.selection.v1.DecisionFinalized"
CLOSED = "dokpamo.intake.v1.CallClosed"


def test_what_belongs_to_a_stage_is_opened_with_its_final_decision() -> None:
    assert embargo_of({"stage_id": "stage-1", "source_id": "panel"}) == ended_by(FINAL, {"stage_id": "stage-1"})


def test_what_belongs_to_a_call_is_opened_with_its_closing() -> None:
    assert embargo_of({"application_id": "call-1/alpha"}) == ended_by(CLOSED, {"call_id": "call-1"})
    assert embargo_of({"call_id": "call-1"}) == ended_by(CLOSED, {"call_id": "call-1"})


def test_a_stage_and_a_call_of_one_name_are_two_embargoes() -> None:
    assert embargo_of({"stage_id": "one"}) != embargo_of({"call_id": "one"})


@pytest.mark.parametrize("payload", [{}, {"stage_id": ""}, {"stage_id": None}, {"stage_id": 7}, {"stage_id": ["x"]}])
def test_what_says_neither_is_opened_by_staff_alone(payload: dict[str, object]) -> None:
    assert embargo_of(payload) is None
    assert ended_by(FINAL, payload) is None


@pytest.mark.parametrize(
    "event_type", ["dokpamo.selection.v1.DecisionProvisional", "dokpamo.selection.v1.StageOpened", ""]
)
def test_nothing_else_ends_an_embargo(event_type: str) -> None:
    assert ended_by(event_type, {"stage_id": "stage-1", "call_id": "call-1"}) is None

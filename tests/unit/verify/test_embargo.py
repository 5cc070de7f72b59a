"""Blind content is opened with the release, or the closing, that it was blind for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from verify.embargo import embargo_of, ended_by
from verify.entry import Entry

RELEASED = ("dokpamo.selection.v1.ResultsReleased", "dokpamo.selection.publication.v1")
CLOSED = ("dokpamo.intake.v1.CallClosed", "dokpamo.intake.call.v1")
SHEET = ("dokpamo.evaluation.v1.ScoreSheetSubmitted", "dokpamo.evaluation.sheet.v1")


def entry(kind: tuple[str, str], payload: dict[str, object] | None) -> Entry:
    content = {} if payload is None else {"payload": payload}
    return Entry("e", kind[0], "/dokpamo/x", datetime(2026, 1, 10, tzinfo=UTC), kind[1], content)


def test_what_belongs_to_a_stage_is_opened_with_the_release_of_its_results() -> None:
    blind = embargo_of(entry(SHEET, {"stage_id": "stage-1", "source_id": "panel"}))
    assert blind == ended_by(entry(RELEASED, {"stage_id": "stage-1"}))
    assert blind != ended_by(entry(RELEASED, {"stage_id": "stage-2"}))


@pytest.mark.parametrize("payload", [{"application_id": "call-1/alpha"}, {"call_id": "call-1"}])
def test_what_belongs_to_a_call_is_opened_with_its_closing(payload: dict[str, object]) -> None:
    assert embargo_of(entry(SHEET, payload)) == ended_by(entry(CLOSED, {"call_id": "call-1"}))


def test_a_stage_and_a_call_of_one_name_are_two_embargoes() -> None:
    assert embargo_of(entry(SHEET, {"stage_id": "one"})) != embargo_of(entry(SHEET, {"call_id": "one"}))


@pytest.mark.parametrize("payload", [None, {}, {"stage_id": ""}, {"stage_id": None}, {"stage_id": 7}])
def test_what_says_neither_is_opened_by_staff_alone(payload: dict[str, object] | None) -> None:
    assert embargo_of(entry(SHEET, payload)) is None
    assert ended_by(entry(RELEASED, payload)) is None


@pytest.mark.parametrize(
    "kind",
    [
        SHEET,
        ("", ""),
        ("dokpamo.selection.v1.DecisionFinalized", "dokpamo.selection.decision.v1"),
        (f"{RELEASED[0]}x", RELEASED[1]),
    ],
)
def test_nothing_else_ends_an_embargo(kind: tuple[str, str]) -> None:
    assert ended_by(entry(kind, {"stage_id": "stage-1", "call_id": "call-1"})) is None


@pytest.mark.parametrize("topic", ["dokpamo.training.job.v1", "dokpamo.selection.stage.v1", ""])
def test_an_end_that_came_by_another_topic_ends_nothing(topic: str) -> None:
    """Another service, or who has broken into it, cannot say that results are released."""
    assert ended_by(entry((RELEASED[0], topic), {"stage_id": "stage-1"})) is None

"""Events from outside that a stage waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from selection.domain import stage as stages
from selection.domain import trigger
from selection.domain.agenda import agenda
from selection.domain.refusal import (
    ReasonMissingError,
    StageCancelledError,
    StageNotPlannedError,
    TriggerForeignError,
    TriggerInvalidError,
    TriggerUnknownError,
)
from selection.domain.stage import Stage, StageState
from selection.domain.trigger import Trigger
from selection.domain.waits import WaitCode, wait

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PINNED, READY = Trigger("index-edition-pinned", "index-watch"), Trigger("pool-ready")
STAGE = Stage(
    "s", "단계", "Stage", "a" * 64, "call", (), NOW, NOW + timedelta(days=9), NOW + timedelta(days=10),
    triggers=(PINNED, READY),
)  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        [Trigger("")],
        [Trigger("Pinned")],
        [Trigger("a--b")],
        [Trigger("a" * 65)],
        [READY, READY],
        [Trigger(f"t{number}") for number in range(21)],
    ],
)
def test_a_plan_names_each_event_once_and_plainly(given: list[Trigger]) -> None:
    with pytest.raises(TriggerInvalidError):
        trigger.planned(given)


def test_triggers_of_a_plan_are_in_order_of_their_names() -> None:
    assert trigger.planned([READY, PINNED]) == (PINNED, READY)


def test_an_event_comes_once_from_its_own_pipeline_or_from_staff() -> None:
    with pytest.raises(TriggerForeignError):
        stages.triggered(STAGE, "index-edition-pinned", "other", NOW)
    came = stages.triggered(STAGE, "index-edition-pinned", "index-watch", NOW)
    assert trigger.missing(came.triggers) == (READY,)
    assert stages.triggered(came, "index-edition-pinned", None, NOW + timedelta(days=1)) == came
    assert trigger.missing(stages.triggered(came, "pool-ready", "any", NOW).triggers) == ()
    with pytest.raises(TriggerUnknownError):
        stages.triggered(STAGE, "unknown", None, NOW)


def test_what_a_stage_waits_for_is_seen_before_its_date_and_after_it_is_the_pipelines() -> None:
    early = agenda(STAGE)
    assert (early.owner, early.wake_at) == ("selection", NOW)
    assert [each.code for each in early.waits] == [WaitCode.OPENING, *[WaitCode.TRIGGER_MISSING] * 2]
    held = agenda(replace(STAGE, waits=(wait(WaitCode.TRIGGER_MISSING, trigger="pool-ready"),)))
    assert (held.owner, held.wake_at, held.deadline) == ("pipeline", None, STAGE.closes_at)


def test_a_stage_is_cancelled_for_a_reason_before_it_opens_and_then_takes_nothing() -> None:
    with pytest.raises(ReasonMissingError):
        stages.cancelled(STAGE, " ")
    with pytest.raises(StageNotPlannedError):
        stages.cancelled(stages.open_with(STAGE, ["a"], NOW), "late")
    gone = stages.cancelled(STAGE, "the pool is not built")
    assert (gone.state, agenda(gone).owner, agenda(gone).waits) == (StageState.CANCELLED, "", ())
    for refused in (lambda: stages.triggered(gone, "pool-ready", None, NOW), lambda: stages.require_undecided(gone)):
        with pytest.raises(StageCancelledError):
            refused()


def test_a_plan_is_the_same_whatever_has_come_since() -> None:
    came = replace(stages.triggered(STAGE, "pool-ready", None, NOW), sequence=3)
    assert stages.is_same_plan(came, STAGE)
    assert not stages.is_same_plan(came, replace(STAGE, from_call="other"))
    assert stages.planned_anew(stages.cancelled(came, "x"), STAGE) == replace(STAGE, sequence=3)

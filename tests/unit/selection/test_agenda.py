"""Every state has an owner, a deadline and a reason; only a final one has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from selection.domain.agenda import DECISION_GRACE, FINAL_GRACE, agenda
from selection.domain.stage import Stage, StageState
from selection.domain.waits import WaitCode, wait

DAY = datetime(2026, 1, 5, tzinfo=UTC)
STAGE = Stage("s", "단계", "Stage", "a" * 64, "call", (), DAY, DAY + timedelta(days=9), DAY + timedelta(days=10))
MISSING = (wait(WaitCode.VERDICTS_MISSING, gate="originality", teams=["a"]),)


def test_a_planned_stage_opens_by_itself_unless_something_is_missing_that_wakes_it() -> None:
    planned = agenda(STAGE)
    assert (planned.owner, planned.wake_at, planned.deadline) == ("selection", STAGE.opens_at, STAGE.closes_at)
    assert [each.code for each in planned.waits] == [WaitCode.OPENING]
    held = agenda(replace(STAGE, waits=(wait(WaitCode.CALL_OPEN, call="c"),)))
    assert (held.owner, held.wake_at, [each.code for each in held.waits]) == ("staff", None, [WaitCode.CALL_OPEN])


def test_a_collecting_stage_is_evaluations_until_people_must_act() -> None:
    collecting = replace(STAGE, state=StageState.COLLECTING)
    scored = agenda(collecting)
    assert (scored.owner, scored.wake_at) == ("evaluation", STAGE.decides_at)
    assert scored.deadline == STAGE.decides_at + DECISION_GRACE
    held = agenda(replace(collecting, waits=MISSING))
    assert (held.owner, held.wake_at, held.waits) == ("staff", None, MISSING)
    coming = agenda(replace(collecting, waits=(wait(WaitCode.SCORES_UNDERWAY, source="x"),)))
    assert (coming.owner, coming.wake_at) == ("evaluation", None)


def test_a_provisional_decision_waits_for_the_end_of_its_window_and_a_final_one_for_nothing() -> None:
    end = DAY + timedelta(days=20)
    window = agenda(replace(STAGE, state=StageState.OBJECTION, final_at=end))
    assert (window.owner, window.wake_at, window.deadline) == ("selection", end, end + FINAL_GRACE)
    final = agenda(replace(STAGE, state=StageState.FINAL, final_at=end))
    assert (final.owner, final.wake_at, final.deadline, final.waits) == ("", None, None, ())

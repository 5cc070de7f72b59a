"""Stages that are opened by date and event on a real PostgreSQL, and plans that are cancelled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from common.errors import Refused
from dokpamo.selection.v1 import events_pb2, pipeline_pb2, service_pb2
from selection import handlers
from selection.domain import refusal
from selection.domain.trigger import Trigger

from tests.builders.selection_cases import STAGE_ONE_BY_CALL, Selection, inputs, opened, version, waits
from tests.builders.selection_rpcs import served

if TYPE_CHECKING:
    from pathlib import Path

OPENS = datetime(2026, 1, 5, tzinfo=UTC)
TEAMS = inputs("stage-1").entrants
PINNED = Trigger("edition-pinned", "index-watch")


async def planned(selection: Selection, *triggers: Trigger) -> None:
    """Stage 1 planned with its teams known, to be opened when these events have come."""
    selection.clock.set(datetime(2025, 11, 20, 1, tzinfo=UTC))
    sha256 = await selection.freeze(STAGE_ONE_BY_CALL)
    await selection.write(handlers.plan_stage, "stage-1", sha256, "call", (), triggers=triggers)
    await selection.write(handlers.close_call, "call", TEAMS)


async def test_a_stage_waits_past_its_date_for_the_event_and_opens_with_it(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await planned(selection, PINNED, Trigger("pool-ready"))
        early = await selection.stage("stage-1")
        assert {"opening", "trigger-missing"} == waits(early).keys()
        await selection.go_to(OPENS + timedelta(hours=1))
        held = await selection.stage("stage-1")
        assert (held.state, held.owner, len(held.waits)) == ("planned", "pipeline", 2)
        trigger = (handlers.trigger_stage, "stage-1")
        await selection.write(*trigger, "pool-ready", ["sha256:ab"], pipeline="anybody")
        await selection.go_to(selection.clock.now())
        assert waits(await selection.stage("stage-1")) == {
            "trigger-missing": {"trigger": "edition-pinned", "pipeline": "index-watch"}
        }
        await selection.go_to(OPENS + timedelta(days=1))
        for _ in range(2):
            await selection.write(*trigger, "edition-pinned", [], pipeline="index-watch")
            await selection.go_to(selection.clock.now())
        stage = await selection.stage("stage-1")
        assert (stage.state, len(stage.standings)) == ("collecting", len(TEAMS))
        assert [each.trigger_id for each in await selection.said(events_pb2.StageTriggered)] == [
            "pool-ready",
            "edition-pinned",
        ]
        (told,) = await selection.said(events_pb2.StagePlanned)
        assert [each.trigger_id for each in told.triggers] == ["edition-pinned", "pool-ready"]
        # A second arrival, after the opening, changes nothing either.
        before = stage.sequence
        await selection.write(*trigger, "pool-ready", [], pipeline=None)
        assert (await selection.stage("stage-1")).sequence == before


async def test_what_came_before_the_date_lets_the_date_open_the_stage(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await planned(selection, PINNED)
        await selection.write(handlers.trigger_stage, "stage-1", "edition-pinned", [], pipeline=None)
        await selection.go_to(OPENS - timedelta(minutes=1))
        assert waits(await selection.stage("stage-1")).keys() == {"opening"}
        await selection.go_to(OPENS)
        assert (await selection.stage("stage-1")).state == "collecting"


async def test_a_cancelled_stage_never_opens_says_why_and_is_planned_anew(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await planned(selection, PINNED)
        stage = await selection.stage("stage-1")
        plan = (handlers.plan_stage, "stage-1", stage.rule_set_sha256, "call", ())
        # The same plan again is the same stage; another one is refused while it stands.
        assert (await selection.write(*plan, triggers=[PINNED])).sequence == stage.sequence
        with pytest.raises(refusal.StageTakenError):
            await selection.write(*plan)
        await selection.write(handlers.cancel_stage, "stage-1", "the edition will not be pinned in time")
        await selection.go_to(OPENS + timedelta(days=1))
        gone = await selection.stage("stage-1")
        assert (gone.state, gone.owner, list(gone.waits)) == ("cancelled", "", [])
        assert gone.cancel_reason == "the edition will not be pinned in time"
        (told,) = await selection.said(events_pb2.StageCancelled)
        assert told.reason == gone.cancel_reason
        with pytest.raises(refusal.StageCancelledError):
            await selection.write(handlers.trigger_stage, "stage-1", "edition-pinned", [], pipeline=None)
        again = await selection.write(*plan)
        assert again.sequence == gone.sequence + 1
        await selection.go_to(selection.clock.now())
        assert (await selection.stage("stage-1")).state == "collecting"
        states = [each.stage.state.value for each in await selection.read("history", "stage-1", 0, 50)]
        assert states == ["planned", "cancelled", "planned", "collecting"]


async def test_an_event_that_comes_after_the_window_opens_nothing_until_the_dates_are_moved(
    fresh_database_url: str,
) -> None:
    async with opened(fresh_database_url) as selection:
        await planned(selection, PINNED)
        await selection.go_to(datetime(2026, 1, 16, tzinfo=UTC))
        await selection.write(handlers.trigger_stage, "stage-1", "edition-pinned", [], pipeline=None)
        await selection.go_to(selection.clock.now())
        held = await selection.stage("stage-1")
        assert (held.state, held.owner, list(waits(held))) == ("planned", "staff", ["window-missed"])
        assert await selection.said(events_pb2.StageOpened) == []
        moved = version(STAGE_ONE_BY_CALL, 99, opens="2026-02-01T09:00:00+09:00", closes="2026-02-10T09:00:00+09:00",
                        decides="2026-02-10T15:00:00+09:00")  # fmt: skip
        change = await selection.write(
            handlers.propose_change, "stage-1", await selection.freeze(moved), "the edition came late"
        )
        agreed: tuple[bool, tuple[str, ...]] = (True, ())
        for team in change.asked:
            await selection.write(handlers.record_consent, change.id, team, *agreed, by_team=True)
        await selection.go_to(datetime(2026, 2, 1, tzinfo=UTC))
        assert (await selection.stage("stage-1")).state == "collecting"


async def test_a_stage_that_follows_a_cancelled_one_says_so(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await selection.publish("written-review")
        await selection.publish("presentation")
        await selection.write(handlers.cancel_stage, "written-review", "no call was announced")
        await selection.go_to(datetime(2025, 8, 1, tzinfo=UTC))
        stage = await selection.stage("presentation")
        assert (stage.owner, waits(stage)) == ("staff", {"stage-cancelled": {"stage": "written-review"}})


async def test_only_the_pipeline_of_the_plan_and_staff_bring_an_event(fresh_database_url: str, tmp_path: Path) -> None:
    async with served(tmp_path, fresh_database_url) as at:
        await planned(at.selection, PINNED)
        pipeline = await at.as_("PipelineService", "index-watch", "pipeline")
        other = await at.as_("PipelineService", "other", "pipeline")
        staff = await at.as_("PipelineService", "park", "staff")

        def came(stage: str = "stage-1", trigger: str = "edition-pinned") -> pipeline_pb2.TriggerStageRequest:
            return pipeline_pb2.TriggerStageRequest(request_id=str(uuid4()), stage_id=stage, trigger_id=trigger)

        for client, request, code in (
            (other, came(), "TRIGGER_FOREIGN"),
            (pipeline, came(trigger="pool-ready"), "TRIGGER_UNKNOWN"),
            (pipeline, came(stage="stage-9"), "STAGE_UNKNOWN"),
        ):
            with pytest.raises(Refused) as refused:
                await client.TriggerStage(request)
            assert refused.value.code == code
        cancel = pipeline_pb2.CancelStageRequest(request_id=str(uuid4()), stage_id="stage-1", reason="x")
        with pytest.raises(Refused) as refused:
            await pipeline.CancelStage(cancel)
        assert refused.value.code == "PERMISSION_DENIED"
        answer = await pipeline.TriggerStage(came())
        assert list(answer.missing_trigger_ids) == []
        stages = await at.as_("SelectionService", "index-watch", "pipeline")
        (stage,) = (await stages.ListStages(service_pb2.ListStagesRequest())).stages
        assert stage.triggers[0].HasField("arrived_at")
        await staff.CancelStage(cancel)
        (stage,) = (await stages.ListStages(service_pb2.ListStagesRequest())).stages
        assert (stage.state, stage.cancel_reason) == ("cancelled", "x")


async def taken(stream: Any, number: int) -> list[pipeline_pb2.FollowTransitionsResponse]:
    """The next moves of a stream."""
    async with asyncio.timeout(20):
        return [await anext(stream) for _ in range(number)]


async def test_a_pipeline_follows_how_stages_move_and_goes_on_after_its_last_cursor(
    fresh_database_url: str, tmp_path: Path
) -> None:
    async with served(tmp_path, fresh_database_url) as at:
        await planned(at.selection, PINNED)
        pipeline = await at.as_("PipelineService", "index-watch", "pipeline")
        stream = pipeline.FollowTransitions(pipeline_pb2.FollowTransitionsRequest())
        (first,) = await taken(stream, 1)
        assert (first.stage_id, first.transition.state, first.transition.actor) == ("stage-1", "planned", "")
        await pipeline.TriggerStage(
            pipeline_pb2.TriggerStageRequest(
                request_id=str(uuid4()), stage_id="stage-1", trigger_id="edition-pinned", evidence=["sha256:ab"]
            )
        )
        await at.selection.go_to(OPENS)
        moved = await taken(stream, 2)
        assert [each.transition.cause for each in moved] == ["trigger:edition-pinned", "opened"]
        await stream.aclose()
        # Staff see who; others find the same places; of a stage that does not move there is nothing.
        staff = await at.as_("PipelineService", "park", "staff")
        again = staff.FollowTransitions(pipeline_pb2.FollowTransitionsRequest(after_cursor=first.cursor))
        found = await taken(again, 2)
        assert [each.cursor for each in found] == [each.cursor for each in moved]
        assert found[0].transition.actor == "index-watch"
        other = pipeline_pb2.FollowTransitionsRequest(stage_ids=["stage-2"])
        with pytest.raises(Refused) as refused:
            await taken(pipeline.FollowTransitions(other, timeout=0.3), 1)
        assert refused.value.status.name == "DEADLINE_EXCEEDED"
        for cursor in ("9999999", "soon"):
            request = pipeline_pb2.FollowTransitionsRequest(after_cursor=cursor)
            with pytest.raises(Refused) as refused:
                await taken(pipeline.FollowTransitions(request), 1)
            assert (refused.value.code, refused.value.facts["field"]) == ("FIELD_INVALID", "after_cursor")

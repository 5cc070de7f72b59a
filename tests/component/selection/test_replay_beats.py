"""The replay's beats of rule sets and gates, played over the RPCs: stage 1 is postponed, and judged by ten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from client.replay.programme import load_programme
from client.replay.rule_beats import RuleBeats
from client.session import Session
from dokpamo.selection.v1 import events_pb2
from selection import handlers

from tests.builders.outcome import computed_outcome
from tests.builders.selection_cases import DECIDES, inputs
from tests.builders.selection_rpcs import served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.builders.selection_cases import Selection

CALL = "sovereign-ai-2025"


async def score(selection: Selection, stage: str) -> None:
    """Hand in a stage's scores an hour before the last instant for them, and let it be decided."""
    kept = await selection.kept_stage(stage)
    await selection.go_to(kept.closes_at - timedelta(hours=1))
    await selection.give(stage, inputs(stage))
    await selection.go_to(kept.decides_at)


async def test_stage_one_moves_with_the_agreement_of_its_five_teams_and_decides_the_golden_bytes(
    tmp_path: Path, fresh_database_url: str
) -> None:
    programme = load_programme()
    golden = {stage["id"]: stage for stage in computed_outcome()["stages"]}
    async with (
        served(tmp_path, fresh_database_url) as at,
        Session({"selection": at.address}, at.issuer) as session,
    ):
        beats = RuleBeats(programme, session)
        due = [beat for beat in beats.in_order() if beat.at < datetime(2026, 1, 1, tzinfo=UTC)]
        selection = at.selection
        for beat in sorted(due, key=lambda each: each.at):
            if beat.what == "rule set stage-1, first dates":
                await selection.write(handlers.close_call, CALL, inputs("written-review").entrants)
                await score(selection, "written-review")
                await score(selection, "presentation")
            await selection.go_to(beat.at)
            await beat.play()
        (changed,) = await selection.said(events_pb2.RuleSetChanged)
        assert list(changed.agreed_team_ids) == sorted(golden["presentation"]["advanced"])
        # Nothing happens on the last day of December.
        await selection.go_to(datetime(2026, 1, 1, tzinfo=UTC))
        assert (await selection.stage("stage-1")).state == "planned"
        stage = next(each for each in programme.stages if each.stage_id == "stage-1")
        await selection.go_to(stage.rule_set.dates.closes - timedelta(hours=1))
        await selection.give("stage-1", stage.inputs)
        await beats.judge(stage)
        await selection.go_to(DECIDES)
        decided = await selection.stage("stage-1")
        assert decided.decision_sha256 == golden["stage-1"]["decision_sha256"]
        assert {each.judges_for for each in await selection.said(events_pb2.GateVerdictRecorded)} == {0, 10}

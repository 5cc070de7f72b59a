"""Comparisons of two teams by seated assessors, and measurements of the pipeline that the rule set names."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from dokpamo.evaluation.v1 import events_pb2
from dokpamo.evaluation.v1 import service_pb2 as pb
from dokpamo.selection.v1 import events_pb2 as selection
from evaluation.events import timers
from evaluation.handlers.panels import SCORING_PROCESS
from evaluation.store import PanelStore

from tests.builders.evaluation_service import NOW, STAGE, TEAMS, Evaluation, measured, opened, refusal

CLOSES = NOW + timedelta(hours=1)


def arena(*, ties: bool = True) -> selection.StageOpened:
    stage = opened()
    stage.closes_at.FromDatetime(CLOSES)
    stage.sources[1].provider = "index-watch"
    stage.sources.append(
        selection.ScoreSource(
            source_id="arena", kind="comparisons", panel_size=2, provider="judges", ties_allowed=ties, per_pair=3
        )
    )
    return stage


def compared(who: str = "anne", item: str = "q1", preferred: str = TEAMS[0], **changed: Any) -> Any:
    given: dict[str, Any] = {
        "request_id": str(uuid4()),
        "stage_id": STAGE,
        "source_id": "arena",
        "assessor_id": who,
        "item": item,
        "team_ids": reversed(TEAMS),
        "preferred_team_id": preferred,
    }
    return pb.SubmitComparisonRequest(**{**given, **changed})


async def seated(evaluation: Evaluation, stage: selection.StageOpened | None = None) -> None:
    await evaluation.hear(stage or arena())
    staff = await evaluation.as_("kim", "staff")
    await staff.SeatPanel(
        pb.SeatPanelRequest(request_id=str(uuid4()), stage_id=STAGE, source_id="arena", assessor_ids=["anne", "bora"])
    )


async def test_assessors_say_which_of_two_they_prefer_until_the_stage_closes(evaluation: Evaluation) -> None:
    await seated(evaluation)
    anne, bora = await evaluation.as_("anne", "assessor"), await evaluation.as_("bora", "assessor")
    answer = await anne.SubmitComparison(compared())
    assert answer.comparison_id == f"{STAGE}/arena/anne/q1/lg-ai-research/upstage"
    await bora.SubmitComparison(compared("bora", preferred=""))
    first, second = await evaluation.events(events_pb2.ComparisonSubmitted)
    assert (first.assessor_id, list(first.team_ids), first.preferred_team_id) == ("anne", list(TEAMS), TEAMS[0])
    assert (second.assessor_id, second.preferred_team_id) == ("bora", "")
    staff = await evaluation.as_("kim", "staff")
    found = (await staff.GetCompleteness(pb.GetCompletenessRequest(stage_id=STAGE))).sources
    assert [(each.source_id, each.present, each.required) for each in found][1] == ("arena", 2, 3)
    evaluation.clock.set(CLOSES + timedelta(seconds=1))
    assert (await refusal(anne.SubmitComparison(compared(item="q2")))).code == "SCORES_LATE"
    async with evaluation.database.transaction() as tx:
        process = await tx.processes.get(SCORING_PROCESS, STAGE)
        assert process is not None
        await timers(PanelStore)[SCORING_PROCESS](process, tx)
    (closed,) = await evaluation.events(events_pb2.ScoringClosed)
    assert {each.source_id: each.handed_in for each in closed.tallies} == {"arena": 2}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"item": "Question 1"}, "ITEM_INVALID"),
        ({"item": ""}, "ITEM_INVALID"),
        ({"team_ids": [TEAMS[0], TEAMS[0]]}, "COMPARED_WITH_ITSELF"),
        ({"team_ids": [TEAMS[0]]}, "FIELD_INVALID"),
        ({"team_ids": [TEAMS[0], "nobody"]}, "TEAM_UNKNOWN"),
        ({"preferred_team_id": "nobody"}, "PREFERRED_UNKNOWN"),
        ({"preferred_team_id": ""}, "TIE_NOT_ALLOWED"),
        ({"source_id": "expert"}, "SOURCE_KIND_MISMATCH"),
        ({"source_id": "nowhere"}, "SOURCE_UNKNOWN"),
        ({"stage_id": "stage-9"}, "STAGE_NOT_OPEN"),
    ],
)
async def test_a_comparison_that_is_none_is_refused_by_its_code(
    evaluation: Evaluation, changed: dict[str, Any], code: str
) -> None:
    await seated(evaluation, arena(ties=False))
    anne = await evaluation.as_("anne", "assessor")
    assert (await refusal(anne.SubmitComparison(compared(**changed)))).code == code
    assert await evaluation.events(events_pb2.ComparisonSubmitted) == []


async def test_two_teams_are_compared_once_on_an_item_by_one_assessor_who_has_a_seat(evaluation: Evaluation) -> None:
    await seated(evaluation)
    anne, carl = await evaluation.as_("anne", "assessor"), await evaluation.as_("carl", "assessor")
    answers = await asyncio.gather(
        *(anne.SubmitComparison(compared(preferred=each)) for each in ("", *TEAMS)), return_exceptions=True
    )
    assert sorted(getattr(each, "code", "kept") for each in answers) == ["COMPARISON_ALREADY_SUBMITTED"] * 2 + ["kept"]
    await anne.SubmitComparison(compared(item="q2"))
    assert (await refusal(carl.SubmitComparison(compared("carl")))).code == "ASSESSOR_NOT_SEATED"
    assert len(await evaluation.events(events_pb2.ComparisonSubmitted)) == 2


async def test_a_pipeline_records_what_the_rule_set_names_it_for_and_nothing_else(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    named, other = await evaluation.as_("index-watch", "pipeline"), await evaluation.as_("other", "pipeline")
    # Before it is known who is named, it is nobody.
    assert (await refusal(named.RecordMeasurements(measured("upstage")))).code == "PROVIDER_FOREIGN"
    await evaluation.hear(arena())
    assert (await refusal(other.RecordMeasurements(measured("upstage")))).code == "PROVIDER_FOREIGN"
    await named.RecordMeasurements(measured("upstage"))
    assert len(await evaluation.events(events_pb2.MeasurementsRecorded)) == 1

"""Panels, sheets and measurements."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from common.errors import AwaitedError
from dokpamo.common.v1 import provenance_pb2
from dokpamo.evaluation.v1 import events_pb2
from dokpamo.evaluation.v1 import service_pb2 as pb
from dokpamo.selection.v1 import events_pb2 as selection
from evaluation.events import timers
from evaluation.handlers.panels import SCORING_PROCESS
from evaluation.store import PanelStore

from tests.builders.evaluation_service import (
    NOW,
    STAGE,
    TEAMS,
    Evaluation,
    measured,
    opened,
    refusal,
    rows,
    seat,
    sheet,
)


async def test_seated_assessors_hand_in_sheets_until_the_stage_is_complete(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await seat(evaluation)
    for name in ("anne", "bora"):
        assessor = await evaluation.as_(name, "assessor")
        assert (await assessor.SubmitScoreSheet(sheet(name, rows()))).sheet_id == f"{STAGE}/expert/{name}"
    body = await evaluation.as_("testing", "testing_body")
    await body.RecordMeasurements(measured("upstage"))
    staff = await evaluation.as_("kim", "staff")
    found = (await staff.GetCompleteness(pb.GetCompletenessRequest(stage_id=STAGE))).sources
    assert [(each.source_id, each.present, each.required) for each in found] == [("aaii", 1, 2), ("expert", 2, 2)]
    sheets = await evaluation.events(events_pb2.ScoreSheetSubmitted)
    assert [each.assessor_id for each in sheets] == ["anne", "bora"]
    assert {each.provenance for each in sheets} == {provenance_pb2.PROVENANCE_SYNTHETIC}
    (panel,) = await evaluation.events(events_pb2.PanelSeated)
    assert list(panel.assessor_ids) == ["anne", "bora"]
    (values,) = await evaluation.events(events_pb2.MeasurementsRecorded)
    assert (values.rows[0].value, values.origin) == ("37.4", "AAII, edition 2026-06")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (rows("NaN"), "SCORE_NOT_A_NUMBER"),
        (rows("-Infinity"), "SCORE_NOT_A_NUMBER"),
        (rows("10.5"), "SCORE_OUT_OF_RANGE"),
        (rows()[:3], "SHEET_INCOMPLETE"),
        ([*rows(), pb.ScoreRow(team_id="nobody", criterion="plan", value="1")], "TEAM_UNKNOWN"),
        ([*rows(), pb.ScoreRow(team_id="upstage", criterion="looks", value="1")], "CRITERION_UNKNOWN"),
    ],
)
async def test_a_bad_sheet_is_refused_by_code_and_can_be_handed_in_again(
    evaluation: Evaluation, given: list[pb.ScoreRow], code: str
) -> None:
    await evaluation.hear(opened())
    await seat(evaluation)
    anne = await evaluation.as_("anne", "assessor")
    assert (await refusal(anne.SubmitScoreSheet(sheet("anne", given)))).code == code
    await anne.SubmitScoreSheet(sheet("anne", rows()))


async def test_a_second_sheet_and_one_without_a_seat_are_refused(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await seat(evaluation)
    anne, carl = await evaluation.as_("anne", "assessor"), await evaluation.as_("carl", "assessor")
    await anne.SubmitScoreSheet(sheet("anne", rows()))
    assert (await refusal(anne.SubmitScoreSheet(sheet("anne", rows("1"))))).code == "SHEET_ALREADY_SUBMITTED"
    assert (await refusal(carl.SubmitScoreSheet(sheet("carl", rows())))).code == "ASSESSOR_NOT_SEATED"
    assert len(await evaluation.events(events_pb2.ScoreSheetSubmitted)) == 1


async def test_two_sheets_of_one_assessor_at_the_same_moment_are_one(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await seat(evaluation)
    anne = await evaluation.as_("anne", "assessor")
    answers = await asyncio.gather(
        *(anne.SubmitScoreSheet(sheet("anne", rows())) for _ in range(5)), return_exceptions=True
    )
    assert sorted(getattr(each, "code", "kept") for each in answers) == ["SHEET_ALREADY_SUBMITTED"] * 4 + ["kept"]


async def test_a_measured_value_is_recorded_once(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    body = await evaluation.as_("testing", "testing_body")
    await body.RecordMeasurements(measured("upstage"))
    assert (await refusal(body.RecordMeasurements(measured("upstage", "99")))).code == "MEASUREMENT_ALREADY_RECORDED"
    await body.RecordMeasurements(measured("lg-ai-research"))


async def test_a_stage_takes_scores_only_between_its_opening_and_its_decision(evaluation: Evaluation) -> None:
    body = await evaluation.as_("testing", "testing_body")
    assert (await refusal(body.RecordMeasurements(measured("upstage")))).code == "STAGE_NOT_OPEN"
    await evaluation.hear(selection.StagePlanned(stage_id=STAGE, rule_set_sha256="ab" * 32))
    assert (await refusal(body.RecordMeasurements(measured("upstage")))).code == "STAGE_NOT_OPEN"
    with pytest.raises(AwaitedError):
        await evaluation.hear(selection.DecisionProvisional(stage_id=STAGE))
    await evaluation.hear(opened())
    await body.RecordMeasurements(measured("upstage"))
    await evaluation.hear(selection.DecisionProvisional(stage_id=STAGE))
    refused = await refusal(body.RecordMeasurements(measured("lg-ai-research")))
    assert (refused.code, "decided" in refused.facts["rule"]) == ("STAGE_NOT_OPEN", True)


def closing(closes_at: datetime) -> selection.StageOpened:
    message = opened()
    message.closes_at.FromDatetime(closes_at)
    return message


async def woken(evaluation: Evaluation) -> list[events_pb2.ScoringClosed]:
    """Let the end of the scoring wake, if it is due; return what was told so far."""
    async with evaluation.database.transaction() as tx:
        process = await tx.processes.get(SCORING_PROCESS, STAGE)
        assert process is not None
        if process.wake_at is not None and process.wake_at <= tx.now:
            await timers(PanelStore)[SCORING_PROCESS](process, tx)
    return await evaluation.events(events_pb2.ScoringClosed)


async def test_scores_are_in_time_up_to_the_last_instant_and_then_told_in_number(evaluation: Evaluation) -> None:
    body = await evaluation.as_("testing", "testing_body")
    closes_at = NOW + timedelta(hours=1)
    await evaluation.hear(closing(closes_at))
    await seat(evaluation)
    await (await evaluation.as_("anne", "assessor")).SubmitScoreSheet(sheet("anne", rows()))
    assert await woken(evaluation) == []
    evaluation.clock.set(closes_at)
    await body.RecordMeasurements(measured("upstage"))
    (told,) = await woken(evaluation)
    assert await woken(evaluation) == [told]
    late = await refusal(body.RecordMeasurements(measured("lg-ai-research")))
    assert (late.code, closes_at.isoformat() in late.facts["rule"]) == ("SCORES_LATE", True)
    assert {each.source_id: each.handed_in for each in told.tallies} == {"aaii": 1, "expert": 1}
    assert told.closes_at.ToDatetime(UTC) == closes_at


async def test_a_score_after_the_last_instant_is_late_also_before_anybody_woke(evaluation: Evaluation) -> None:
    body = await evaluation.as_("testing", "testing_body")
    await evaluation.hear(closing(NOW))
    evaluation.clock.set(NOW + timedelta(microseconds=1))
    assert (await refusal(body.RecordMeasurements(measured("upstage")))).code == "SCORES_LATE"


async def test_an_ended_scoring_goes_on_where_a_changed_rule_set_has_a_later_instant(evaluation: Evaluation) -> None:
    body = await evaluation.as_("testing", "testing_body")
    await evaluation.hear(closing(NOW))
    (first,) = await woken(evaluation)
    assert (await refusal(body.RecordMeasurements(measured("upstage")))).code == "SCORES_LATE"
    later = NOW + timedelta(days=1)
    changed = selection.RuleSetChanged(stage_id=STAGE, new_sha256="cd" * 32, sources=opened().sources)
    changed.closes_at.FromDatetime(later)
    await evaluation.hear(changed)
    await body.RecordMeasurements(measured("upstage"))
    evaluation.clock.set(later)
    _, second = await woken(evaluation)
    assert [first.closes_at.ToDatetime(UTC), second.closes_at.ToDatetime(UTC)] == [NOW, later]
    assert ([each.handed_in for each in first.tallies], [each.handed_in for each in second.tallies]) == ([], [1])


def scaled() -> selection.StageOpened:
    event = opened()
    event.sources[0].scales.extend(
        [
            selection.CriterionScale(criterion="plan", minimum="0", maximum="40", digits=0),
            selection.CriterionScale(criterion="skill", minimum="1", maximum="5", digits=1),
        ]
    )
    event.sources[0].maximum = "40"
    return event


def scored(plan: str, skill: str) -> list[pb.ScoreRow]:
    values = {"plan": plan, "skill": skill}
    return [pb.ScoreRow(team_id=team, criterion=name, value=values[name]) for team in TEAMS for name in values]


@pytest.mark.parametrize(
    ("given", "code", "row", "value", "rule"),
    [
        (scored("40", "5.5"), "SCORE_OUT_OF_RANGE", 1, "5.5", "must be 1 to 5"),
        (scored("40", "0"), "SCORE_OUT_OF_RANGE", 1, "0", "must be 1 to 5"),
        (scored("41", "5"), "SCORE_OUT_OF_RANGE", 0, "41", "must be 0 to 40"),
        (scored("7.5", "5"), "SCORE_TOO_FINE", 0, "7.5", "must have at most 0 digits after the point"),
        (scored("7", "4.55"), "SCORE_TOO_FINE", 1, "4.55", "must have at most 1 digits after the point"),
    ],
)
async def test_a_score_is_held_against_its_own_criterions_scale(
    evaluation: Evaluation, given: list[pb.ScoreRow], code: str, row: int, value: str, rule: str
) -> None:
    await evaluation.hear(scaled())
    await seat(evaluation)
    anne = await evaluation.as_("anne", "assessor")
    refused = await refusal(anne.SubmitScoreSheet(sheet("anne", given)))
    assert (refused.code, refused.facts["field"]) == (code, f"rows[{row}].value")
    assert (refused.facts["value"], refused.facts["rule"]) == (value, rule)
    assert await evaluation.events(events_pb2.ScoreSheetSubmitted) == []
    await anne.SubmitScoreSheet(sheet("anne", scored("40.0", "4.50")))
    (kept,) = await evaluation.events(events_pb2.ScoreSheetSubmitted)
    assert {row.value for row in kept.rows} == {"40.0", "4.50"}


async def test_a_stage_that_was_opened_before_scales_were_told_has_one_range_for_all(evaluation: Evaluation) -> None:
    await evaluation.hear(opened())
    await seat(evaluation)
    anne = await evaluation.as_("anne", "assessor")
    refused = await refusal(anne.SubmitScoreSheet(sheet("anne", rows("10.000000000001"))))
    assert (refused.code, refused.facts["rule"]) == ("SCORE_OUT_OF_RANGE", "must be 0 to 10")
    await anne.SubmitScoreSheet(sheet("anne", rows("9.999999999999")))


async def test_a_decided_stage_stays_decided_whatever_comes_late(evaluation: Evaluation) -> None:
    body = await evaluation.as_("testing", "testing_body")
    await evaluation.hear(opened())
    await evaluation.hear(selection.DecisionProvisional(stage_id=STAGE))
    for late in (opened(), selection.StagePlanned(stage_id=STAGE), selection.DecisionProvisional(stage_id=STAGE)):
        await evaluation.hear(late)
        assert (await refusal(body.RecordMeasurements(measured("upstage")))).code == "STAGE_NOT_OPEN"

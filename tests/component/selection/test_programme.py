"""The model programme through selection on a real PostgreSQL: what is decided, when, and what it waits for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from client.stack.postgres import create_databases, with_database
from common.errors import FieldInvalidError
from dokpamo.common.v1.provenance_pb2 import PROVENANCE_PUBLISHED, PROVENANCE_SYNTHETIC, PROVENANCE_UNSPECIFIED
from dokpamo.selection.v1 import events_pb2, service_pb2
from rules import collect, load_rule_set
from selection import handlers, wire
from selection.domain import refusal
from selection.domain.agenda import DECISION_GRACE
from selection.domain.rule_set import RuleSetRefusedError
from selection.store import SelectionViews

from tests.builders.selection_cases import (
    DECIDES,
    STAGE_ONE_BY_CALL,
    STAGES,
    Selection,
    document,
    inputs,
    opened,
    stage_one,
    version,
    waits,
)


async def run_programme(selection: Selection) -> None:
    """Every stage at its own dates, as they overlap: published, its call closed, scored in the last hour."""
    beats: list[tuple[datetime, Any, tuple[Any, ...]]] = []
    for stage, (call, _) in STAGES.items():
        dates = load_rule_set(document(stage)).dates
        given = inputs(stage)
        scored_at = dates.closes - timedelta(hours=1)
        beats.append((dates.published, selection.publish, (stage,)))
        if call:
            close = (handlers.close_call, call, given.entrants)
            beats.append((dates.opens + timedelta(days=20), selection.write, close))
        beats.append((scored_at, selection.give, (stage, given)))
        beats.append((scored_at, selection.judge, (stage, given)))
    for instant, beat, arguments in sorted(beats, key=lambda each: each[0]):
        await selection.go_to(instant)
        await beat(*arguments)
    await selection.go_to(datetime(2026, 12, 31, tzinfo=UTC))


async def test_the_model_programme_is_decided_as_it_was(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await run_programme(selection)
        outcome = {stage: await selection.stage(stage) for stage in STAGES}
        assert {stage: each.state for stage, each in outcome.items()} == dict.fromkeys(STAGES, "final")
        finals = {each.stage_id: each for each in await selection.said(events_pb2.DecisionFinalized)}

    assert len(outcome["written-review"].standings) == 15
    assert sorted(finals["presentation"].advanced) == [
        "lg-ai-research",
        "naver-cloud",
        "nc-ai",
        "sk-telecom",
        "upstage",
    ]
    assert list(finals["stage-1"].advanced) == ["lg-ai-research", "sk-telecom", "upstage"]
    assert {(each.team_id, each.reason, each.gate) for each in finals["stage-1"].eliminated} == {
        ("nc-ai", "rank", ""),
        ("naver-cloud", "gate", "originality"),
    }
    assert list(finals["added-call"].advanced) == ["motif-technologies"]
    assert {each.team_id: each.total for each in outcome["stage-2"].standings} == {
        "sk-telecom": "70.6", "upstage": "69.9", "lg-ai-research": "69.0", "motif-technologies": "65.8",
    }  # fmt: skip
    assert list(finals["stage-2"].advanced) == ["sk-telecom", "upstage", "lg-ai-research"]
    for standing in outcome["stage-2"].standings:
        assert standing.provenance == PROVENANCE_SYNTHETIC
        marks = dict(standing.part_provenances)
        assert marks.pop("aaii") == PROVENANCE_PUBLISHED
        assert set(marks.values()) == {PROVENANCE_SYNTHETIC}
    gpu = [award for award in finals["stage-1"].awards if award.kind == "gpu"]
    assert [(award.team_id, award.amount) for award in gpu] == [("lg-ai-research", 768), ("upstage", 768)]
    assert [award.HasField("valid_to") for award in finals["stage-1"].awards if award.kind == "data"] == [False] * 3


async def test_two_runs_give_the_same_bytes_whatever_the_order(fresh_database_url: str, postgres_url: str) -> None:
    given = inputs("stage-1")
    found = []
    create_databases(postgres_url, ("second_run",))
    for url, teams, turned in (
        (fresh_database_url, given.entrants, False),
        (with_database(postgres_url, "second_run"), tuple(reversed(given.entrants)), True),
    ):
        async with opened(url) as selection:
            await stage_one(selection, teams)
            if turned:
                await selection.judge("stage-1", given)
                await selection.give("stage-1", given)
            else:
                await selection.give("stage-1", given)
                await selection.judge("stage-1", given)
            await selection.go_to(DECIDES)
            found.append(await selection.documents("stage-1"))
    assert found[0] == found[1]


async def test_a_stage_without_its_entrants_waits_and_opens_when_they_come(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await selection.publish("written-review")
        await selection.go_to(datetime(2025, 7, 1, tzinfo=UTC))
        waiting = await selection.stage("written-review")
        assert (waiting.state, waits(waiting)) == ("planned", {"call-open": {"call": "call-2025"}})
        await selection.write(handlers.close_call, "call-2025", ["upstage", "kakao"])
        await selection.go_to(datetime(2025, 7, 1, tzinfo=UTC))
        opened_stage = await selection.stage("written-review")
        assert (opened_stage.state, [each.code for each in opened_stage.waits]) == ("collecting", ["scoring"])
        assert [each.team_id for each in opened_stage.standings] == ["kakao", "upstage"]
        assert {each.provenance for each in opened_stage.standings} == {PROVENANCE_UNSPECIFIED}
        (told,) = await selection.said(events_pb2.StageOpened)
        assert told.sources[0].panel_size == 7


async def test_an_incomplete_stage_names_what_is_missing_and_decides_when_it_comes(fresh_database_url: str) -> None:
    given = inputs("stage-1")
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, given.entrants)
        await selection.give("stage-1", given)
        await selection.go_to(DECIDES + timedelta(hours=1))
        waiting = await selection.stage("stage-1")
        assert waiting.state == "collecting"
        assert waits(waiting) == {
            "verdicts-missing": {"gate": "originality", "teams": "lg-ai-research,naver-cloud,sk-telecom,upstage"}
        }
        async with selection.database.transaction(readonly=True) as tx:
            process = await tx.fetchrow("SELECT wake_at, deadline, owner FROM process WHERE id = 'stage-1'")
        assert tuple(process or ()) == (None, DECIDES + DECISION_GRACE, "staff")
        await selection.judge("stage-1", given)
        await selection.go_to(selection.clock.now())
        decided = await selection.stage("stage-1")
        assert (decided.state, waits(decided)) == ("objection", {"objections": {"until": "2026-01-25T15:00:00Z"}})
        # Ten days after the 15th in Seoul end at midnight of the 25th.
        assert decided.final_at.ToDatetime(UTC) == datetime(2026, 1, 25, 15, tzinfo=UTC)
        await selection.go_to(datetime(2026, 1, 25, 14, 59, tzinfo=UTC))
        assert (await selection.stage("stage-1")).state == "objection"
        await selection.go_to(datetime(2026, 1, 25, 15, tzinfo=UTC))
        assert (await selection.stage("stage-1")).state == "final"


async def test_a_stage_that_needs_its_lot_waits_for_the_seed_by_name(fresh_database_url: str) -> None:
    given = inputs("stage-1")
    level = collect(
        given.stage,
        given.entrants,
        scores=[replace(each, value=Decimal(4)) for each in given.scores()],
        measurements=[replace(each, value=Decimal(50)) for each in given.measurements],
        verdicts=given.verdicts,
    )
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, given.entrants)
        await selection.give("stage-1", level)
        await selection.judge("stage-1", level)
        await selection.go_to(DECIDES)
        waiting = await selection.stage("stage-1")
        assert waiting.state == "collecting"
        assert waits(waiting) == {
            "seed-missing": {
                "rule_set": "sovereign-ai-stage-1",
                "teams": "lg-ai-research,naver-cloud,nc-ai,sk-telecom,upstage",
            }
        }
        async with selection.database.transaction(readonly=True) as tx:
            process = await tx.fetchrow("SELECT owner, deadline, last_error FROM process WHERE id = 'stage-1'")
        assert tuple(process or ()) == ("staff", DECIDES + DECISION_GRACE, "")


async def test_who_plan_a_stage_otherwise_at_once_are_refused_but_one_and_who_plan_the_same_are_one(
    fresh_database_url: str,
) -> None:
    async with opened(fresh_database_url) as selection:
        kept = await selection.write(handlers.publish_rule_set, document("written-review"))
        await selection.write(handlers.freeze_rule_set, kept.sha256)
        plans = [(handlers.plan_stage, "written-review", kept.sha256, f"call-{number}", ()) for number in range(4)]
        found = await asyncio.gather(*(selection.write(*plan) for plan in plans), return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == ["Stage", *["StageTakenError"] * 3]
        (kept_plan,) = [plan for plan, each in zip(plans, found, strict=True) if not isinstance(each, Exception)]
        again = await asyncio.gather(*(selection.write(*kept_plan) for _ in range(4)))
        assert {each.sequence for each in again} == {1}
        assert len(await selection.said(events_pb2.StagePlanned)) == 1


async def test_a_rule_set_that_several_freeze_at_once_is_frozen_once(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        kept = await selection.write(handlers.publish_rule_set, document("written-review"))
        found = await asyncio.gather(*(selection.write(handlers.freeze_rule_set, kept.sha256) for _ in range(6)))
        assert len(set(found)) == 1
        assert len(await selection.said(events_pb2.RuleSetFrozen)) == 1


async def test_pages_end_where_there_is_no_more(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        for stage in STAGES:
            await selection.publish(stage)
        async with selection.database.transaction(readonly=True) as tx:
            views = SelectionViews(tx)
            first, after = await views.stages(0, 3)
            assert after is not None
            rest, end = await views.stages(after, 2)
            assert ([stage.id for _, stage in first + rest], end) == (list(STAGES), None)
            kept, following = await views.rule_sets(0, 5)
            assert ([each.stage for each in kept], following) == (list(STAGES), None)
            assert (await views.rule_sets(0, 4))[1] is not None


async def test_without_an_objection_window_a_decision_is_final_at_once(fresh_database_url: str) -> None:
    given = inputs("stage-1")
    text = STAGE_ONE_BY_CALL.replace("objections: {days: 10,", "objections: {days: 0,")
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, given.entrants, text)
        await selection.give("stage-1", given)
        await selection.judge("stage-1", given)
        await selection.go_to(DECIDES)
        assert (await selection.stage("stage-1")).state == "final"
        assert len(await selection.said(events_pb2.DecisionFinalized)) == 1


async def test_scores_are_taken_once_and_refused_when_they_fit_no_rule(fresh_database_url: str) -> None:
    given = inputs("stage-1")
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, given.entrants)
        sheet = [each for each in given.scores() if each.source == "expert-panel"][:3]
        await selection.write(handlers.take_scores, "stage-1", "expert-panel", sheet, selection.clock.now())
        await selection.write(handlers.take_scores, "stage-1", "expert-panel", sheet, selection.clock.now())
        changed = [replace(sheet[0], value=sheet[0].value + 1)]
        with pytest.raises(refusal.ScoreTakenError):
            await selection.write(handlers.take_scores, "stage-1", "expert-panel", changed, selection.clock.now())
        other = next(each for each in given.scores() if each.source == "expert-users")
        for wrong in (
            replace(other, value=Decimal(6)),
            replace(other, team="nobody"),
            replace(other, criterion="smell"),
            replace(other, source="nobody"),
        ):
            with pytest.raises(refusal.ScoreRefusedError):
                await selection.write(handlers.take_scores, "stage-1", wrong.source, [wrong], selection.clock.now())
        # One of a stage that nobody has planned is kept.
        await selection.write(handlers.take_scores, "stage-9", "expert-users", [other], selection.clock.now())


async def test_a_verdict_is_given_once_by_enough_people_on_a_team_and_gate_of_the_stage(
    fresh_database_url: str,
) -> None:
    given = inputs("stage-1")
    verdict = given.verdicts[0]
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, given.entrants)
        for wrong, error in (
            (replace(verdict, team="nobody"), refusal.TeamUnknownError),
            (replace(verdict, gate="beauty"), refusal.GateUnknownError),
            (replace(verdict, reason=" "), refusal.ReasonMissingError),
            (replace(verdict, judged_by=1), refusal.QuorumMissedError),
        ):
            with pytest.raises(error):
                await selection.write(handlers.record_verdict, "stage-1", wrong)
        at_once = [selection.write(handlers.record_verdict, "stage-1", verdict) for _ in range(4)]
        found = await asyncio.gather(*at_once, return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == ["NoneType", *["VerdictTakenError"] * 3]
        with pytest.raises(refusal.VerdictTakenError):
            await selection.write(handlers.record_verdict, "stage-1", verdict)
        with pytest.raises(FieldInvalidError):
            wire.verdict_of(service_pb2.RecordGateVerdictRequest(gate="originality", judged_by=2**32 - 1))
        with pytest.raises(refusal.StageUnknownError):
            await selection.write(handlers.record_verdict, "stage-9", verdict)


async def test_an_invalid_rule_set_is_refused_with_every_violation(fresh_database_url: str) -> None:
    wrong = document("stage-1").replace("points: 35", "points: 34", 1)
    async with opened(fresh_database_url) as selection:
        with pytest.raises(RuleSetRefusedError) as refused:
            await selection.write(handlers.publish_rule_set, wrong)
        assert refused.value.rule
        assert refused.value.violation_count >= 1
        assert '"path"' in refused.value.violations


async def test_a_new_version_supersedes_and_an_old_or_changed_one_is_refused(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        first = await selection.write(handlers.publish_rule_set, document("stage-1"))
        assert await selection.write(handlers.publish_rule_set, document("stage-1")) == first
        with pytest.raises(refusal.VersionNotNewError):
            await selection.write(handlers.publish_rule_set, STAGE_ONE_BY_CALL)
        second = version(document("stage-1"), first.version + 1)
        await selection.write(handlers.publish_rule_set, second)
        with pytest.raises(refusal.RuleSetSupersededError):
            await selection.write(handlers.freeze_rule_set, first.sha256)


async def test_a_stage_needs_a_rule_set_frozen_in_time_and_teams_from_where_it_says(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        kept = await selection.write(handlers.publish_rule_set, document("written-review"))
        plan = handlers.plan_stage
        with pytest.raises(refusal.RuleSetNotFrozenError):
            await selection.write(plan, "written-review", kept.sha256, "call-2025", ())
        selection.clock.set(datetime(2025, 6, 20, 1, 0, 1, tzinfo=UTC))
        await selection.write(handlers.freeze_rule_set, kept.sha256)
        with pytest.raises(refusal.RuleSetFrozenLateError):
            await selection.write(plan, "written-review", kept.sha256, "call-2025", ())
        other = await selection.write(handlers.publish_rule_set, document("presentation"))
        await selection.write(handlers.freeze_rule_set, other.sha256)
        with pytest.raises(refusal.StageMismatchError):
            await selection.write(plan, "written-review", other.sha256, "call-2025", ())
        for call, sources in (("call", ()), ("", ()), ("call", ("written-review",))):
            with pytest.raises((refusal.EntrantsSourceError, refusal.StageUnknownError)):
                await selection.write(plan, "presentation", other.sha256, call, sources)
        with pytest.raises(refusal.StageUnknownError):
            await selection.write(plan, "presentation", other.sha256, "", ("written-review",))
        with pytest.raises(refusal.RuleSetUnknownError):
            await selection.write(plan, "presentation", "0" * 64, "", ("written-review",))


async def test_the_database_itself_keeps_a_frozen_document(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        kept = await selection.write(handlers.publish_rule_set, document("stage-1"))
        await selection.write(handlers.freeze_rule_set, kept.sha256)
        for change in ("document = 'x'", "frozen_at = NULL", "version = 7"):
            with pytest.raises(asyncpg.CheckViolationError):
                async with selection.database.transaction() as tx:
                    await tx.execute(f"UPDATE rule_set SET {change}")

"""Objections and cases on a real PostgreSQL: upheld, recomputed, scored again, silent, late, and a case to its end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from dokpamo.selection.v1 import events_pb2, objection_events_pb2
from rules import Provenance
from selection import handlers
from selection.domain import objection_refusal as refusal
from selection.domain.objection_proceeding import Outcome, Remedy, State
from selection.domain.objection_remedy import FreshJudgement, FreshScoring, FreshSheet, FreshValue
from selection.domain.refusal import RedecisionImpossibleError
from selection.domain.versions import Corrections, ScoreChange
from selection.store import SelectionStore

from tests.builders.objection_cases import DIGEST, FRESH, GIVEN, MIDNIGHT_AFTER_THE_TENTH_DAY, RULES
from tests.builders.selection_cases import DECIDES, Selection, decided_stage_one, opened, stage_one, waits

FINAL = MIDNIGHT_AFTER_THE_TENTH_DAY
UNNAMED = (*sorted({each.source for each in GIVEN.measurements}), "originality")
TEN = tuple(f"expert-{number}" for number in range(10))
TURNED = replace(
    next(each for each in GIVEN.verdicts if each.team == "naver-cloud"), passed=True, reason="the encoder is its own"
)


async def objected(selection: Selection, team: str = "nc-ai", ground: str = "input") -> str:
    found = await selection.write(
        handlers.file_objection, "stage-1", team, 1, ground, "an old key was used", actor=f"member:{team}"
    )
    return str(found.id)


async def before_a_panel(selection: Selection, proceeding: str, team: str = "", by: str = "lee") -> None:
    """Admitted, replied to, the original assessors on record, a fresh panel seated."""
    await selection.write(handlers.rule_on_admission, proceeding, "on a ground of the list", 0, admitted=True)
    await selection.write(handlers.reply, proceeding, team, "the key was the right one", actor=by)
    for source in UNNAMED:
        await selection.write(handlers.record_original_assessors, "stage-1", source, ["tester", "clerk"])
    await selection.write(handlers.seat_panel, proceeding, FRESH, 0, "")


async def found(selection: Selection, proceeding: str, *remedies: Remedy) -> Any:
    last = None
    for member, remedy in zip(FRESH, remedies, strict=True):
        last = await selection.write(
            handlers.submit_finding, proceeding, member, remedy, f"seen by {member}", actor=member
        )
    return last


async def kept(selection: Selection, proceeding: str) -> Any:
    async with selection.database.transaction(readonly=True) as tx:
        return await SelectionStore(tx).proceeding(proceeding)


async def test_an_upheld_objection_holds_the_decision_until_it_is_closed(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        selection.clock.set(FINAL - timedelta(hours=1))
        proceeding = await objected(selection)
        with pytest.raises(refusal.ObjectionRepeatedError):
            await objected(selection)
        await selection.write(
            handlers.add_evidence, proceeding, "nc-ai", "key.pdf", DIGEST, 4096, "the key", actor="member:nc-ai"
        )
        await selection.go_to(FINAL + timedelta(hours=1))
        stage = await selection.stage("stage-1")
        assert (stage.state, stage.owner) == ("objection", "staff")
        assert waits(stage)["proceedings-open"]["proceedings"] == proceeding
        await selection.write(handlers.rule_on_admission, proceeding, "on a ground of the list", 0, admitted=True)
        await selection.write(handlers.reply, proceeding, "", "the key was the right one", actor="lee")
        with pytest.raises(refusal.OriginalsUnknownError) as refused:
            await selection.write(handlers.seat_panel, proceeding, FRESH, 0, "")
        assert set(refused.value.unknown) == set(UNNAMED)
        for number, source in enumerate(UNNAMED, 1):
            left = await selection.write(handlers.record_original_assessors, "stage-1", source, ["tester"])
            assert len(left) == len(UNNAMED) - number
        for barred in ("tester", "member:nc-ai", next(iter(GIVEN.scores())).assessor, "lee"):
            with pytest.raises(refusal.MemberBarredError):
                await selection.write(handlers.seat_panel, proceeding, (*FRESH[:2], barred), 0, "")
        await selection.write(handlers.seat_panel, proceeding, FRESH, 0, "")
        done = await found(selection, proceeding, Remedy.UPHOLD, Remedy.RECOMPUTE, Remedy.UPHOLD)
        assert (done.outcome, done.result_version, len(done.findings)) == (Outcome.UPHELD, 0, 3)
        await selection.go_to(FINAL + timedelta(hours=2))
        assert (await selection.stage("stage-1")).state == "final"
        (final,) = await selection.said(events_pb2.DecisionFinalized)
        assert final.version == 1
        (told,) = await selection.said(objection_events_pb2.ProceedingFound)
        assert (told.founded, told.unfounded) == (1, 2)
        (closed,) = await selection.said(objection_events_pb2.ProceedingClosed)
        assert (closed.outcome, closed.standing.state, closed.standing.owner) == ("upheld", "closed", "")
        with pytest.raises(refusal.WindowClosedError):
            await objected(selection, "upstage")


async def test_a_recomputation_changes_the_winners_and_shows_the_difference(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        selection.clock.set(DECIDES + timedelta(days=1))
        proceeding = await objected(selection, "naver-cloud", "not-considered")
        await before_a_panel(selection, proceeding)
        done = await found(selection, proceeding, Remedy.RECOMPUTE, Remedy.RECOMPUTE, Remedy.UPHOLD)
        assert (done.state, done.owner) == (State.FOUND, "staff")
        impossible = Corrections((ScoreChange("nia", "", "nc-ai", "hidden-set", None, Provenance.RECORDED),))
        with pytest.raises(RedecisionImpossibleError):
            await selection.write(handlers.order_recompute, proceeding, impossible, "withdrawn")
        assert (await kept(selection, proceeding)).state is State.FOUND
        done = await selection.write(
            handlers.order_recompute, proceeding, Corrections(verdicts=(TURNED,)), "as the panel found"
        )
        assert (done.outcome, done.result_version) == (Outcome.RECOMPUTED, 2)
        assert json.loads(done.difference)["joined"] == ["naver-cloud"]
        (superseded,) = await selection.said(events_pb2.DecisionSuperseded)
        assert (superseded.cause, superseded.cause_id) == ("objection", proceeding)
        (ordered,) = await selection.said(objection_events_pb2.ProceedingRemedyOrdered)
        (verdict,) = ordered.verdict_corrections
        assert (verdict.judged_before, verdict.passed_before, verdict.change.passed) == (True, False, True)
        (closed,) = await selection.said(objection_events_pb2.ProceedingClosed)
        assert closed.difference_json == superseded.difference_json == done.difference
        await selection.go_to(FINAL + timedelta(days=2))
        (final,) = await selection.said(events_pb2.DecisionFinalized)
        assert (final.version, "naver-cloud" in final.advanced) == (2, True)


def sheet(scorer: str) -> FreshSheet:
    source = next(each for each in RULES.sources if each.id == "expert-panel")
    assert source.kind == "sheets"
    best = {"nc-ai"}
    values = tuple(
        FreshValue(team, criterion.id, criterion.maximum if team in best else criterion.minimum)
        for team in GIVEN.entrants
        for criterion in source.criteria
    )
    return FreshSheet("expert-panel", "", scorer, values, (), Provenance.RECORDED)


async def test_a_re_score_by_fresh_people_after_a_restart_in_between(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        selection.clock.set(DECIDES + timedelta(days=1))
        proceeding = await objected(selection, ground="conflict")
        await before_a_panel(selection, proceeding)
        await found(selection, proceeding, Remedy.RESCORE, Remedy.RESCORE, Remedy.UPHOLD)
        order = [FreshScoring("expert-panel", "", TEN)]
        await selection.write(handlers.order_rescore, proceeding, order, "three assessors had a conflict")
        for scorer in TEN[:5]:
            await selection.write(handlers.submit_fresh_scores, proceeding, sheet(scorer), actor=scorer)
        now = selection.clock.now()
    async with opened(fresh_database_url) as selection:
        selection.clock.set(now)
        with pytest.raises(refusal.RemedyInvalidError):
            await selection.write(handlers.carry_out, proceeding)
        with pytest.raises(refusal.FreshScoresTakenError):
            await selection.write(handlers.submit_fresh_scores, proceeding, sheet(TEN[0]), actor=TEN[0])
        done: Any = None
        for scorer in TEN[5:]:
            done = await selection.write(handlers.submit_fresh_scores, proceeding, sheet(scorer), actor=scorer)
        # The gate now reaches a team that it has no verdict of: what was handed in is kept until staff give it.
        assert (done.state, done.owner) == (State.RESCORING, "staff")
        assert dict(done.waits[0].facts) == {"missing": "verdicts-missing"}
        with pytest.raises(RedecisionImpossibleError):
            await selection.write(handlers.carry_out, proceeding)
        missing = Corrections((), (replace(TURNED, team="nc-ai", reason="own weights"),))
        await selection.write(handlers.redecide, "stage-1", "it is reached", "correction", corrections=missing)
        done = await selection.write(handlers.carry_out, proceeding)
        (waited,) = await selection.said(objection_events_pb2.ProceedingHeld)
        assert waited.standing.waits[0].code == "redecision-impossible"
        assert done.outcome is Outcome.RESCORED
        difference = json.loads(done.difference)
        assert "nc-ai" in difference["ranks"]
        known = await selection.read("decision", "stage-1")
        assert (known.record.cause, known.record.version) == ("objection", done.result_version)
        # Both stay on record: the old sheets as handed in, the new ones as corrections of this version alone.
        async with selection.database.transaction(readonly=True) as tx:
            old = await tx.fetchval("SELECT count(DISTINCT assessor_id) FROM score WHERE source_id = 'expert-panel'")
        assert old == 10
        assert {each.assessor for each in known.record.corrections.scores if each.value is not None} == set(TEN)


async def test_silence_is_recorded_and_a_panel_without_quorum_is_replaced(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        proceeding = await objected(selection)
        await selection.write(handlers.rule_on_admission, proceeding, "on a ground of the list", 0, admitted=True)
        reply_by = (await kept(selection, proceeding)).reply_by
        await selection.go_to(reply_by)
        silent = await kept(selection, proceeding)
        assert (silent.state, silent.silent, silent.outcome) == (State.SEATING, True, None)
        with pytest.raises(refusal.ReplyLateError):
            await selection.write(handlers.reply, proceeding, "", "late", actor="lee")
        (told,) = await selection.said(objection_events_pb2.ProceedingReplied)
        assert (told.silent, told.reply, told.standing.state) == (True, "", "seating")
        for source in UNNAMED:
            await selection.write(handlers.record_original_assessors, "stage-1", source, ["tester"])
        await selection.write(handlers.seat_panel, proceeding, FRESH, 0, "")
        await selection.write(handlers.submit_finding, proceeding, FRESH[0], Remedy.UPHOLD, "seen", actor=FRESH[0])
        await selection.go_to(selection.clock.now() + timedelta(days=20))
        held = await kept(selection, proceeding)
        assert (held.state, held.owner, held.waits[0].code.value) == (State.HEARING, "staff", "findings-missing")
        with pytest.raises(refusal.MemberBarredError):
            await selection.write(handlers.seat_panel, proceeding, ("a", "b", FRESH[2]), 0, "two did not come")
        await selection.write(handlers.seat_panel, proceeding, ("a", "b", "c", "d"), 3, "two did not come")
        for member in ("a", "b", "c"):
            await selection.write(handlers.submit_finding, proceeding, member, Remedy.UPHOLD, "seen", actor=member)
        assert (await kept(selection, proceeding)).state is State.HEARING
        await selection.go_to(selection.clock.now() + timedelta(days=20))
        done = await kept(selection, proceeding)
        assert (done.outcome, done.round, len(done.findings)) == (Outcome.UPHELD, 2, 4)
        assert (await selection.stage("stage-1")).state == "final"


async def test_a_case_before_the_decision_gives_its_gate_a_verdict(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, GIVEN.entrants)
        await selection.give("stage-1", GIVEN)
        await selection.judge("stage-1", replace(GIVEN, verdicts=tuple(
            each for each in GIVEN.verdicts if each.team != "naver-cloud"
        )))  # fmt: skip
        judge = next(iter(GIVEN.scores())).assessor
        with pytest.raises(refusal.AllegerUnknownError):
            await selection.write(
                handlers.open_case, "stage-1", "naver-cloud", "technical", "it is copied", "stranger", actor="stranger"
            )
        case = await selection.write(
            handlers.open_case, "stage-1", "naver-cloud", "technical", "it is copied", judge, actor=judge
        )
        with pytest.raises(refusal.NotAPartyError):
            await selection.write(
                handlers.add_evidence, case.id, "upstage", "x", DIGEST, 1, "x", actor="member:upstage"
            )
        await before_a_panel(selection, case.id, "naver-cloud", "member:naver-cloud")
        await found(selection, case.id, Remedy.RECOMPUTE, Remedy.RECOMPUTE, Remedy.UPHOLD)
        failed = replace(TURNED, passed=False, reason="the encoder is another model's")
        done = await selection.write(
            handlers.order_recompute, case.id, Corrections(verdicts=(failed,)), "as the panel found"
        )
        assert (done.outcome, done.version, done.result_version) == (Outcome.RECOMPUTED, 0, 0)
        await selection.go_to(DECIDES)
        stage = await selection.stage("stage-1")
        assert {each.team_id: each.gate for each in stage.standings}["naver-cloud"] == "originality"


async def test_a_case_after_the_final_decision_decides_again_by_fresh_judges(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        await selection.go_to(FINAL + timedelta(days=30))
        case = await selection.write(
            handlers.open_case, "stage-1", "upstage", "technical", "new findings", "", actor="kim"
        )
        assert (await selection.stage("stage-1")).state == "final"
        await before_a_panel(selection, case.id, "upstage", "member:upstage")
        await found(selection, case.id, Remedy.RESCORE, Remedy.RESCORE, Remedy.RESCORE)
        await selection.write(
            handlers.order_rescore, case.id, [FreshScoring("", "originality", TEN[:7])], "judged again"
        )
        done: Any = None
        for judge in TEN[:7]:
            judged = tuple(FreshJudgement(each.team, each.team != "upstage", "seen") for each in GIVEN.verdicts)
            fresh = FreshSheet("", "originality", judge, (), judged, Provenance.RECORDED)
            done = await selection.write(handlers.submit_fresh_scores, case.id, fresh, actor=judge)
        assert (done.outcome, done.result_version) == (Outcome.RESCORED, 2)
        assert "upstage" in json.loads(done.difference)["left"]
        stage = await selection.stage("stage-1")
        assert (stage.state, stage.decision_version) == ("objection", 2)
        # Who judged again is an original assessor from now on.
        async with selection.database.transaction(readonly=True) as tx:
            people = await SelectionStore(tx).original_assessors("stage-1")
        assert set(TEN[:7]) <= set(people["originality"])


async def test_when_all_have_waived_the_end_of_the_last_proceeding_ends_the_window(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        proceeding = await objected(selection)
        for team in GIVEN.entrants:
            await selection.write(handlers.waive_objection, "stage-1", team, 1, actor=f"member:{team}")
        with pytest.raises(refusal.ObjectionWaivedError):
            await objected(selection, "upstage")
        assert (await selection.stage("stage-1")).state == "objection"
        await selection.write(handlers.withdraw_proceeding, proceeding, "nc-ai", "settled", actor="member:nc-ai")
        assert (await selection.stage("stage-1")).state == "final"
        (final,) = await selection.said(events_pb2.DecisionFinalized)
        assert final.closed_early


async def test_the_database_itself_keeps_what_was_filed_said_and_found(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        proceeding = await objected(selection)
        await selection.write(handlers.add_evidence, proceeding, "nc-ai", "key.pdf", DIGEST, 1, "x", actor="m")
        await before_a_panel(selection, proceeding)
        await found(selection, proceeding, Remedy.UPHOLD, Remedy.UPHOLD, Remedy.UPHOLD)
        for change in (
            "UPDATE proceeding SET statement = 'x'",
            "UPDATE proceeding SET outcome = 'recomputed'",
            "DELETE FROM proceeding_evidence",
            "UPDATE proceeding_finding SET remedy = 'recompute'",
            "UPDATE proceeding_step SET actor = 'nobody'",
            "DELETE FROM original_assessor",
        ):
            with pytest.raises(asyncpg.CheckViolationError):
                async with selection.database.transaction() as tx:
                    await tx.execute(change)

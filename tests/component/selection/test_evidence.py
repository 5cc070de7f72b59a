"""What a stage is decided on, on a real PostgreSQL: judges of gates, what was committed, and the last instant."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from dokpamo.selection.v1 import events_pb2
from rules import Inputs, Provenance, collect, decision_from_json
from selection import handlers
from selection.domain import refusal
from selection.domain.deciding import ScoringClose
from selection.domain.gates import Conflict, Judgement
from selection.domain.scores import cell

from tests.builders.selection_cases import (
    DECIDES,
    STAGE_ONE_BY_CALL,
    Selection,
    inputs,
    opened,
    stage_one,
    waits,
)

GIVEN = inputs("stage-1")
GATE = "originality"
JUDGES = tuple(f"judge-{number}" for number in range(10))
CLOSES = datetime(2026, 1, 14, 9, tzinfo=UTC)


async def judge(selection: Selection, team: str, votes: str) -> None:
    """Judgements of a team in order of the judges: "+" for it, "-" against it, "." none."""
    for judge_id, vote in zip(JUDGES, votes, strict=False):
        if vote != ".":
            passed = vote == "+"
            found = Judgement(
                GATE, team, judge_id, passed, "own weights" if passed else "foreign", ("report",), Provenance.RECORDED
            )
            await selection.write(handlers.record_judgement, "stage-1", found, actor=judge_id)


async def test_the_gates_verdict_follows_from_its_judges_by_quorum_and_majority(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, GIVEN.entrants)
        await selection.give("stage-1", GIVEN)
        await selection.write(handlers.seat_judges, "stage-1", GATE, JUDGES)
        for team in ("lg-ai-research", "sk-telecom", "upstage"):
            await judge(selection, team, "++++++++++")
        await judge(selection, "naver-cloud", "----++")
        conflict = Conflict(JUDGES[0], "naver-cloud", "held its shares")
        await selection.write(handlers.record_conflict, "stage-1", conflict)
        await selection.write(handlers.record_conflict, "stage-1", conflict)
        with pytest.raises(refusal.JudgeBarredError):
            await judge(selection, "naver-cloud", "-")
        await selection.go_to(DECIDES)
        # The first of the six is barred: five of seven.
        assert waits(await selection.stage("stage-1")) == {
            "judges-missing": {"gate": GATE, "team": "naver-cloud", "have": "5", "need": "7"}
        }
        await judge(selection, "naver-cloud", ".......+++")
        await selection.go_to(selection.clock.now())
        known = await selection.read("decision", "stage-1")
        results = {each.team: each for each in decision_from_json(known.record.document).gates}
        # Three against, five for, of eight who may.
        assert (results["naver-cloud"].passed, results["naver-cloud"].judged_by) == (True, 8)
        told = {each.team_id: each for each in await selection.said(events_pb2.GateVerdictRecorded)}
        assert (told["naver-cloud"].judges_for, told["lg-ai-research"].judges_for) == (5, 10)
        assert len(await selection.said(events_pb2.GateConflictRecorded)) == 1
        assert len(await selection.said(events_pb2.GateJudgementRecorded)) == 39
        bench, judged = await selection.read("bench", "stage-1")
        assert (bench.judges[GATE], len(judged)) == (JUDGES, 39)


async def test_single_judgements_and_a_panels_minute_decide_the_same_bytes(
    fresh_database_url: str,
) -> None:
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, GIVEN.entrants)
        await selection.give("stage-1", GIVEN)
        await selection.write(handlers.seat_judges, "stage-1", GATE, JUDGES)
        for verdict in GIVEN.verdicts:
            for judge_id in JUDGES:
                found = Judgement(
                    GATE, verdict.team, judge_id, verdict.passed, verdict.reason, verdict.evidence, verdict.provenance
                )
                await selection.write(handlers.record_judgement, "stage-1", found, actor=judge_id)
        await selection.go_to(DECIDES)
        given = collect(
            GIVEN.stage,
            GIVEN.entrants,
            scores=GIVEN.scores(),
            measurements=GIVEN.measurements,
            verdicts=GIVEN.verdicts,
        )
        assert (await selection.documents("stage-1"))[0] == given.canonical_bytes()


PICK = "salt of the hidden set\nitems 1 to 400"
COMMITTED = STAGE_ONE_BY_CALL.replace(
    "changes: {consent: all-entered-teams}",
    "changes: {consent: all-entered-teams, late_picks: [{id: hidden, title: {ko: 비공개, en: Hidden}, sha256: "
    f"{hashlib.sha256(PICK.encode()).hexdigest()}}}]}}",
)


async def test_a_stage_does_not_decide_before_its_late_picks_are_revealed(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, GIVEN.entrants, COMMITTED)
        await selection.give("stage-1", GIVEN)
        await selection.judge("stage-1", GIVEN)
        await selection.go_to(DECIDES)
        assert waits(await selection.stage("stage-1")) == {"late-picks-unrevealed": {"picks": "hidden"}}
        salt, content = PICK.split("\n")
        reveal = (handlers.reveal_late_pick, "stage-1", "hidden", salt)
        with pytest.raises(refusal.CommitmentMismatchError):
            await selection.write(*reveal, content + "1")
        await selection.write(*reveal, content)
        with pytest.raises(refusal.LatePickRevealedError):
            await selection.write(*reveal, content)
        await selection.go_to(selection.clock.now())
        assert (await selection.stage("stage-1")).state == "objection"
        (told,) = await selection.said(events_pb2.LatePickRevealed)
        assert (told.pick_id, told.salt, told.content) == ("hidden", salt, content)


def level() -> Inputs:
    """Everybody alike: only a lot can order the teams."""
    return collect(
        GIVEN.stage,
        GIVEN.entrants,
        scores=[replace(each, value=Decimal(4)) for each in GIVEN.scores()],
        measurements=[replace(each, value=Decimal(50)) for each in GIVEN.measurements],
        verdicts=[replace(GIVEN.verdicts[0], team=team) for team in GIVEN.entrants],
    )


async def test_the_seed_is_revealed_where_the_lot_needs_it_and_the_lots_use_is_in_the_decision(
    fresh_database_url: str,
) -> None:
    assert GIVEN.seed is not None
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, GIVEN.entrants)
        with pytest.raises(refusal.SeedNotNeededError):
            await selection.write(handlers.reveal_lot_seed, "stage-1", GIVEN.seed)
        await selection.give("stage-1", level())
        await selection.judge("stage-1", level())
        await selection.go_to(DECIDES)
        with pytest.raises(refusal.CommitmentMismatchError):
            await selection.write(handlers.reveal_lot_seed, "stage-1", "another seed")
        await selection.write(handlers.reveal_lot_seed, "stage-1", GIVEN.seed)
        await selection.go_to(selection.clock.now())
        known = await selection.read("decision", "stage-1")
        ties = decision_from_json(known.record.document).ties
        assert [each.by for each in ties] == ["part:benchmark", "part:expert", "lot"]
        assert (await selection.said(events_pb2.LotSeedRevealed))[0].seed == GIVEN.seed


async def test_what_was_in_time_counts_however_late_it_comes_and_what_was_late_never(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, GIVEN.entrants)
        *most, last = [each for each in GIVEN.measurements if each.source == "nia"]
        others = replace_measurements(GIVEN, [each for each in GIVEN.measurements if each.source != "nia"])
        await selection.give("stage-1", others)
        await selection.judge("stage-1", GIVEN)
        take = (handlers.take_scores, "stage-1", "nia")
        await selection.write(*take, most, CLOSES)
        with pytest.raises(refusal.ScoreLateError) as refused:
            await selection.write(*take, [last], CLOSES + timedelta(microseconds=1))
        assert "given_at" in str(refused.value)
        # Evaluation has one more than has come here.
        sheets = {(each.source, cell(each)[0]) for each in GIVEN.scores()}
        handed_in = {source: sum(each == source for each, _ in sheets) for source, _ in sheets} | {"nia": 5}
        async with selection.database.transaction() as tx:
            await tx.execute("DELETE FROM scoring_close")
        await selection.go_to(DECIDES)
        assert "scoring-not-closed" in waits(await selection.stage("stage-1"))
        await selection.write(handlers.close_scoring, "stage-1", ScoringClose(CLOSES, handed_in))
        await selection.go_to(DECIDES + timedelta(hours=1))
        waiting = await selection.stage("stage-1")
        assert waits(waiting) == {"scores-underway": {"source": "nia", "have": "4", "handed_in": "5"}}
        assert waiting.owner == "evaluation"
        await selection.write(*take, [last], CLOSES)
        await selection.go_to(selection.clock.now())
        assert (await selection.stage("stage-1")).state == "objection"


def replace_measurements(given: Inputs, measurements: object) -> Inputs:
    return replace(given, measurements=tuple(measurements))  # type: ignore[arg-type] # a list of them

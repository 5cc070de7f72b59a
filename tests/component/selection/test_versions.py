"""Decisions in versions on a real PostgreSQL: decided again, overridden by two, closed early by everybody's waiver."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from dokpamo.selection.v1 import events_pb2
from rules import Provenance, decision_from_json
from selection import handlers
from selection.domain import refusal
from selection.domain.override import LIFE
from selection.domain.versions import Corrections, ScoreChange

from tests.builders.selection_cases import DECIDES, STAGE_ONE_BY_CALL, Selection, decided_stage_one, inputs, opened

GIVEN = inputs("stage-1")
FINAL = datetime(2026, 1, 25, 15, tzinfo=UTC)
# Of the gate: Naver Cloud failed, and would have gone on.
TURNED = replace(
    next(each for each in GIVEN.verdicts if each.team == "naver-cloud"), passed=True, reason="the encoder is its own"
)


def corrected(value: str | None, team: str = "nc-ai") -> ScoreChange:
    return ScoreChange("nia", "", team, "hidden-set", Decimal(value) if value else None, Provenance.RECORDED)


async def redecide(selection: Selection, corrections: Corrections, cause: str = "correction") -> int:
    record = await selection.write(
        handlers.redecide, "stage-1", "the verdict was wrong", cause, corrections=corrections, cause_id="objection-1"
    )
    return int(record.version)


async def test_a_redecision_supersedes_and_shows_what_differs(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        first = await selection.read("decision", "stage-1")
        selection.clock.set(DECIDES + timedelta(days=2))
        assert await redecide(selection, Corrections(verdicts=(TURNED,)), "objection") == 2
        (old, new) = await selection.read("decisions", "stage-1")
        assert (old.record.document, old.state, new.state) == (first.record.document, "superseded", "provisional")
        stage = await selection.stage("stage-1")
        assert (stage.state, stage.decision_version) == ("objection", 2)
        assert stage.final_at.ToDatetime(UTC) == FINAL + timedelta(days=2)
        assert [each.team_id for each in stage.standings if each.outcome == "advanced"] == [
            "lg-ai-research", "sk-telecom", "upstage", "naver-cloud"
        ]  # fmt: skip
        (told,) = await selection.said(events_pb2.DecisionSuperseded)
        difference = json.loads(told.difference_json)
        assert (difference["joined"], difference["left"], difference["totals"]) == (["naver-cloud"], [], {})
        assert difference["verdicts"]["originality/naver-cloud"]["after"]["reason"] == "the encoder is its own"
        assert (told.old_version, told.version, told.cause, told.cause_id) == (1, 2, "objection", "objection-1")
        assert [(each.gate, each.team_id, each.passed) for each in told.verdict_changes] == [
            ("originality", "naver-cloud", True)
        ]
        # Consequences follow from the newest version alone, once it is final.
        await selection.go_to(FINAL)
        assert await selection.said(events_pb2.DecisionFinalized) == []
        await selection.go_to(FINAL + timedelta(days=2))
        (final,) = await selection.said(events_pb2.DecisionFinalized)
        assert (final.version, len(final.advanced), final.decision_sha256) == (2, 4, told.decision_sha256)
        assert [each.state for each in await selection.read("decisions", "stage-1")] == ["superseded", "final"]


async def test_a_final_decision_can_be_decided_again_and_what_was_known_stays_known(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        await selection.go_to(FINAL + timedelta(days=1))
        await redecide(selection, Corrections((corrected("99.9"),)))
        known = await selection.read("decision", "stage-1", FINAL + timedelta(hours=1))
        assert (known.record.version, known.state) == (1, "final")
        now = await selection.read("decision", "stage-1")
        assert (now.record.version, now.state) == (2, "provisional")
        assert (await selection.stage("stage-1", FINAL)).state == "final"
        assert (await selection.read("decision", "stage-1", None, 1)).record.version == 1
        await selection.go_to(FINAL + timedelta(days=20))
        assert [each.version for each in await selection.said(events_pb2.DecisionFinalized)] == [1, 2]


async def test_corrections_add_up_and_where_nothing_differs_nothing_happens(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        assert await redecide(selection, Corrections(), "recompute") == 1
        assert await selection.said(events_pb2.DecisionSuperseded) == []
        assert await redecide(selection, Corrections((corrected("50.5"),))) == 2
        assert await redecide(selection, Corrections((corrected("60.5", "upstage"),))) == 3
        known = await selection.read("decision", "stage-1")
        parts = {row.team: row.points("nia") for row in decision_from_json(known.record.document).table}
        assert (parts["nc-ai"], parts["upstage"]) == ("5.1", "6.1")


async def test_what_cannot_be_decided_on_is_refused_and_changes_nothing(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        with pytest.raises(refusal.StageUnknownError):
            await redecide(selection, Corrections())
        await decided_stage_one(selection)
        for correction, code in (
            (corrected(None), "measurements-missing"),
            (corrected("101"), "inputs-refused"),
            (corrected("5", "nobody"), "inputs-refused"),
        ):
            with pytest.raises(refusal.RedecisionImpossibleError) as refused:
                await redecide(selection, Corrections((correction,)))
            assert refused.value.waits == (code,)
        assert [each.record.version for each in await selection.read("decisions", "stage-1")] == [1]


async def test_an_override_takes_two_officers_and_stands_beside_the_computed_decision(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        computed = await selection.read("decision", "stage-1")
        three = ["lg-ai-research", "sk-telecom", "nc-ai"]
        proposal = await selection.write(
            handlers.propose_override, "stage-1", three, "a court said so", ["ruling 7"], actor="kim"
        )
        with pytest.raises(refusal.OverridePendingError):
            await selection.write(handlers.propose_override, "stage-1", three, "again", [], actor="lee")
        with pytest.raises(refusal.SecondOfficerError):
            await selection.write(handlers.confirm_override, proposal.override.id, actor="kim")
        found = await asyncio.gather(
            *(selection.write(handlers.confirm_override, proposal.override.id, actor=who) for who in ("lee", "choi")),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in found) == ["DecisionRecord", "OverrideClosedError"]
        overridden = await selection.read("decision", "stage-1")
        assert (overridden.record.version, overridden.record.document) == (2, computed.record.document)
        assert (overridden.record.override.advanced, overridden.record.advanced) == (tuple(three), tuple(three))
        standings = {each.team_id: (each.outcome, each.reason) for each in (await selection.stage("stage-1")).standings}
        assert standings["nc-ai"] == ("advanced", "")
        assert standings["upstage"] == ("eliminated", "override")
        assert standings["naver-cloud"] == ("eliminated", "gate")
        await selection.go_to(FINAL + timedelta(days=1))
        (final,) = await selection.said(events_pb2.DecisionFinalized)
        assert (list(final.advanced), final.override.proposed_by) == (three, "kim")
        assert final.override.confirmed_by in {"lee", "choi"}
        assert final.override.decision_sha256 == computed.record.sha256
        assert {(each.team_id, each.reason) for each in final.eliminated} == {
            ("upstage", "override"),
            ("naver-cloud", "gate"),
        }
        assert {each.team_id for each in final.awards} == set(three)
        # Decided again, what is computed counts again.
        assert await redecide(selection, Corrections(), "recompute") == 3
        assert (await selection.read("decision", "stage-1")).record.override is None


async def test_a_proposed_override_expires_and_one_can_be_taken_back(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        propose: tuple[Any, ...] = (handlers.propose_override, "stage-1", ["upstage"], "x", [])
        first = await selection.write(*propose)
        await selection.go_to(DECIDES + LIFE)
        with pytest.raises(refusal.OverrideClosedError):
            await selection.write(handlers.confirm_override, first.override.id, actor="lee")
        second = await selection.write(*propose)
        await selection.write(handlers.withdraw_override, second.override.id)
        await selection.go_to(DECIDES + 3 * LIFE)
        dropped = await selection.said(events_pb2.OverrideDropped)
        assert [(each.override_id, each.outcome) for each in dropped] == [
            (first.override.id, "expired"),
            (second.override.id, "withdrawn"),
        ]
        with pytest.raises(refusal.OverrideUnknownError):
            await selection.write(handlers.withdraw_override, "nothing")


async def waive(selection: Selection, team: str, version: int = 1) -> tuple[str, ...]:
    waiting: tuple[str, ...] = await selection.write(
        handlers.waive_objection, "stage-1", team, version, actor=f"member:{team}"
    )
    return waiting


async def test_the_window_closes_early_when_every_party_has_waived(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        selection.clock.set(DECIDES + timedelta(days=1))
        *most, last = sorted(GIVEN.entrants)
        for team in most:
            await waive(selection, team)
        assert await waive(selection, most[0]) == (last,)
        assert (await selection.stage("stage-1")).state == "objection"
        assert await waive(selection, last) == ()
        stage = await selection.stage("stage-1")
        assert (stage.state, stage.final_at.ToDatetime(UTC)) == ("final", DECIDES + timedelta(days=1))
        (final,) = await selection.said(events_pb2.DecisionFinalized)
        assert final.closed_early
        assert len(await selection.said(events_pb2.ObjectionWaived)) == len(GIVEN.entrants)
        await selection.go_to(FINAL)
        assert len(await selection.said(events_pb2.DecisionFinalized)) == 1


async def test_a_waiver_is_of_one_version_and_only_where_the_document_allows_it(fresh_database_url: str) -> None:
    never = STAGE_ONE_BY_CALL.replace("early_close: all-parties-waive", "early_close: never")
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection, never)
        with pytest.raises(refusal.WaiverNotAllowedError):
            await waive(selection, "upstage")


async def test_a_later_version_needs_waivers_of_its_own(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        *most, last = sorted(GIVEN.entrants)
        for team in most:
            await waive(selection, team)
        await redecide(selection, Corrections((corrected("50.5"),)))
        with pytest.raises(refusal.VersionUnknownError):
            await waive(selection, last)
        assert await waive(selection, last, 2) == tuple(most)


async def test_the_database_itself_keeps_decisions_and_history(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        await selection.go_to(FINAL)
        for change in (
            "UPDATE decision SET document = 'x'",
            "UPDATE decision SET finalized_at = NULL",
            "DELETE FROM decision",
            "UPDATE stage_history SET actor = 'nobody'",
            "DELETE FROM stage_history",
        ):
            with pytest.raises(asyncpg.CheckViolationError):
                async with selection.database.transaction() as tx:
                    await tx.execute(change)

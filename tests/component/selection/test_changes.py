"""The life of a rule set on a real PostgreSQL: drafts, changes with consent, moved dates, and what was known when."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from dokpamo.selection.v1 import events_pb2
from rules import decision_from_json
from selection import handlers
from selection.domain import refusal
from selection.domain.change import ChangeState
from selection.domain.rule_set import RuleSetRefusedError

from tests.builders.selection_cases import (
    DECIDES,
    STAGE_ONE_BY_CALL,
    Selection,
    inputs,
    opened,
    stage_one,
    version,
    waits,
)

GIVEN = inputs("stage-1")
NOVEMBER = datetime(2025, 11, 21, tzinfo=UTC)
POSTPONED = version(
    STAGE_ONE_BY_CALL,
    3,
    opens="2026-01-12T09:00:00+09:00",
    closes="2026-01-20T18:00:00+09:00",
    decides="2026-01-22T15:00:00+09:00",
)
YES = True
LATER = datetime(2026, 1, 22, 6, tzinfo=UTC)


async def planned(selection: Selection) -> str:
    """Stage 1 planned, its call closed: the teams that will enter are known."""
    selection.clock.set(datetime(2025, 11, 20, 1, tzinfo=UTC))
    sha256 = await selection.freeze(STAGE_ONE_BY_CALL)
    await selection.write(handlers.plan_stage, "stage-1", sha256, "call", ())
    await selection.write(handlers.close_call, "call", GIVEN.entrants)
    selection.clock.set(NOVEMBER)
    return sha256


async def agree(selection: Selection, change_id: str, *teams: str, agreed: bool = True) -> ChangeState:
    for team in teams:
        change = await selection.write(
            handlers.record_consent, change_id, team, agreed, (), actor=f"member:{team}", by_team=True
        )
    state: ChangeState = change.state
    return state


async def test_a_draft_is_kept_with_its_defects_until_it_can_be_published(fresh_database_url: str) -> None:
    wrong = STAGE_ONE_BY_CALL.replace("points: 35", "points: 34", 1)
    async with opened(fresh_database_url) as selection:
        draft = await selection.write(handlers.save_draft, "stage-1-next", wrong)
        assert (draft.violation_count > 0, '"code"' in draft.violations, draft.saved_by) == (True, True, "kim")
        with pytest.raises(RuleSetRefusedError, match="points"):
            await selection.write(handlers.publish, "", "stage-1-next")
        mended = await selection.write(handlers.save_draft, "stage-1-next", STAGE_ONE_BY_CALL)
        assert (mended.violations, mended.violation_count) == ("[]", 0)
        assert [each.id for each in (await selection.read("drafts", "", 5))[0]] == ["stage-1-next"]
        kept = await selection.write(handlers.publish, "", "stage-1-next")
        assert (kept.id, await selection.read("draft", "stage-1-next")) == ("sovereign-ai-stage-1", None)
        with pytest.raises(refusal.DraftUnknownError):
            await selection.write(handlers.discard_draft, "stage-1-next")
        for name, text in (("Not a name", "x"), ("a--b", "x"), ("long", "x" * 600_000)):
            with pytest.raises(refusal.DraftInvalidError):
                await selection.write(handlers.save_draft, name, text)
        with pytest.raises(refusal.DocumentSourceError):
            await selection.write(handlers.publish, "x", "y")


async def test_a_postponement_takes_effect_with_the_last_teams_agreement(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        first = await planned(selection)
        second = await selection.freeze(POSTPONED)
        change = await selection.write(handlers.propose_change, "stage-1", second, "evaluation data come later")
        assert (change.state, change.asked) == (ChangeState.PENDING, tuple(sorted(GIVEN.entrants)))
        with pytest.raises(refusal.ChangePendingError):
            await selection.write(handlers.propose_change, "stage-1", second, "again")
        assert await agree(selection, change.id, *GIVEN.entrants[:4]) is ChangeState.PENDING
        assert (await selection.stage("stage-1")).rule_set_sha256 == first
        with pytest.raises(refusal.EvidenceMissingError):
            await selection.write(handlers.record_consent, change.id, GIVEN.entrants[4], YES, (), by_team=False)
        done = await selection.write(
            handlers.record_consent, change.id, GIVEN.entrants[4], YES, ("letter of 21 November",), by_team=False
        )
        assert done.state is ChangeState.EFFECTIVE
        stage = await selection.stage("stage-1")
        assert (stage.rule_set_sha256, stage.change_id) == (second, change.id)
        assert stage.decides_at.ToDatetime(UTC) == LATER
        assert (await selection.read("rule_set", first)).state.value == "superseded"
        (told,) = await selection.said(events_pb2.RuleSetChanged)
        assert (told.old_sha256, told.new_sha256, told.proposed_by) == (first, second, "kim")
        assert list(told.agreed_team_ids) == sorted(GIVEN.entrants)
        # Nothing happens at the old dates, all at the new ones.
        await selection.go_to(datetime(2026, 1, 12, tzinfo=UTC) - timedelta(hours=1))
        assert (await selection.stage("stage-1")).state == "planned"
        await selection.go_to(datetime(2026, 1, 12, tzinfo=UTC))
        await selection.give("stage-1", GIVEN)
        await selection.judge("stage-1", GIVEN)
        await selection.go_to(DECIDES)
        assert (await selection.stage("stage-1")).state == "collecting"
        await selection.go_to(LATER)
        assert (await selection.stage("stage-1")).state == "objection"
        known = await selection.read("decision", "stage-1")
        assert decision_from_json(known.record.document).rule_set_version == 3


async def test_of_teams_that_agree_at_once_each_counts_and_the_change_takes_effect_once(
    fresh_database_url: str,
) -> None:
    async with opened(fresh_database_url) as selection:
        await planned(selection)
        second = await selection.freeze(POSTPONED)
        propose = (handlers.propose_change, "stage-1", second, "late data")
        found = await asyncio.gather(*(selection.write(*propose) for _ in range(3)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == ["Change", *["ChangePendingError"] * 2]
        (change,) = await selection.read("changes", "stage-1")
        at_once = [agree(selection, change.id, team) for team in (*GIVEN.entrants, GIVEN.entrants[0])]
        found = await asyncio.gather(*at_once, return_exceptions=True)
        assert sum(isinstance(each, Exception) for each in found) == 1
        assert found.count(ChangeState.EFFECTIVE) == 1
        assert len(await selection.said(events_pb2.RuleSetChanged)) == 1


async def test_the_old_version_decides_while_a_team_has_not_agreed(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, GIVEN.entrants)
        second = await selection.freeze(POSTPONED)
        change = await selection.write(handlers.propose_change, "stage-1", second, "late data")
        await agree(selection, change.id, *GIVEN.entrants[:4])
        await selection.give("stage-1", GIVEN)
        await selection.judge("stage-1", GIVEN)
        await selection.go_to(DECIDES)
        known = await selection.read("decision", "stage-1")
        assert decision_from_json(known.record.document).rule_set_version == 2
        (dropped,) = await selection.said(events_pb2.RuleSetChangeDropped)
        assert (dropped.outcome, dropped.change_id) == ("lapsed", change.id)
        with pytest.raises(refusal.ChangeClosedError):
            await agree(selection, change.id, GIVEN.entrants[4])


async def test_a_version_logged_after_the_opening_decides_with_every_consent_and_never_without(
    fresh_database_url: str,
) -> None:
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, GIVEN.entrants)
        selection.clock.advance(timedelta(hours=1))
        first = (await selection.stage("stage-1")).rule_set_sha256
        second = await selection.freeze(POSTPONED)
        refused = await selection.write(handlers.propose_change, "stage-1", second, "late data")
        assert await agree(selection, refused.id, "nc-ai", agreed=False) is ChangeState.REFUSED
        assert (await selection.stage("stage-1")).rule_set_sha256 == first
        # Not even a stage that somebody moved under it by hand would be decided.
        async with selection.database.transaction() as tx:
            await tx.execute("UPDATE stage SET rule_set_sha256 = $1 WHERE id = 'stage-1'", second)
        await selection.give("stage-1", GIVEN)
        await selection.judge("stage-1", GIVEN)
        await selection.go_to(DECIDES)
        assert "rule-set-frozen-late" in waits(await selection.stage("stage-1"))
        async with selection.database.transaction() as tx:
            await tx.execute("UPDATE stage SET rule_set_sha256 = $1 WHERE id = 'stage-1'", first)
        change = await selection.write(handlers.propose_change, "stage-1", second, "late data, asked again")
        assert change.id != refused.id
        assert await agree(selection, change.id, *GIVEN.entrants) is ChangeState.EFFECTIVE
        moved = await selection.stage("stage-1")
        assert (moved.state, moved.closes_at.ToDatetime(UTC)) == ("collecting", datetime(2026, 1, 20, 9, tzinfo=UTC))
        await selection.close_scoring("stage-1", GIVEN)
        await selection.go_to(LATER)
        known = await selection.read("decision", "stage-1")
        assert decision_from_json(known.record.document).rule_set_version == 3


async def test_a_change_is_withdrawn_for_a_reason_and_an_early_version_needs_nobody(fresh_database_url: str) -> None:
    text = STAGE_ONE_BY_CALL.replace("consent: all-entered-teams", "consent: none-before-opening")
    async with opened(fresh_database_url) as selection:
        selection.clock.set(datetime(2025, 11, 20, 1, tzinfo=UTC))
        first = await selection.freeze(text)
        await selection.write(handlers.plan_stage, "stage-1", first, "call", ())
        await selection.write(handlers.close_call, "call", GIVEN.entrants)
        second = await selection.freeze(version(text, 3, decides="2026-01-16T15:00:00+09:00"))
        done = await selection.write(handlers.propose_change, "stage-1", second, "a holiday")
        assert (done.state, done.asked) == (ChangeState.EFFECTIVE, ())
        await selection.go_to(datetime(2026, 1, 5, tzinfo=UTC))
        third = await selection.freeze(version(text, 4, decides="2026-01-17T15:00:00+09:00"))
        pending = await selection.write(handlers.propose_change, "stage-1", third, "another holiday")
        assert pending.asked == tuple(sorted(GIVEN.entrants))
        # A newer publication leaves the one alone that teams are asked about.
        await selection.freeze(version(text, 5))
        assert (await selection.read("rule_set", third)).state.value == "frozen"
        with pytest.raises(refusal.ReasonMissingError):
            await selection.write(handlers.withdraw_change, pending.id, " ")
        await selection.write(handlers.withdraw_change, pending.id, "not needed")
        changes = await selection.read("changes", "stage-1")
        assert [each.state.value for each in changes] == ["effective", "withdrawn"]
        with pytest.raises(refusal.ChangeUnknownError):
            await selection.write(handlers.withdraw_change, "nothing", "x")


async def test_what_was_known_at_any_instant_is_reproduced(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        first = await planned(selection)
        second = await selection.freeze(POSTPONED)
        change = await selection.write(handlers.propose_change, "stage-1", second, "late data")
        selection.clock.set(NOVEMBER + timedelta(days=1))
        await agree(selection, change.id, *GIVEN.entrants)
        await selection.go_to(datetime(2026, 1, 12, tzinfo=UTC))
        await selection.give("stage-1", GIVEN)
        await selection.judge("stage-1", GIVEN)
        await selection.go_to(LATER + timedelta(days=20))
        then = await selection.stage("stage-1", NOVEMBER)
        assert (then.state, then.rule_set_sha256, then.decides_at.ToDatetime(UTC)) == ("planned", first, DECIDES)
        assert await selection.read("stage", "stage-1", datetime(2025, 11, 19, tzinfo=UTC)) is None
        assert (await selection.stage("stage-1", NOVEMBER + timedelta(days=1))).rule_set_sha256 == second
        provisional = await selection.read("decision", "stage-1", LATER)
        assert (provisional.state, (await selection.read("decision", "stage-1")).state) == ("provisional", "final")
        assert await selection.read("decision", "stage-1", LATER - timedelta(seconds=1)) is None
        history = await selection.read("history", "stage-1", 0, 50)
        assert [(each.stage.sequence, each.cause, each.stage.state.value) for each in history] == [
            (1, "planned", "planned"),
            (2, "rule-set-changed", "planned"),
            (3, "opened", "collecting"),
            (4, "decided", "objection"),
            (5, "final", "final"),
        ]
        told = await selection.said(events_pb2.StageAdvanced)
        assert [(each.transition.sequence, each.transition.cause) for each in told] == [
            (each.stage.sequence, each.cause) for each in history
        ]
        assert [each.transition.owner for each in told] == ["selection", "selection", "evaluation", "selection", ""]
        assert [[one.code for one in each.transition.waits] for each in told] == [
            ["opening"], ["opening"], ["scoring"], ["objections"], []
        ]  # fmt: skip

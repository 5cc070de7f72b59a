"""The life of a rule set and its decisions as callers have it: by gRPC, each in his own name and with his own role."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
from common.errors import Refused
from common.instants import stamp
from dokpamo.selection.v1 import decisions_pb2, gates_pb2, rule_set_life_pb2, service_pb2, stage_pb2

from tests.builders.selection_cases import (
    DECIDES,
    STAGE_ONE_BY_CALL,
    decided_stage_one,
    inputs,
    stage_one,
    version,
)
from tests.builders.selection_rpcs import served

if TYPE_CHECKING:
    from pathlib import Path

TEAMS = inputs("stage-1").entrants
JUDGES = [f"judge-{number}" for number in range(10)]


async def refused(answer: Any) -> Refused:
    with pytest.raises(Refused) as found:
        await answer
    return found.value


def new() -> str:
    return str(uuid4())


async def test_a_team_consents_for_itself_alone_and_everybody_may_follow(
    tmp_path: Path, fresh_database_url: str
) -> None:
    async with served(tmp_path, fresh_database_url) as at:
        await stage_one(at.selection, TEAMS)
        later = version(STAGE_ONE_BY_CALL, 3, decides="2026-01-16T15:00:00+09:00")
        staff = await at.as_("RuleSetLifeService", "kim", "staff")
        proposed = await staff.ProposeRuleSetChange(
            rule_set_life_pb2.ProposeRuleSetChangeRequest(
                request_id=new(),
                stage_id="stage-1",
                rule_set_sha256=await at.selection.freeze(later),
                reason="a storm closed the test centre",
            )
        )
        change = proposed.change
        assert (change.state, list(change.team_ids)) == ("pending", sorted(TEAMS))

        def consent(team: str) -> rule_set_life_pb2.RecordConsentRequest:
            return rule_set_life_pb2.RecordConsentRequest(
                request_id=new(), change_id=change.change_id, team_id=team, agreed=True
            )

        member = await at.as_("RuleSetLifeService", "member", "consortium", team="upstage")
        assert (await refused(member.RecordConsent(consent("nc-ai")))).status is grpc.StatusCode.PERMISSION_DENIED
        asked = consent("upstage")
        assert (await member.RecordConsent(asked)).change.consents[0].by_team
        # The same request is the same answer, another one is refused.
        assert (await member.RecordConsent(asked)).change.state == "pending"
        assert (await refused(member.RecordConsent(consent("upstage")))).code == "CONSENT_TAKEN"
        missing = await refused(staff.RecordConsent(consent("nc-ai")))
        assert (missing.code, missing.facts["field"]) == ("EVIDENCE_MISSING", "evidence")
        assessor = await at.as_("RuleSetLifeService", "judge", "assessor")
        assert (await refused(assessor.RecordConsent(consent("nc-ai")))).status is grpc.StatusCode.PERMISSION_DENIED
        for team in sorted(set(TEAMS) - {"upstage"}):
            client = await at.as_("RuleSetLifeService", f"member:{team}", "consortium", team=team)
            last = await client.RecordConsent(consent(team))
        assert last.change.state == "effective"
        anyone = await at.as_("RuleSetLifeService", "")
        listed = await anyone.ListRuleSetChanges(rule_set_life_pb2.ListRuleSetChangesRequest(stage_id="stage-1"))
        assert [(each.state, each.proposed_by, len(each.consents)) for each in listed.changes] == [("effective", "", 5)]
        reader = await at.as_("SelectionService", "")
        found = await reader.ListStageTransitions(service_pb2.ListStageTransitionsRequest(stage_id="stage-1"))
        assert [(each.cause, each.actor) for each in found.transitions] == [
            ("planned", ""),
            ("opened", ""),
            ("rule-set-changed", ""),
        ]
        officer = await at.as_("SelectionService", "kim", "staff")
        page = service_pb2.ListStageTransitionsRequest(stage_id="stage-1", after_sequence=1, page_size=1)
        first = await officer.ListStageTransitions(page)
        assert ([(each.sequence, bool(each.actor)) for each in first.transitions], first.more) == ([(2, True)], True)
        before = service_pb2.GetStageRequest(stage_id="stage-1", as_of=stamp(datetime(2025, 12, 1, tzinfo=UTC)))
        assert (await reader.GetStage(before)).stage.state == "planned"


async def test_drafts_are_for_staff_and_published_by_name(tmp_path: Path, fresh_database_url: str) -> None:
    async with served(tmp_path, fresh_database_url) as at:
        staff = await at.as_("RuleSetLifeService", "kim", "staff")
        wrong = STAGE_ONE_BY_CALL.replace("points: 35", "points: 34", 1)
        save = rule_set_life_pb2.SaveDraftRequest(request_id=new(), draft_id="next", document=wrong)
        saved = (await staff.SaveDraft(save)).draft
        assert saved.violation_count == len(json.loads(saved.violations)) > 0
        publish = service_pb2.PublishRuleSetRequest(request_id=new(), draft_id="next")
        publisher = await at.as_("SelectionService", "kim", "staff")
        assert (await refused(publisher.PublishRuleSet(publish))).code == "RULE_SET_INVALID"
        listed = await staff.ListDrafts(rule_set_life_pb2.ListDraftsRequest())
        assert [(each.draft_id, each.document, each.saved_by) for each in listed.drafts] == [("next", "", "kim")]
        anyone = await at.as_("RuleSetLifeService", "")
        asked = rule_set_life_pb2.GetDraftRequest(draft_id="next")
        assert (await refused(anyone.GetDraft(asked))).status is grpc.StatusCode.UNAUTHENTICATED
        assert (await staff.GetDraft(asked)).draft.document == wrong
        await staff.DiscardDraft(rule_set_life_pb2.DiscardDraftRequest(request_id=new(), draft_id="next"))
        assert (await refused(staff.GetDraft(asked))).code == "DRAFT_UNKNOWN"


async def test_a_judge_finds_in_his_own_name(tmp_path: Path, fresh_database_url: str) -> None:
    async with served(tmp_path, fresh_database_url) as at:
        await stage_one(at.selection, TEAMS)
        staff = await at.as_("GateService", "kim", "staff")
        seating = gates_pb2.SeatGateJudgesRequest(
            request_id=new(), stage_id="stage-1", gate="originality", judge_ids=JUDGES
        )
        await staff.SeatGateJudges(seating)
        judge = await at.as_("GateService", JUDGES[0], "assessor")

        def finding(person: str, team: str = "upstage") -> gates_pb2.RecordGateJudgementRequest:
            return gates_pb2.RecordGateJudgementRequest(
                request_id=new(), stage_id="stage-1", gate="originality", team_id=team, judge_id=person, reason="own"
            )

        await judge.RecordGateJudgement(finding(JUDGES[0]))
        other = await refused(judge.RecordGateJudgement(finding(JUDGES[1])))
        assert other.status is grpc.StatusCode.PERMISSION_DENIED
        conflict = gates_pb2.RecordGateConflictRequest(
            request_id=new(), stage_id="stage-1", judge_id=JUDGES[0], team_id="nc-ai", reason="sister company"
        )
        await judge.RecordGateConflict(conflict)
        assert (await refused(judge.RecordGateJudgement(finding(JUDGES[0], "nc-ai")))).code == "JUDGE_BARRED"
        listed = await staff.ListGateJudgements(gates_pb2.ListGateJudgementsRequest(stage_id="stage-1"))
        assert ([each.judge_id for each in listed.judges], len(listed.judgements)) == (JUDGES, 1)
        assert [(each.judge_id, each.team_id) for each in listed.conflicts] == [(JUDGES[0], "nc-ai")]


async def test_decisions_are_read_by_version_and_instant_and_overridden_by_two(
    tmp_path: Path, fresh_database_url: str
) -> None:
    async with served(tmp_path, fresh_database_url) as at:
        await decided_stage_one(at.selection)
        at.selection.clock.set(DECIDES + timedelta(days=1))
        kim = await at.as_("DecisionService", "kim", "staff")
        change = stage_pb2.ScoreChange(source_id="nia", team_id="nc-ai", criterion="hidden-set", value="50.5")
        again = decisions_pb2.RedecideRequest(
            request_id=new(), stage_id="stage-1", reason="a cell was misread", score_changes=[change]
        )
        assert (await kim.Redecide(again)).decision.version == 2
        wrong = decisions_pb2.RedecideRequest(
            request_id=new(), stage_id="stage-1", reason="x", score_changes=[stage_pb2.ScoreChange(value="NaN")]
        )
        assert (await refused(kim.Redecide(wrong))).facts["field"] == "score_changes[0].value"
        propose = decisions_pb2.ProposeOverrideRequest(
            request_id=new(), stage_id="stage-1", advanced=["upstage"], reason="a court said so"
        )
        proposal = (await kim.ProposeOverride(propose)).override

        def confirm() -> decisions_pb2.ConfirmOverrideRequest:
            return decisions_pb2.ConfirmOverrideRequest(request_id=new(), override_id=proposal.override_id)

        alone = await refused(kim.ConfirmOverride(confirm()))
        assert (alone.code, alone.status) == ("SECOND_OFFICER_NEEDED", grpc.StatusCode.PERMISSION_DENIED)
        lee = await at.as_("DecisionService", "lee", "staff")
        done = (await lee.ConfirmOverride(confirm())).decision
        assert (done.version, done.cause, done.override.confirmed_by) == (3, "override", "lee")
        first = service_pb2.GetDecisionRequest(stage_id="stage-1", version=1)
        assert (await refused((await at.as_("SelectionService", "")).GetDecision(first))).code == "NOT_RELEASED"
        auditor = await at.as_("SelectionService", "park", "auditor")
        known = [
            await auditor.GetDecision(service_pb2.GetDecisionRequest(stage_id="stage-1", version=number))
            for number in (1, 2, 3)
        ]
        assert [each.state for each in known] == ["superseded", "superseded", "provisional"]
        assert [each.score_changes[0].value if each.score_changes else "" for each in known] == ["", "50.5", ""]
        assert known[2].decision_json == known[1].decision_json != known[0].decision_json
        then = service_pb2.GetDecisionRequest(stage_id="stage-1", as_of=stamp(DECIDES))
        assert (await auditor.GetDecision(then)).version == 1
        none = service_pb2.GetDecisionRequest(stage_id="stage-1", version=9)
        assert (await refused(auditor.GetDecision(none))).code == "VERSION_UNKNOWN"
        lister = await at.as_("DecisionService", "park", "auditor")
        listed = await lister.ListDecisions(decisions_pb2.ListDecisionsRequest(stage_id="stage-1"))
        assert [each.cause for each in listed.decisions] == ["computed", "correction", "override"]
        standing = {
            each.team_id: each.reason
            for each in (await auditor.GetStage(service_pb2.GetStageRequest(stage_id="stage-1"))).stage.standings
        }
        assert (standing["upstage"], standing["lg-ai-research"]) == ("", "override")
        team = await at.as_("DecisionService", "member", "consortium", team="upstage")
        waiver = decisions_pb2.WaiveObjectionRequest(request_id=new(), stage_id="stage-1", team_id="upstage", version=3)
        assert len((await team.WaiveObjection(waiver)).waiting_team_ids) == 4

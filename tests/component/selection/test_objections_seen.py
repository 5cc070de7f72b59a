"""ObjectionService over a real PostgreSQL: who sees what of a proceeding, and what it refuses with which code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from common.auth import ANYONE, Actor
from common.errors import FieldInvalidError, Refused, as_refused
from common.grpc import Call
from dokpamo.selection.v1 import objections_pb2 as pb
from dokpamo.selection.v1.stage_pb2 import ScoreChange, VerdictChange
from selection.grpc_api import ObjectionApi
from selection.store import ObjectionViews, PublicationStore, SelectionStore
from selection.wire import REASONS

from tests.builders.objection_cases import DIGEST, FRESH, GIVEN
from tests.builders.selection_cases import Selection, decided_stage_one, opened

if TYPE_CHECKING:
    from google.protobuf.message import Message

STAFF = Actor("kim", frozenset({"staff"}))
OTHER_STAFF = Actor("lee", frozenset({"staff"}))
AUDITOR = Actor("audit", frozenset({"auditor"}))
TEAM = Actor("member", frozenset({"consortium"}), "naver-cloud")
RIVAL = Actor("rival", frozenset({"consortium"}), "upstage")
API = ObjectionApi(SelectionStore, ObjectionViews, PublicationStore)


def assessor(person: str) -> Actor:
    return Actor(person, frozenset({"assessor"}))


async def call(selection: Selection, rpc: str, request: Message, actor: Actor, *, reads: bool = False) -> Any:
    async with selection.database.transaction(actor=actor.subject, readonly=reads) as tx:
        return await getattr(API, rpc)(request, Call(actor, tx, selection.clock))


async def get(selection: Selection, proceeding: str, actor: Actor) -> pb.Proceeding:
    request = pb.GetProceedingRequest(proceeding_id=proceeding)
    found = await call(selection, "GetProceeding", request, actor, reads=True)
    message: pb.Proceeding = found.proceeding
    return message


async def code(selection: Selection, rpc: str, request: Message, actor: Actor) -> str:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whichever it is, its code is compared
        await call(selection, rpc, request, actor)
    refused = as_refused(raised.value, REASONS)
    assert isinstance(refused, Refused)
    assert {"field", "value", "rule"} <= refused.facts.keys()
    return refused.code


async def heard(selection: Selection) -> str:
    """An objection before its panel, one member of which has found."""
    filing = pb.FileObjectionRequest(
        stage_id="stage-1", team_id="naver-cloud", decision_version=1, ground="not-considered", statement="not heard"
    )
    proceeding: str = (await call(selection, "FileObjection", filing, TEAM)).proceeding.proceeding_id
    evidence = pb.AddEvidenceRequest(
        proceeding_id=proceeding, team_id="naver-cloud", reference="x", sha256=DIGEST, size_bytes=1, description="y"
    )
    assert (await call(selection, "AddEvidence", evidence, TEAM)).number == 1
    admission = pb.RuleOnAdmissionRequest(proceeding_id=proceeding, admitted=True, reason="on a ground", reply_days=5)
    await call(selection, "RuleOnAdmission", admission, STAFF)
    await call(selection, "Reply", pb.ReplyRequest(proceeding_id=proceeding, text="it was heard"), OTHER_STAFF)
    seating = pb.SeatPanelRequest(proceeding_id=proceeding, member_ids=FRESH)
    assert await code(selection, "SeatPanel", seating, STAFF) == "ORIGINALS_UNKNOWN"
    for source in (*sorted({each.source for each in GIVEN.measurements}), "originality"):
        naming = pb.RecordOriginalAssessorsRequest(stage_id="stage-1", source_id=source, person_ids=["tester"])
        await call(selection, "RecordOriginalAssessors", naming, STAFF)
    await call(selection, "SeatPanel", seating, STAFF)
    await call(selection, "SubmitFinding", finding(proceeding, FRESH[0], pb.REMEDY_RECOMPUTE), assessor(FRESH[0]))
    return proceeding


def finding(proceeding: str, member: str, remedy: pb.Remedy.ValueType) -> pb.SubmitFindingRequest:
    return pb.SubmitFindingRequest(proceeding_id=proceeding, member_id=member, remedy=remedy, reason="as I see it")


async def test_anybody_sees_how_it_stands_and_who_it_concerns_sees_more(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        proceeding = await heard(selection)
        public = await get(selection, proceeding, ANYONE)
        assert (public.stage_id, public.ground, public.state, public.owner) == (
            "stage-1", "not-considered", "hearing", "panel"
        )  # fmt: skip
        assert public.HasField("deadline")
        hidden = (public.team_id, public.statement, public.filed_by, public.reply, *public.member_ids, *public.evidence)
        assert not any(hidden)
        for outsider in (RIVAL, assessor("stranger")):
            assert await get(selection, proceeding, outsider) == public
        own = await get(selection, proceeding, TEAM)
        assert (own.team_id, own.reply, len(own.evidence), list(own.member_ids)) == (
            "naver-cloud", "it was heard", 1, list(FRESH)
        )  # fmt: skip
        assert [each.step for each in own.steps][:2] == ["filed", "evidence"]
        assert {each.actor for each in own.steps} == {""}
        # Each member finds by himself: before the end only staff and auditors see what another found.
        seen_by = [await count(selection, proceeding, each) for each in (TEAM, assessor(FRESH[1]), assessor(FRESH[0]))]
        assert seen_by == [0, 0, 1]
        for whole in (STAFF, AUDITOR):
            seen = await get(selection, proceeding, whole)
            assert (len(seen.findings), seen.steps[0].actor) == (1, "member")
        listed = await call(selection, "ListProceedings", pb.ListProceedingsRequest(open_only=True), ANYONE, reads=True)
        assert list(listed.proceedings) == [public]


async def count(selection: Selection, proceeding: str, actor: Actor) -> int:
    return len((await get(selection, proceeding, actor)).findings)


async def test_values_of_a_new_decision_are_seen_by_staff_until_it_is_open_to_everybody(
    fresh_database_url: str,
) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        proceeding = await heard(selection)
        for member in FRESH[1:]:
            await call(selection, "SubmitFinding", finding(proceeding, member, pb.REMEDY_RECOMPUTE), assessor(member))
        order = pb.OrderRemedyRequest(
            proceeding_id=proceeding,
            reason="as found",
            score_changes=[ScoreChange(source_id="nia", team_id="naver-cloud", criterion="hidden-set", value="99.5")],
            verdict_changes=[
                VerdictChange(gate="originality", team_id="naver-cloud", passed=True, reason="its own", judged_by=10)
            ],
        )
        done = (await call(selection, "OrderRemedy", order, STAFF)).proceeding
        assert (done.state, done.outcome, done.result_version) == ("closed", "recomputed", 2)
        (corrected,) = done.corrections
        assert (corrected.change.value, corrected.before != "") == ("99.5", True)
        (verdict,) = done.verdict_corrections
        assert (verdict.judged_before, verdict.passed_before, verdict.change.passed) == (True, False, True)
        assert b"naver-cloud" in done.difference_json
        for reader in (TEAM, assessor(FRESH[0]), ANYONE):
            seen = await get(selection, proceeding, reader)
            assert (seen.outcome, seen.result_version) == ("recomputed", 2)
            assert (list(seen.corrections), list(seen.verdict_corrections), seen.difference_json) == ([], [], b"")
        assert await count(selection, proceeding, TEAM) == 3


async def test_what_is_refused_has_a_stable_code_and_says_why(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decided_stage_one(selection)
        filing = pb.FileObjectionRequest(
            stage_id="stage-1", team_id="upstage", decision_version=1, ground="rule", statement="x"
        )
        wrong = pb.FileObjectionRequest()
        wrong.CopyFrom(filing)
        wrong.ground = "taste"
        assert await code(selection, "FileObjection", wrong, RIVAL) == "GROUND_UNKNOWN"
        unknown = pb.ReplyRequest(proceeding_id="nothing", text="x")
        assert await code(selection, "Reply", unknown, STAFF) == "PROCEEDING_UNKNOWN"
        proceeding = await heard(selection)
        again = finding(proceeding, FRESH[0], pb.REMEDY_UPHOLD)
        assert await code(selection, "SubmitFinding", again, assessor(FRESH[0])) == "FINDING_TAKEN"
        stranger = finding(proceeding, "stranger", pb.REMEDY_UPHOLD)
        assert await code(selection, "SubmitFinding", stranger, assessor("stranger")) == "MEMBER_NOT_SEATED"
        note = finding(proceeding, FRESH[1], pb.REMEDY_NOTE)
        assert await code(selection, "SubmitFinding", note, assessor(FRESH[1])) == "REMEDY_INVALID"
        barred = pb.SeatPanelRequest(proceeding_id=proceeding, member_ids=["a", "b", "tester"], reason="one is ill")
        assert await code(selection, "SeatPanel", barred, STAFF) == "MEMBER_BARRED"
        early = pb.OrderRemedyRequest(proceeding_id=proceeding, reason="early")
        assert await code(selection, "OrderRemedy", early, STAFF) == "PROCEEDING_STATE"
        rival = pb.WithdrawProceedingRequest(proceeding_id=proceeding, team_id="upstage", reason="x")
        assert await code(selection, "WithdrawProceeding", rival, RIVAL) == "NOT_A_PARTY"
        both = pb.OrderRemedyRequest(
            proceeding_id=proceeding, score_changes=[ScoreChange()], fresh=[pb.FreshScoring(source_id="nia")]
        )
        with pytest.raises(FieldInvalidError):
            await call(selection, "OrderRemedy", both, STAFF)
        with pytest.raises(FieldInvalidError):
            await call(selection, "SubmitFinding", finding(proceeding, FRESH[1], pb.REMEDY_UNSPECIFIED), STAFF)
        grounds = (await call(selection, "ListGrounds", pb.ListGroundsRequest(), ANYONE, reads=True)).grounds
        assert {each.kind for each in grounds} == {"objection", "case"}

"""Who sees what of a decided stage, and when: before any publication, after each, at any instant, at the end."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest
from common.auth import ANYONE, Actor
from common.grpc import Call
from common.instants import stamp
from dokpamo.selection.v1 import decisions_pb2, disclosure_pb2, events_pb2, service_pb2
from rules.disclosure_view import view_from_json
from selection import handlers
from selection.domain.disclosure import Acceptance
from selection.domain.disclosure_refusal import (
    AcceptanceReasonMissingError,
    AudienceForeignError,
    InstantFutureError,
    LeakUnknownError,
    NotReleasedError,
    PolicyOrderError,
    PolicyRefusedError,
    PolicyUnknownError,
    PublicationEarlyError,
    PublicationLeaksError,
    PublicationTakenError,
)
from selection.domain.refusal import DecisionMissingError, StageUnknownError
from selection.grpc_api import DecisionApi, DisclosureApi, SelectionApi
from selection.store import PublicationStore, SelectionStore, SelectionViews

from tests.builders.selection_cases import DECIDES, STAGE_ONE_BY_CALL, Selection, inputs, opened, stage_one

if TYPE_CHECKING:
    from collections.abc import Sequence

STAFF, AUDITOR = Actor("kim", frozenset({"staff"})), Actor("han", frozenset({"auditor"}))
ASSESSOR = Actor("expert-01", frozenset({"assessor"}))
GIVEN = inputs("stage-1")
SELECTION = SelectionApi(SelectionStore, SelectionViews, PublicationStore)
DISCLOSURE = DisclosureApi(PublicationStore)
DECISIONS = DecisionApi(SelectionStore, SelectionViews, PublicationStore)
FINAL = DECIDES + timedelta(days=11)
NOTHING = ("entered", 0, "", "")

MORE = """
id: more
title: {ko: 추가, en: More}
when: {after: decision}
by: staff
widens: best-and-mean
reason: the press asked
audiences:
  - audience: public
    shows: [{figure: gap, of: [nia]}, {figure: mean, of: [nia], digits: 1}, {figure: parts, of: [global-common]}]
"""
TO_THE_PANEL = MORE.replace("audience: public", "audience: panel")
LEAKING = MORE.replace("{figure: gap, of: [nia]}", "{figure: parts, of: [global-individual, nia]}")


def member(team: str) -> Actor:
    return Actor(f"member:{team}", frozenset({"consortium"}), team)


async def ask(selection: Selection, api: Any, rpc: str, request: Any, actor: Actor = ANYONE) -> Any:
    """An RPC as its server calls it, in one transaction."""
    reads = "request_id" not in request.DESCRIPTOR.fields_by_name
    async with selection.database.transaction(actor=actor.subject, readonly=reads) as tx:
        return await getattr(api, rpc)(request, Call(actor, tx, selection.clock))


async def publications(selection: Selection, use_case: Any, *arguments: Any) -> Any:
    async with selection.database.transaction() as tx:
        return await use_case(*arguments, PublicationStore(tx))


async def stage(selection: Selection, actor: Actor = ANYONE, as_of: datetime | None = None) -> Any:
    request = service_pb2.GetStageRequest(stage_id="stage-1", as_of=stamp(as_of))
    listed = await ask(selection, SELECTION, "ListStages", service_pb2.ListStagesRequest(), actor)
    found = (await ask(selection, SELECTION, "GetStage", request, actor)).stage
    assert as_of is not None or list(listed.stages) == [found]
    return found


async def seen(selection: Selection, actor: Actor = ANYONE, as_of: datetime | None = None) -> dict[str, Any]:
    standings = (await stage(selection, actor, as_of)).standings
    return {each.team_id: (each.outcome, each.rank, each.total, each.reason) for each in standings}


async def view(selection: Selection, actor: Actor = ANYONE, **asked: Any) -> Any:
    return await ask(
        selection, DISCLOSURE, "GetView", disclosure_pb2.GetViewRequest(stage_id="stage-1", **asked), actor
    )


async def decision(selection: Selection, actor: Actor = ANYONE) -> Any:
    return await ask(selection, SELECTION, "GetDecision", service_pb2.GetDecisionRequest(stage_id="stage-1"), actor)


async def publish(selection: Selection, actor: Actor = STAFF, **asked: Any) -> Any:
    request = disclosure_pb2.PublishResultsRequest(request_id=str(uuid4()), stage_id="stage-1", **asked)
    return (await ask(selection, DISCLOSURE, "PublishResults", request, actor)).publication


async def decide_stage_one(selection: Selection, text: str = STAGE_ONE_BY_CALL) -> None:
    await stage_one(selection, GIVEN.entrants, text)
    await selection.give("stage-1", GIVEN)
    await selection.judge("stage-1", GIVEN)
    await selection.go_to(DECIDES)
    assert (await stage(selection, STAFF)).state == "objection"


async def plan_and_wake(selection: Selection) -> None:
    """What the service does when it hears of a decision, and when a publication is due."""
    await publications(selection, handlers.plan_publications, "stage-1")
    async with selection.database.transaction() as tx:
        rows = await tx.fetch(
            "UPDATE process SET wake_at = NULL WHERE kind = 'publication' AND wake_at <= $1 RETURNING id", tx.now
        )
    for row in sorted(rows, key=lambda each: str(each["id"])):
        await publications(selection, handlers.publish_due, row["id"])


async def test_before_anything_is_published_only_staff_and_auditors_see_a_decision(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        for actor in (ANYONE, member("upstage"), ASSESSOR, Actor("service:grants", frozenset({"service"}))):
            hidden = await stage(selection, actor)
            assert await seen(selection, actor) == dict.fromkeys(GIVEN.entrants, NOTHING)
            assert [each.team_id for each in hidden.standings] == sorted(GIVEN.entrants)
            assert hidden.decision_sha256 == ""
            assert not any(each.parts or each.part_provenances for each in hidden.standings)
            with pytest.raises(NotReleasedError):
                await decision(selection, actor)
            request = decisions_pb2.ListDecisionsRequest(stage_id="stage-1")
            [version] = (await ask(selection, DECISIONS, "ListDecisions", request, actor)).decisions
            assert (version.version, version.decision_sha256) == (1, "")
        for actor in (STAFF, AUDITOR):
            assert (await seen(selection, actor))["lg-ai-research"] == ("advanced", 1, "90.2", "")
            assert (await decision(selection, actor)).decision_sha256


async def test_after_a_publication_each_audience_sees_what_it_was_shown_and_no_more(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        await plan_and_wake(selection)
        public, upstage = await seen(selection), await seen(selection, member("upstage"))
        assert public == {
            "lg-ai-research": ("advanced", 1, "", ""),
            "sk-telecom": ("advanced", 2, "", ""),
            "upstage": ("advanced", 3, "", ""),
            "naver-cloud": ("eliminated", 4, "", "gate"),
            "nc-ai": ("eliminated", 5, "", "rank"),
        }
        assert upstage.pop("upstage") == ("advanced", 3, "79.9", "")
        assert upstage == {team: row for team, row in public.items() if team != "upstage"}
        assert await seen(selection, ASSESSOR) == public
        [mine] = (await view(selection, member("upstage"))).views
        assert {each.team for each in view_from_json(mine.view_json).figures if each.figure == "sheet"} == {"upstage"}
        [all_see] = (await view(selection)).views
        assert (all_see.audience, all_see.policy_id) == ("public", "best-and-mean")
        with pytest.raises(NotReleasedError):
            await decision(selection, member("upstage"))


async def test_the_panel_of_a_stage_is_who_scored_in_it_and_no_assessor_of_elsewhere(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        await plan_and_wake(selection)
        await publish(
            selection, policy_document=TO_THE_PANEL, accept_leaks=await leak_names(selection, TO_THE_PANEL),
            accept_reason="for the panel alone",
        )  # fmt: skip
        sat = Actor(next(GIVEN.scores()).assessor, frozenset({"assessor"}))
        assert [each.audience for each in (await view(selection, sat)).views] == ["public", "panel"]
        assert [each.audience for each in (await view(selection, Actor("elsewhere", sat.roles))).views] == ["public"]
        with pytest.raises(AudienceForeignError):
            await view(selection, Actor("elsewhere", sat.roles), audience="panel")


async def test_nobody_sees_what_another_team_was_shown_except_staff_and_auditors(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        await plan_and_wake(selection)
        for actor, asked in [
            (member("nc-ai"), {"audience": "team", "team_id": "upstage"}),
            (ANYONE, {"audience": "team", "team_id": "upstage"}),
            (ANYONE, {"team_id": "upstage"}),
            (member("upstage"), {"audience": "panel"}),
            (STAFF, {"audience": "everybody"}),
            (STAFF, {"audience": "team"}),
        ]:
            with pytest.raises(AudienceForeignError):
                await view(selection, actor, **asked)
        for actor in (STAFF, AUDITOR, member("upstage")):
            [shown] = (await view(selection, actor, audience="team", team_id="upstage")).views
            assert shown.team_id == "upstage"
        assert [each.audience for each in (await view(selection, member("upstage"), audience="public")).views] == [
            "public"
        ]


async def test_once_final_everything_is_open_and_what_was_visible_before_stays_known(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        await plan_and_wake(selection)
        await selection.go_to(FINAL)
        await plan_and_wake(selection)
        assert (await seen(selection))["upstage"] == ("advanced", 3, "79.9", "")
        assert (await decision(selection)).inputs_json == (await decision(selection, STAFF)).inputs_json
        assert (await view(selection)).released
        then = DECIDES + timedelta(days=1)
        earlier = await view(selection, as_of=stamp(then))
        assert (earlier.released, len(earlier.views)) == (False, 1)
        assert (await seen(selection, as_of=then))["upstage"] == ("advanced", 3, "", "")
        before = await view(selection, as_of=stamp(DECIDES - timedelta(seconds=1)))
        assert (before.released, list(before.views)) == (False, [])
        with pytest.raises(InstantFutureError):
            await view(selection, as_of=stamp(FINAL + timedelta(days=1)))
        [released] = await selection.said(events_pb2.ResultsReleased)
        assert released.decision_sha256 == (await decision(selection)).decision_sha256


async def test_what_was_visible_to_whom_at_any_instant_follows_from_the_events_alone(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        await plan_and_wake(selection)
        selection.clock.set(DECIDES + timedelta(days=2))
        await publish(
            selection, policy_document=MORE, accept_leaks=await leak_names(selection, MORE), accept_reason="so"
        )
        told = await selection.said(events_pb2.ResultsPublished)
        readers = [ANYONE, ASSESSOR, *(member(team) for team in GIVEN.entrants)]
        for days in (0, 1, 2):
            instant = DECIDES + timedelta(days=days)
            for reader in readers:
                shown = (await view(selection, reader, as_of=stamp(instant))).views
                assert [each.view_json for each in shown] == visible(told, reader, instant)
        assert len(visible(told, ANYONE, DECIDES)) == 1
        assert len(visible(told, ANYONE, DECIDES + timedelta(days=2))) == 2


def visible(told: Sequence[Any], reader: Actor, instant: datetime) -> list[bytes]:
    """From the events: of each publication up to the instant its own view, or the public's where it has none."""
    shown: dict[str, dict[str, bytes]] = defaultdict(dict)
    for event in told:
        if event.published_at.ToDatetime(UTC) <= instant and event.team_id in {"", reader.team}:
            shown[event.publication_id][event.audience] = event.view_json or event.restricted_view_json
    return [views.get("team") or views["public"] for views in shown.values()]


async def leak_names(selection: Selection, document: str) -> list[str]:
    request = disclosure_pb2.PreviewPublicationRequest(stage_id="stage-1", policy_document=document)
    return [leak.name for leak in (await ask(selection, DISCLOSURE, "PreviewPublication", request, STAFF)).leaks]


async def test_a_policy_that_would_leak_is_refused_until_every_leak_is_accepted_by_name(
    fresh_database_url: str,
) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        await plan_and_wake(selection)
        names = await leak_names(selection, LEAKING)
        # Points of two benchmark parts beside those of the third and the mean: the whole of everybody's benchmarks.
        assert "public/nc-ai/benchmark" in names
        with pytest.raises(PublicationLeaksError) as refused:
            await publish(selection, policy_document=LEAKING)
        assert refused.value.leaks == names[:20]
        with pytest.raises(PublicationLeaksError):
            await publish(selection, policy_document=LEAKING, accept_leaks=names[1:], accept_reason="so")
        with pytest.raises(LeakUnknownError):
            await publish(
                selection, policy_document=LEAKING, accept_leaks=[*names, "public/nobody/nia"], accept_reason="so"
            )
        with pytest.raises(AcceptanceReasonMissingError):
            await publish(selection, policy_document=LEAKING, accept_leaks=names)
        assert len((await view(selection)).views) == 1
        made = await publish(selection, policy_document=LEAKING, accept_leaks=names, accept_reason="they were printed")
        assert (list(made.accepted_leaks), made.accept_reason, made.reason) == (
            names,
            "they were printed",
            "the press asked",
        )
        assert (await stage(selection)).standings[0].parts == {
            "global-common": "14.4", "global-individual": "10.0", "nia": "9.2",
        }  # fmt: skip


async def test_a_publication_is_made_once(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        await publications(selection, handlers.plan_publications, "stage-1")
        twice = await asyncio.gather(
            *(publications(selection, handlers.publish_due, "stage-1/best-and-mean") for _ in range(2)),
            publications(selection, handlers.publish_results, "stage-1", "best-and-mean", "", Acceptance()),
            return_exceptions=True,
        )
        assert [type(each) for each in twice if each is not None and not hasattr(each, "policy")] in (
            [], [PublicationTakenError],
        )  # fmt: skip
        with pytest.raises(PublicationTakenError):
            await publish(selection, policy_id="best-and-mean")
        listed = await ask(selection, DISCLOSURE, "ListPublications", disclosure_pb2.ListPublicationsRequest())
        assert [each.publication_id for each in listed.publications] == ["stage-1/1"]
        told = await selection.said(events_pb2.ResultsPublished)
        assert [(each.audience, each.team_id) for each in told] == [
            ("public", ""), *(("team", team) for team in sorted(GIVEN.entrants))
        ]  # fmt: skip
        assert all(bool(each.view_json) != bool(each.restricted_view_json) for each in told)


async def test_a_leaking_publication_waits_for_staff_at_its_date_and_says_why(fresh_database_url: str) -> None:
    text = STAGE_ONE_BY_CALL.replace(
        "            - {figure: mean, of: [benchmark, total], digits: 1}\n",
        "            - {figure: mean, of: [benchmark, total], digits: 1}\n"
        "            - {figure: parts, of: [nia, global-common, global-individual]}\n",
    )
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection, text)
        await plan_and_wake(selection)
        assert list((await view(selection)).views) == []
        async with selection.database.transaction() as tx:
            process = await tx.processes.get("publication", "stage-1/best-and-mean")
        assert process is not None
        assert (process.state, process.owner) == ("waits", "staff")
        assert "could be computed" in process.data["waits_for"]
        request = disclosure_pb2.PreviewPublicationRequest(stage_id="stage-1", policy_id="best-and-mean")
        preview = await ask(selection, DISCLOSURE, "PreviewPublication", request, AUDITOR)
        assert list(preview.limits) == ["best-and-mean/team/SHEETS_ARE_COMPARED"]
        names = [leak.name for leak in preview.leaks]
        await publish(selection, policy_id="best-and-mean", accept_leaks=names, accept_reason="announced so")
        assert len((await view(selection)).views) == 1


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"policy_id": "nothing"}, PolicyUnknownError),
        ({}, PolicyUnknownError),
        ({"policy_id": "best-and-mean", "policy_document": MORE}, PolicyUnknownError),
        ({"policy_document": MORE}, PolicyOrderError),
        ({"policy_document": MORE.replace("id: more", "id: best-and-mean")}, PolicyRefusedError),
        ({"policy_document": MORE.replace("of: [nia]", "of: [moon]")}, PolicyRefusedError),
        ({"policy_document": MORE.replace("widens: best-and-mean\nreason: the press asked\n", "")}, PolicyRefusedError),
        ({"policy_document": "- not\n- a policy"}, PolicyRefusedError),
    ],
)
async def test_what_cannot_be_published_is_refused_by_name(
    fresh_database_url: str, asked: dict[str, Any], refusal: type[Exception]
) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        with pytest.raises(refusal):
            await publish(selection, **asked)


async def test_nothing_is_published_of_a_stage_that_is_unknown_undecided_or_before_the_policys_instant(
    fresh_database_url: str,
) -> None:
    late = MORE.replace("{after: decision}", "{after: final, days: 3}")
    async with opened(fresh_database_url) as selection:
        with pytest.raises(StageUnknownError):
            await view(selection)
        await stage_one(selection, GIVEN.entrants)
        with pytest.raises(DecisionMissingError):
            await publish(selection, policy_id="best-and-mean")
        await selection.give("stage-1", GIVEN)
        await selection.judge("stage-1", GIVEN)
        await selection.go_to(DECIDES)
        await plan_and_wake(selection)
        with pytest.raises(PublicationEarlyError):
            await publish(selection, policy_document=late)
        await selection.go_to(FINAL)
        with pytest.raises(PublicationEarlyError):
            await publish(selection, policy_document=late)


async def test_the_database_keeps_what_was_published(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as selection:
        await decide_stage_one(selection)
        await plan_and_wake(selection)
        for statement in (
            "UPDATE publication SET published_at = now()",
            "DELETE FROM publication_view",
            "UPDATE publication_view SET document = ''",
        ):
            with pytest.raises(asyncpg.CheckViolationError, match="never changes"):
                async with selection.database.transaction() as tx:
                    await tx.execute(statement)

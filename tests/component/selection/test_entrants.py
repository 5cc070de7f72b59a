"""Who enters a stage, on a real PostgreSQL: by the document's eligibility, and when seats are opened again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from dokpamo.selection.v1 import events_pb2
from rules import Inputs, collect
from selection import handlers
from selection.domain import refusal

from tests.builders.selection_cases import DECIDES, Selection, decided_stage_one, document, inputs, opened

ADDED = document("added-call")
GIVEN = inputs("added-call")
OPENS = datetime(2026, 1, 23, 1, tzinfo=UTC)
AWARDS = datetime(2026, 2, 20, 1, tzinfo=UTC)


async def added_call(selection: Selection, text: str, applicants: list[str]) -> None:
    """The added call after stage 1, which LG, SKT and Upstage passed and NC and Naver did not."""
    await decided_stage_one(selection)
    await selection.go_to(datetime(2026, 1, 22, tzinfo=UTC))
    sha256 = await selection.freeze(text)
    await selection.write(handlers.plan_stage, "added-call", sha256, "call-2026", ())
    await selection.go_to(datetime(2026, 1, 27, tzinfo=UTC))
    await selection.write(handlers.close_call, "call-2026", applicants)
    await selection.go_to(selection.clock.now())


@pytest.mark.parametrize(
    ("eliminated", "entered", "refused"),
    [
        ("true", ["nc-ai", "newcomer"], {"upstage": "ENTRANT_FROM_ANOTHER_STAGE"}),
        ("false", ["newcomer"], {"upstage": "ENTRANT_FROM_ANOTHER_STAGE", "nc-ai": "ENTRANT_ELIMINATED"}),
    ],
)
async def test_who_may_enter_is_what_the_document_says_with_a_reason_for_each_refused(
    fresh_database_url: str, eliminated: str, entered: list[str], refused: dict[str, str]
) -> None:
    text = ADDED.replace("eliminated_teams_may_apply: true", f"eliminated_teams_may_apply: {eliminated}")
    async with opened(fresh_database_url) as selection:
        await added_call(selection, text, ["upstage", "newcomer", "nc-ai"])
        stage = await selection.stage("added-call")
        assert [each.team_id for each in stage.standings] == entered
        assert {each.team_id: each.code for each in stage.refused} == refused
        assert {each.stage_id for each in stage.refused} == {"stage-1"}
        told = (await selection.said(events_pb2.StageOpened))[-1]
        assert list(told.refused) == list(stage.refused)


def nobody_convinces() -> Inputs:
    """The added call's sheets without a vote for anybody."""
    votes = {"can-compete", "can-contribute"}
    scores = [each for each in GIVEN.scores() if each.criterion not in votes]
    against = [
        type(each)(each.source, each.assessor, each.team, each.criterion, Decimal(0), each.provenance)
        for each in GIVEN.scores()
        if each.criterion in votes
    ]
    return collect(GIVEN.stage, GIVEN.entrants, scores=[*scores, *against])


async def test_seats_that_nobody_got_are_opened_again_by_a_round_of_its_own(fresh_database_url: str) -> None:
    again = (
        ADDED.replace("stage: added-call\n", "stage: added-call-again\n")
        .replace("id: sovereign-ai-added-call\n", "id: sovereign-ai-added-call-again\n")
        .replace("2026-01-23", "2026-03-03")
        .replace("2026-02-19", "2026-03-19")
        .replace("2026-02-20T", "2026-03-20T")
    )
    async with opened(fresh_database_url) as selection:
        selection.clock.set(datetime(2026, 1, 23, tzinfo=UTC))
        first = await selection.freeze(ADDED)
        await selection.write(handlers.plan_stage, "added-call", first, "call-2026", ())
        await selection.write(handlers.close_call, "call-2026", GIVEN.entrants)
        await selection.go_to(OPENS)
        await selection.give("added-call", nobody_convinces())
        await selection.go_to(AWARDS)
        second = await selection.freeze(again)
        plan = (handlers.plan_stage, "added-call-again", second, "call-2026-again", ())
        with pytest.raises(refusal.ReopeningError):
            await selection.write(*plan, reopens="added-call", reason="nobody was chosen")
        await selection.go_to(AWARDS + timedelta(days=11))
        with pytest.raises(refusal.ReasonMissingError):
            await selection.write(*plan, reopens="added-call", reason=" ")
        planned = await selection.write(*plan, reopens="added-call", reason="nobody was chosen")
        assert planned.reopens == "added-call"
        told = (await selection.said(events_pb2.StagePlanned))[-1]
        assert (told.reopens_stage_id, told.reason) == ("added-call", "nobody was chosen")
        # Who was turned down before may try again, as the document says.
        await selection.write(handlers.close_call, "call-2026-again", [*GIVEN.entrants, "newcomer"])
        await selection.go_to(datetime(2026, 3, 3, 1, tzinfo=UTC))
        stage = await selection.stage("added-call-again")
        assert [each.team_id for each in stage.standings] == sorted([*GIVEN.entrants, "newcomer"])


async def test_a_stage_whose_seats_are_taken_is_not_opened_again(fresh_database_url: str) -> None:
    again = ADDED.replace("stage: added-call\n", "stage: added-call-again\n").replace(
        "id: sovereign-ai-added-call\n", "id: sovereign-ai-added-call-again\n"
    )
    async with opened(fresh_database_url) as selection:
        selection.clock.set(datetime(2026, 1, 23, tzinfo=UTC))
        second = await selection.freeze(again)
        first = await selection.freeze(ADDED)
        await selection.write(handlers.plan_stage, "added-call", first, "call-2026", ())
        await selection.write(handlers.close_call, "call-2026", GIVEN.entrants)
        await selection.go_to(OPENS)
        await selection.give("added-call", GIVEN)
        await selection.go_to(DECIDES + timedelta(days=90))
        with pytest.raises(refusal.ReopeningError):
            await selection.write(
                handlers.plan_stage, "added-call-again", second, "c", (), reopens="added-call", reason="x"
            )

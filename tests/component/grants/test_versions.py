"""A stage that is decided again, finally: books corrected by reversing entries on a real PostgreSQL, never by edits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from dokpamo.grants.v1 import events_pb2
from grants.domain.decision import DecisionChangedError, Elimination, FinalDecision
from grants.domain.entitlement import Entitlement, EntitlementChangedError, SupportKind
from grants.domain.ledger import TeamId
from grants.store import GrantsViews

from tests.component.grants.test_books import CHOSEN, FROM, GPU_SECONDS, LG, NC, TO, Books, opened, wish

AGAIN = FROM + timedelta(days=1)
NEXT_FROM, NEXT_TO = TO, TO + timedelta(days=100)
NEXT_SECONDS = 50 * 100 * 86_400


def decided(version: int, ins: TeamId, out: TeamId, at: datetime = FROM) -> FinalDecision:
    """Stage 1: one of two goes on with GPUs and data, the other loses its GPUs."""
    awards = tuple(
        Entitlement(ins, kind, amount, begins, ends, "stage-1", f"{version:064}", at, version=version)
        for kind, amount, begins, ends in (
            (SupportKind.GPU, 50, NEXT_FROM, NEXT_TO),
            (SupportKind.DATA, 1_000, at, None),
        )
    )
    losses = (Elimination(out, frozenset({SupportKind.GPU}), "stage-1", at),)
    return FinalDecision("stage-1", f"{version:064}", awards, losses, at, version)


FIRST, SECOND = decided(1, LG, NC), decided(2, NC, LG, AGAIN)


async def entitlements(books: Books, team: TeamId) -> dict[str, str]:
    """State by id."""
    async with books.database.transaction(readonly=True) as tx:
        found, _ = await GrantsViews(tx).page_of_entitlements(team, "", 500)
    return {each.id: each.state.value for each in found}


async def transactions(books: Books) -> list[Any]:
    async with books.database.transaction(readonly=True) as tx:
        return await tx.fetch("SELECT id, kind, team_id FROM ledger_transaction ORDER BY position")


async def test_winners_that_change_are_corrected_by_reversing_entries(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        await books.decide(FIRST)
        before = await transactions(books)
        books.clock.set(AGAIN)
        await books.decide(SECOND)
        # Told again, also late, it changes nothing.
        await books.decide(SECOND)
        await books.decide(FIRST)
        posted = await transactions(books)
        assert posted[: len(before)] == before
        assert [row["kind"] for row in posted[len(before) :] if row["team_id"] == LG] == [
            "reverse", "reverse", "forfeit", "reallocate",
        ]  # fmt: skip
        assert await books.balances(LG) == {"granted": 0, "forfeited": 0, "data": 0, "talent": 2_000}
        rest = 100 * int((TO - AGAIN).total_seconds())
        assert await books.balances(NC) == {"granted": NEXT_SECONDS + rest, "forfeited": 0, "data": 2_800 + 1_000}
        assert sorted((await entitlements(books, LG)).values()) == ["active", "forfeited", "withdrawn", "withdrawn"]
        back = f"presentation/{NC}/gpu/{FROM:%Y-%m-%d}/stage-1-2"
        assert (await entitlements(books, NC))[back] == "active"
        withdrawn = await books.said(events_pb2.EntitlementWithdrawn)
        assert {each.entitlement.kind for each in withdrawn} == {"gpu", "data"}  # type: ignore[attr-defined] # EntitlementWithdrawn
        assert await books.findings() == []
        # Who lost its place gets no more GPU time, who gained one does.
        await books.admit(wish("late", LG))
        await books.admit(wish("new", NC))
        assert [each.job_id for each in await books.said(events_pb2.HoldRefused)] == ["late"]  # type: ignore[attr-defined] # HoldRefused
        assert [each.job_id for each in await books.said(events_pb2.HoldPosted)] == ["new"]  # type: ignore[attr-defined] # HoldPosted


async def test_what_both_versions_give_stays_with_what_was_used_of_it(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(FIRST)
        books.clock.set(NEXT_FROM)
        await books.admit(wish("job", LG, 50))
        before = await transactions(books)
        # Another team is out now, for the same winner.
        again = decided(2, LG, TeamId("kakao"), AGAIN)
        await books.decide(again)
        assert await transactions(books) == before
        await books.settle("job", 40_000)
        assert await books.balances(LG) == {
            "granted": NEXT_SECONDS - 40_000, "held": 0, "spent": 40_000, "data": 1_000,
        }  # fmt: skip
        assert await books.findings() == []


async def test_gpu_time_held_when_a_place_is_lost_is_reversed_when_the_job_is_settled(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(FIRST)
        books.clock.set(NEXT_FROM)
        await books.admit(wish("job", LG, 50, 2_000))
        await books.decide(SECOND)
        assert (await books.balances(LG))["held"] == 100_000
        async with books.database.transaction(readonly=True) as tx:
            assert await tx.fetchval("SELECT state FROM process WHERE kind = 'elimination'") == "awaiting-jobs"
        await books.settle("job", 60_000)
        assert await books.balances(LG) == {"granted": 0, "held": 0, "spent": 60_000, "data": 0}
        async with books.database.transaction(readonly=True) as tx:
            assert await tx.fetchval("SELECT state FROM process WHERE kind = 'elimination'") == "settled"
        assert await books.findings() == []


async def test_places_may_go_to_and_fro_and_the_books_balance_each_time(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        for version in range(1, 6):
            at = FROM + timedelta(hours=version)
            books.clock.set(at)
            ins, out = (LG, NC) if version % 2 else (NC, LG)
            await books.decide(decided(version, ins, out, at))
            rest = 0 if version == 1 else 100 * int((TO - at).total_seconds())
            own = GPU_SECONDS if version == 1 else rest
            assert (await books.balances(ins))["granted"] == NEXT_SECONDS + own
            assert (await books.balances(out))["granted"] == 0
            assert await books.findings() == []


async def test_a_later_version_that_came_first_counts_and_the_earlier_does_nothing(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(SECOND)
        await books.decide(FIRST)
        assert (await books.balances(NC))["granted"] == NEXT_SECONDS
        assert await books.balances(LG) == {}


async def test_a_version_that_is_told_otherwise_or_gives_another_amount_is_refused(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(FIRST)
        with pytest.raises(DecisionChangedError):
            await books.decide(replace(FIRST, sha256="ee" * 32))
        more = replace(decided(2, LG, NC, AGAIN).awards[0], amount=51)
        before = await transactions(books)
        with pytest.raises(EntitlementChangedError):
            await books.decide(replace(SECOND, awards=(more,)))
        assert await transactions(books) == before

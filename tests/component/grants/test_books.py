"""The books of grants on a real PostgreSQL: decisions, holds, charges and what the database itself refuses."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest
from common.clock import FixedClock
from common.database import Database
from dokpamo.grants.v1 import events_pb2
from grants import handlers, wire
from grants.app import MIGRATIONS
from grants.domain.decision import DecisionChangedError, Elimination, FinalDecision
from grants.domain.entitlement import Entitlement, SupportKind, Wish
from grants.domain.hold import HoldSettledError, HoldUnknownError, JobTakenError
from grants.domain.ledger import BalanceTooLowError, TeamId
from grants.store import GrantsStore, GrantsViews

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FROM = datetime(2026, 1, 26, tzinfo=UTC)
TO = FROM + timedelta(days=10)
CHOSEN_AT = FROM - timedelta(days=5)
LG, NC = TeamId("lg-ai-research"), TeamId("nc-ai")
GPU_SECONDS = 100 * 864_000


class Books:
    """Grants in one database, at an instant that the test sets."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock

    async def decide(self, decision: FinalDecision) -> None:
        async with self.database.transaction() as tx:
            await handlers.apply_decision(decision, GrantsStore(tx))

    async def admit(self, wish: Wish) -> None:
        async with self.database.transaction() as tx:
            await handlers.admit(wish, GrantsStore(tx), wire.HOLD_REFUSALS)

    async def settle(self, job: str, used: int, team: TeamId = LG) -> None:
        async with self.database.transaction() as tx:
            await handlers.settle(job, team, used, GrantsStore(tx))

    async def balances(self, team: TeamId) -> dict[str, int]:
        async with self.database.transaction(readonly=True) as tx:
            return {account.split(":")[1]: amount for account, _, amount in await GrantsViews(tx).balances(team)}

    async def findings(self) -> list[str]:
        async with self.database.transaction(readonly=True) as tx:
            return (await handlers.check(GrantsStore(tx)))[1]

    async def said(self, kind: type) -> list[bytes]:
        async with self.database.transaction(readonly=True) as tx:
            rows = await tx.fetch("SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", kind.DESCRIPTOR.full_name)  # type: ignore[attr-defined] # every event has one
        return [kind.FromString(row["payload"]) for row in rows]  # type: ignore[attr-defined] # as above


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Books]:
    clock = FixedClock(FROM)
    async with Database(url, "grants", MIGRATIONS, clock) as database:
        yield Books(database, clock)


def award(team: TeamId, kind: SupportKind = SupportKind.GPU, amount: int = 100) -> Entitlement:
    end = TO if kind is SupportKind.GPU else None
    return Entitlement(team, kind, amount, FROM, end, "presentation", "aa" * 32, CHOSEN_AT)


CHOSEN = FinalDecision(
    "presentation",
    "aa" * 32,
    (award(LG), award(LG, SupportKind.TALENT, 2_000), award(NC), award(NC, SupportKind.DATA, 2_800)),
    (),
    CHOSEN_AT,
)
NC_OUT = FinalDecision(
    "stage-1", "bb" * 32, (), (Elimination(NC, frozenset({SupportKind.GPU}), "stage-1", FROM),), FROM
)


def wish(job: str = "job-1", team: TeamId = LG, gpus: int = 100, seconds: int = 1000) -> Wish:
    return Wish(job, team, gpus, seconds)


async def test_a_final_decision_gives_once_however_often_it_is_told(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        await books.decide(CHOSEN)
        assert await books.balances(LG) == {"granted": GPU_SECONDS, "talent": 2_000}
        assert await books.balances(NC) == {"granted": GPU_SECONDS, "data": 2_800}
        assert len(await books.said(events_pb2.EntitlementGranted)) == 4
        assert len(await books.said(events_pb2.TransactionPosted)) == 4
        assert await books.findings() == []
        with pytest.raises(DecisionChangedError):
            await books.decide(FinalDecision("presentation", "cc" * 32, (), (), CHOSEN_AT))


async def test_a_job_is_held_charged_by_its_use_and_released_by_its_rest_once(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        await books.admit(wish())
        await books.admit(wish())
        assert (await books.balances(LG))["held"] == 100_000
        await books.settle("job-1", 40_000)
        await books.settle("job-1", 40_000)
        assert await books.balances(LG) == {
            "granted": GPU_SECONDS - 40_000, "held": 0, "spent": 40_000, "talent": 2_000,
        }  # fmt: skip
        (posted,) = await books.said(events_pb2.HoldPosted)
        assert posted == events_pb2.HoldPosted(
            job_id="job-1", team_id=LG, gpu_seconds=100_000, entitlement_id=f"presentation/{LG}/gpu/{FROM:%Y-%m-%d}"
        )
        assert await books.findings() == []
        with pytest.raises(HoldSettledError):
            await books.settle("job-1", 40_001)
        with pytest.raises(JobTakenError):
            await books.admit(wish(gpus=1))


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (wish(team=TeamId("kakao")), "NO_ENTITLEMENT"),
        (wish(gpus=101), "ENTITLEMENT_EXCEEDED"),
        (wish(seconds=864_001), "BALANCE_TOO_LOW"),
    ],
)
async def test_a_refused_hold_says_why_and_holds_nothing(fresh_database_url: str, job: Wish, code: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        await books.admit(job)
        (refused,) = await books.said(events_pb2.HoldRefused)
        assert (refused.code, refused.job_id) == (code, "job-1")  # type: ignore[attr-defined] # a HoldRefused
        assert "held" not in await books.balances(job.team)


async def test_an_eliminated_team_loses_its_unspent_gpu_time_and_keeps_its_data(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        await books.decide(NC_OUT)
        assert await books.balances(NC) == {"granted": 0, "forfeited": 0, "data": 2_800}
        (lost,) = await books.said(events_pb2.EntitlementForfeited)
        told = lost.entitlement  # type: ignore[attr-defined] # an EntitlementForfeited
        assert (told.kind, told.state, told.stage_id, told.lost_in_stage_id) == (
            "gpu", "forfeited", "presentation", NC_OUT.stage,
        )  # fmt: skip
        await books.admit(wish(team=NC))
        assert len(await books.said(events_pb2.HoldRefused)) == 1
        assert await books.findings() == []


async def test_gpu_time_held_at_an_elimination_is_lost_when_the_job_is_settled(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        await books.admit(wish(team=NC))
        await books.decide(NC_OUT)
        assert (await books.balances(NC))["held"] == 100_000
        async with books.database.transaction(readonly=True) as tx:
            process = await tx.fetchrow("SELECT state, owner FROM process WHERE kind = 'elimination'")
        assert tuple(process or ()) == ("awaiting-jobs", "training")
        await books.settle("job-1", 60_000, NC)
        assert await books.balances(NC) == {"granted": 0, "held": 0, "spent": 60_000, "forfeited": 0, "data": 2_800}
        async with books.database.transaction(readonly=True) as tx:
            assert await tx.fetchval("SELECT state FROM process WHERE kind = 'elimination'") == "settled"
        assert await books.findings() == []


def way_of(team: TeamId) -> list[FinalDecision]:
    """What befalls a team: chosen, out, back by an added call, out again; each decision a day after the one before."""
    at = [FROM + timedelta(days=day) for day in range(4)]
    gpu, talent = SupportKind.GPU, SupportKind.TALENT

    def stage(number: int) -> str:
        return f"{team}-{number}"

    def given(number: int, kind: SupportKind, amount: int) -> Entitlement:
        end = TO + timedelta(days=number) if kind is gpu else None
        return Entitlement(team, kind, amount, at[number], end, stage(number), f"{number:064}", at[number])

    def out(number: int) -> tuple[Elimination, ...]:
        return (Elimination(team, frozenset({gpu}), stage(number), at[number]),)

    return [
        FinalDecision(stage(0), f"{0:064}", (given(0, gpu, 3), given(0, talent, 2_000)), (), at[0]),
        FinalDecision(stage(1), f"{1:064}", (), out(1), at[1]),
        FinalDecision(stage(2), f"{2:064}", (given(2, gpu, 5),), (), at[2]),
        FinalDecision(stage(3), f"{3:064}", (), out(3), at[3]),
    ]


async def test_decisions_end_in_the_same_books_in_whatever_order_they_are_told(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        for upto in (3, 4):
            for number, order in enumerate(itertools.permutations(range(upto))):
                team = TeamId(f"team-{upto}-{number}")
                decisions = way_of(team)
                for each in order:
                    await books.decide(decisions[each])
                back = 0 if upto == 4 else decisions[2].awards[0].ledger_amount
                found = await books.balances(team)
                assert (found["granted"], found["talent"], found["forfeited"]) == (back, 2_000, 0), order
                async with books.database.transaction(readonly=True) as tx:
                    (first, *rest), _ = await GrantsViews(tx).page_of_entitlements(team, "", 500)
                # To whichever elimination was known first.
                assert (first.stage, first.lost_in) in {(f"{team}-0", f"{team}-1"), (f"{team}-0", f"{team}-3")}, order
                assert rest[0].lost_in == (f"{team}-3" if upto == 4 else ""), order
        assert await books.findings() == []


async def test_a_grant_and_a_later_elimination_told_at_once_leave_nothing(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        for number in range(10):
            team = TeamId(f"team-{number}")
            chosen, out, _, _ = way_of(team)
            await asyncio.gather(books.decide(out), books.decide(chosen))
            assert (await books.balances(team))["granted"] == 0
        assert await books.findings() == []


async def test_use_beyond_a_hold_never_eats_another_entitlement(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        other = replace(award(LG, amount=50), valid_to=TO + timedelta(days=9), stage="other", granted_at=FROM)
        await books.decide(FinalDecision("other", "dd" * 32, (other,), (), CHOSEN_AT))
        await books.admit(wish(seconds=864_000))  # all of the one that ends first
        with pytest.raises(BalanceTooLowError):
            await books.settle("job-1", GPU_SECONDS + 1)
        await books.settle("job-1", GPU_SECONDS)
        books.clock.set(TO)
        async with books.database.transaction() as tx:
            await handlers.end(award(LG).id, GrantsStore(tx))
        assert (await books.balances(LG))["granted"] == other.ledger_amount
        assert await books.findings() == []


async def test_pages_end_where_there_is_no_more(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        async with books.database.transaction(readonly=True) as tx:
            store = GrantsViews(tx)
            first, after = await store.page_of_entitlements("", "", 2)
            rest, end = await store.page_of_entitlements("", after, 2)
            assert [(each.team, each.kind.value) for each in first + rest] == [
                (LG, "gpu"), (LG, "talent"), (NC, "data"), (NC, "gpu"),
            ]  # fmt: skip
            assert end == ""
            posted, following = await store.page_of_transactions("", 0, 3)
            assert following is not None
            last, none = await store.page_of_transactions("", following, 1)
            assert (len(posted), len(last), none) == (3, 1, None)


async def test_gpu_time_that_nobody_used_by_the_end_goes_back_to_the_pool(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        books.clock.set(TO)
        async with books.database.transaction() as tx:
            await handlers.end(award(LG).id, GrantsStore(tx))
        assert (await books.balances(LG))["granted"] == 0
        (ended,) = await books.said(events_pb2.EntitlementEnded)
        assert ended.entitlement.state == "ended"  # type: ignore[attr-defined] # an EntitlementEnded


async def test_use_without_a_hold_and_use_beyond_everything_are_refused(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        await books.settle("refused-job", 0)
        with pytest.raises(HoldUnknownError):
            await books.settle("unknown-job", 1)
        await books.admit(wish())
        with pytest.raises(BalanceTooLowError):
            await books.settle("job-1", GPU_SECONDS + 1)
        assert (await books.balances(LG))["held"] == 100_000


async def test_concurrent_jobs_never_hold_more_than_there_is(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        # Each wants a fifth of everything: five of twelve fit.
        await asyncio.gather(*(books.admit(wish(f"job-{n}", seconds=172_800)) for n in range(12)))
        assert (await books.balances(LG))["granted"] == 0
        assert len(await books.said(events_pb2.HoldPosted)) == 5
        assert len(await books.said(events_pb2.HoldRefused)) == 7
        assert await books.findings() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE posting SET amount = 1",
        "DELETE FROM posting",
        "TRUNCATE posting CASCADE",
        "UPDATE ledger_transaction SET team_id = 'x'",
        "DELETE FROM ledger_transaction",
    ],
)
async def test_what_is_posted_cannot_be_changed_in_the_database(fresh_database_url: str, sql: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        with pytest.raises(asyncpg.CheckViolationError, match="append only"):
            async with books.database.transaction() as tx:
                await tx.execute(sql)


async def test_the_database_refuses_a_transaction_that_does_not_sum_to_zero(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        with pytest.raises(asyncpg.CheckViolationError, match="sum to 5"):
            await write_unbalanced(books)


async def write_unbalanced(books: Books) -> None:
    async with books.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO ledger_transaction (id, kind, unit, team_id, cause_id, entitlement_id, posted_at) "
            "SELECT 'grant/x', 'grant', 'gpu_seconds', $1, 'x', id, now() FROM entitlement LIMIT 1",
            LG,
        )
        await tx.execute("INSERT INTO posting VALUES ('grant/x', 'POOL', 'gpu_seconds', -5)")
        await tx.execute("INSERT INTO posting VALUES ('grant/x', $1, 'gpu_seconds', 10)", f"{LG}:granted")


async def test_the_database_refuses_a_balance_below_zero(fresh_database_url: str) -> None:
    async with opened(fresh_database_url) as books:
        await books.decide(CHOSEN)
        with pytest.raises(asyncpg.CheckViolationError, match="balance_below_zero"):
            async with books.database.transaction() as tx:
                await tx.execute("UPDATE account SET balance = -1 WHERE name = $1", f"{LG}:granted")

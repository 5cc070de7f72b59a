"""What training hears, and the task that sees a job through."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from common.consumer import Subscriptions
from dokpamo.grants.v1.events_pb2 import EntitlementForfeited, EntitlementWithdrawn, HoldPosted, HoldRefused

from training import handlers, wire
from training.domain.job import JobId, TeamId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from common.consumer import Received
    from common.database import Database, Transaction
    from common.tasks import Task

    from training.handlers import Jobs, JobsOpener, Supervision

    Open = Callable[[Transaction], Jobs]


def subscriptions(jobs: Open) -> Subscriptions:
    """Return the events that let a job start or end it; everything is kept in what `jobs` opens."""

    async def hold_posted(event: Received[HoldPosted], tx: Transaction) -> None:
        told = event.message
        await handlers.admit(jobs(tx), JobId(told.job_id), TeamId(told.team_id), told.entitlement_id)

    async def hold_refused(event: Received[HoldRefused], tx: Transaction) -> None:
        told = event.message
        await handlers.refuse(jobs(tx), JobId(told.job_id), TeamId(told.team_id), f"{told.code}: {told.reason}")

    async def support_lost(
        event: Received[EntitlementForfeited] | Received[EntitlementWithdrawn], tx: Transaction
    ) -> None:
        told = event.message.entitlement
        # Of data and talent no job holds anything.
        if told.kind == "gpu":
            await handlers.lose_support(jobs(tx), wire.lost_support(told))

    heard = Subscriptions("training")
    heard.on(EntitlementForfeited, support_lost)
    heard.on(EntitlementWithdrawn, support_lost)
    heard.on(HoldPosted, hold_posted)
    heard.on(HoldRefused, hold_refused)
    return heard


def opener(database: Database, jobs: Open) -> JobsOpener:
    """Return what opens the jobs in a transaction of its own."""

    @asynccontextmanager
    async def open_jobs() -> AsyncIterator[Jobs]:
        async with database.transaction() as tx:
            yield jobs(tx)

    return open_jobs


def tasks(work: Supervision, jobs: Open) -> dict[str, Callable[[Task], Awaitable[None]]]:
    """Return the handlers of training's tasks by kind."""

    async def supervise(task: Task) -> None:
        """See a job through; another worker may have done part of it."""
        ended = await handlers.supervise(work, JobId(task.payload["job_id"]))
        async with task.finish() as tx:
            if ended is not None:
                await jobs(tx).end(ended)

    return {handlers.SUPERVISION: supervise}


def failed_tasks(jobs: Open) -> dict[str, Callable[[Task, str, Transaction], Awaitable[None]]]:
    """Return what is done about a task that failed on every attempt, by kind."""

    async def give_up(task: Task, error: str, tx: Transaction) -> None:
        """End a job whose supervision failed for good."""
        await handlers.give_up(jobs(tx), JobId(task.payload["job_id"]), error)

    return {handlers.SUPERVISION: give_up}

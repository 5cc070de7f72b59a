"""What training hears, and the task that sees a job through."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from common.consumer import Subscriptions
from dokpamo.grants.v1.events_pb2 import HoldPosted, HoldRefused

from training import handlers
from training.domain.job import JobId, TeamId
from training.store.jobs import SUPERVISION, JobStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from common.consumer import Received
    from common.database import Database, Transaction
    from common.tasks import Task

    from training.handlers import Jobs, JobsOpener, Supervision


async def on_hold_posted(event: Received[HoldPosted], tx: Transaction) -> None:
    """GPU time is held for a job."""
    await handlers.admit(JobStore(tx), JobId(event.message.job_id), TeamId(event.message.team_id))


async def on_hold_refused(event: Received[HoldRefused], tx: Transaction) -> None:
    """GPU time was refused."""
    told = event.message
    await handlers.refuse(JobStore(tx), JobId(told.job_id), TeamId(told.team_id), f"{told.code}: {told.reason}")


def subscriptions() -> Subscriptions:
    """Return the events that let a job start or end it."""
    heard = Subscriptions("training")
    heard.on(HoldPosted, on_hold_posted)
    heard.on(HoldRefused, on_hold_refused)
    return heard


def opener(database: Database) -> JobsOpener:
    """Return what opens the jobs in a transaction of its own."""

    @asynccontextmanager
    async def open_jobs() -> AsyncIterator[Jobs]:
        async with database.transaction() as tx:
            yield JobStore(tx)

    return open_jobs


def tasks(work: Supervision) -> dict[str, Callable[[Task], Awaitable[None]]]:
    """Return the handlers of training's tasks by kind."""

    async def supervise(task: Task) -> None:
        """See a job through; another worker may have done part of it."""
        ended = await handlers.supervise(work, JobId(task.payload["job_id"]))
        async with task.finish() as tx:
            if ended is not None:
                await JobStore(tx).end(ended)

    return {SUPERVISION: supervise}


async def give_up(task: Task, error: str, tx: Transaction) -> None:
    """End a job whose supervision failed on every attempt."""
    await handlers.give_up(JobStore(tx), JobId(task.payload["job_id"]), error)

"""What grants hears, and what it does when an instant is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.consumer import Subscriptions
from dokpamo.selection.v1.events_pb2 import DecisionFinalized
from dokpamo.training.v1.events_pb2 import JobFinished, JobSubmitted

from grants import handlers, wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from common.consumer import Received
    from common.database import Transaction
    from common.processes import Process

    Open = Callable[[Transaction], handlers.Books]


def subscriptions(books: Open) -> Subscriptions:
    """Return the events that change what a team may use or has used; everything is kept in what `books` opens."""

    async def decided(event: Received[DecisionFinalized], tx: Transaction) -> None:
        await handlers.apply_decision(wire.decision_of(event.message, event.time), books(tx))

    async def job_submitted(event: Received[JobSubmitted], tx: Transaction) -> None:
        wish = wire.wish_of(event.message)
        if wire.is_on_granted_gpus("spec.gpu_source", event.message.spec.gpu_source):
            await handlers.admit(wish, books(tx), wire.HOLD_REFUSALS)
        else:
            await handlers.admit_on_own_gpus(wish.job, wish.team, books(tx))

    async def job_finished(event: Received[JobFinished], tx: Transaction) -> None:
        job = event.message
        # Own GPUs are metered by training and never charged here.
        if wire.is_on_granted_gpus("gpu_source", job.gpu_source):
            await handlers.settle(job.job_id, wire.team_of("team_id", job.team_id), job.gpu_seconds, books(tx))

    heard = Subscriptions("grants")
    heard.on(DecisionFinalized, decided)
    heard.on(JobSubmitted, job_submitted)
    heard.on(JobFinished, job_finished)
    return heard


def timers(books: Open) -> Mapping[str, Callable[[Process, Transaction], Awaitable[None]]]:
    """Return what to do when a process of grants wakes, by kind."""

    async def end(process: Process, tx: Transaction) -> None:
        await handlers.end(process.id, books(tx))

    return {handlers.ENTITLEMENT_PROCESS: end}

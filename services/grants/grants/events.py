"""What grants hears, and what it does when an instant is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.consumer import Subscriptions
from dokpamo.selection.v1.events_pb2 import DecisionFinalized
from dokpamo.training.v1.events_pb2 import JobFinished, JobSubmitted

from grants import handlers, wire
from grants.store import ENTITLEMENT, GrantsStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from common.consumer import Received
    from common.database import Transaction
    from common.processes import Process


async def on_decision_finalized(event: Received[DecisionFinalized], tx: Transaction) -> None:
    """Give and take what the decision says."""
    await handlers.apply_decision(wire.decision_of(event.message), GrantsStore(tx))


async def on_job_submitted(event: Received[JobSubmitted], tx: Transaction) -> None:
    """Hold GPU time for the job or refuse it."""
    wish = wire.wish_of(event.message)
    if wire.is_on_granted_gpus("spec.gpu_source", event.message.spec.gpu_source):
        await handlers.admit(wish, GrantsStore(tx), wire.HOLD_REFUSALS)
    else:
        await handlers.admit_on_own_gpus(wish.job, wish.team, GrantsStore(tx))


async def on_job_finished(event: Received[JobFinished], tx: Transaction) -> None:
    """Charge the use of a job on granted GPUs; own GPUs are metered and never charged."""
    job = event.message
    if wire.is_on_granted_gpus("gpu_source", job.gpu_source):
        await handlers.settle(job.job_id, wire.team_of("team_id", job.team_id), job.gpu_seconds, GrantsStore(tx))


def subscriptions() -> Subscriptions:
    """Return the events that change what a team may use or has used."""
    heard = Subscriptions("grants")
    heard.on(DecisionFinalized, on_decision_finalized)
    heard.on(JobSubmitted, on_job_submitted)
    heard.on(JobFinished, on_job_finished)
    return heard


async def on_entitlement_end(process: Process, tx: Transaction) -> None:
    """End an entitlement at its last instant."""
    await handlers.end(process.id, GrantsStore(tx))


TIMERS: Final[Mapping[str, Callable[[Process, Transaction], Awaitable[None]]]] = {ENTITLEMENT: on_entitlement_end}

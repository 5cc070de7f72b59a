"""What reaches intake without a caller: the two instants of a call. It subscribes to no topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intake import handlers
from intake.domain.call import CallId, CallState
from intake.store import IntakeStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from common.database import Transaction
    from common.processes import Process


def timers() -> Mapping[str, Callable[[Process, Transaction], Awaitable[None]]]:
    """Return what to do when a process of intake wakes, by kind."""
    return {handlers.CALL_PROCESS: _move_call}


async def _move_call(process: Process, tx: Transaction) -> None:
    call_id = CallId(process.id)
    if process.state == CallState.ANNOUNCED.value:
        call = await handlers.open_at_its_instant(call_id, IntakeStore(tx))
        await tx.processes.move(
            process,
            call.state.value,
            owner=handlers.OWNER,
            wake_at=call.closes_at,
            deadline=handlers.overdue_after(call.closes_at),
        )
        return
    await handlers.close_at_its_instant(call_id, IntakeStore(tx))
    await tx.processes.finish(process, CallState.CLOSED.value)

"""What reaches intake without a caller: the two instants of a call. It subscribes to no topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intake import handlers
from intake.domain.call import CallId, CallState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from common.database import Transaction
    from common.processes import Process


def timers(
    records: Callable[[Transaction], handlers.Records],
) -> Mapping[str, Callable[[Process, Transaction], Awaitable[None]]]:
    """Return what to do when a process of intake wakes, by kind; everything is kept in what `records` opens."""

    async def move_call(process: Process, tx: Transaction) -> None:
        call_id = CallId(process.id)
        if process.state == CallState.ANNOUNCED.value:
            call = await handlers.open_at_its_instant(call_id, records(tx))
            await tx.processes.move(
                process,
                call.state.value,
                owner=handlers.OWNER,
                wake_at=call.closes_at,
                deadline=handlers.overdue_after(call.closes_at),
            )
            return
        await handlers.close_at_its_instant(call_id, records(tx))
        await tx.processes.finish(process, CallState.CLOSED.value)

    return {handlers.CALL_PROCESS: move_call}

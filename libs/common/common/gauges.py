"""What waits in a service's tables, measured now and then: it stays true also when nothing happens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from common import outbox, parked, processes
from common.errors import DatabaseUnavailableError, TransactionConflictError
from common.metrics import OUTBOX_OLDEST_SECONDS, OUTBOX_PENDING, PARKED_OPEN, PROCESSES_OVERDUE
from common.service import BackgroundPart

if TYPE_CHECKING:
    from common.database import Database, Transaction

log = structlog.get_logger()

_EVERY_SECONDS: Final = 5.0


class Gauges(BackgroundPart):
    """A part: keeps the gauges of outbox, parked messages and overdue processes at what the tables say."""

    def __init__(self, database: Database, every_seconds: float = _EVERY_SECONDS) -> None:
        """Measure `database` every `every_seconds` of real time."""
        super().__init__("gauges")
        self._database = database
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Measure for ever; while the database is away the last figures stand."""
        while True:
            try:
                async with self._database.transaction(readonly=True) as tx:
                    await measure(tx)
            except (DatabaseUnavailableError, TransactionConflictError) as error:
                log.warning("gauges.stale", service=self._database.schema, error=str(error))
            await asyncio.sleep(self._every_seconds)


async def measure(tx: Transaction) -> None:
    """Set every gauge from the tables as `tx` sees them; ages are by the service's clock."""
    oldest = await outbox.oldest_unpublished(tx)
    OUTBOX_PENDING.set(await outbox.pending(tx))
    OUTBOX_OLDEST_SECONDS.set(0 if oldest is None else (tx.now - oldest).total_seconds())
    PARKED_OPEN.set(await parked.open_count(tx))
    PROCESSES_OVERDUE.clear()
    for kind, count in (await processes.overdue(tx, tx.now)).items():
        PROCESSES_OVERDUE.labels(kind).set(count)

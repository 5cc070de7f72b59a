"""What the notary hears, and the two things it does by itself: give places, and sign."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Self

import structlog
from common import topics
from common.consumer import Subscriptions
from common.errors import TransientError
from common.service import BackgroundPart

from notary import handlers, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from common.consumer import Received
    from common.database import Database, Transaction
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from notary.settings import Settings

    LogIn = Callable[[Transaction], handlers.Log]
    OpeningsIn = Callable[[Transaction], handlers.Openings]

log = structlog.get_logger()

IDLE_SECONDS = 0.25
"""How long a recorded event may wait for its place when nothing wakes the sequencer."""
AWAY_SECONDS = 1.0
"""Pause while the database is away."""


def subscriptions(log_in: LogIn, openings_in: OpeningsIn, wake: asyncio.Event) -> Subscriptions:
    """Every event of every topic, those about the notary's own parked items and processes included.

    The topics `<topic>.parked` are left out: they hold copies of messages that are in the log from their own topic, and
    each parking is told by an event (`EventParked`). The log raises no event when it grows, so it comes to rest.
    """

    async def record(events: Sequence[Received[None]], tx: Transaction) -> None:
        tx.after_commit(wake.set)
        await handlers.record([wire.arrived_of(event) for event in events], log_in(tx), openings_in(tx))

    heard = Subscriptions("notary")
    heard.every(topics.event_topics(), record)
    return heard


class Sequencer(BackgroundPart):
    """Gives recorded events their places, as many as wait at once: the one writer of the tree."""

    def __init__(self, database: Database, log_in: LogIn, wake: asyncio.Event) -> None:
        """Work in this database; `wake` is set when an event was recorded."""
        super().__init__("notary.sequencer")
        self._log_in = log_in
        self._database = database
        self._wake = wake

    async def run(self) -> None:
        """Give places until the service stops."""
        while True:
            self._wake.clear()
            try:
                async with self._database.transaction() as tx:
                    placed = await handlers.sequence(self._log_in(tx))
            except TransientError as error:
                log.warning("log.sequencing_waits", error=str(error))
                await asyncio.sleep(AWAY_SECONDS)
                continue
            if placed:
                log.info("log.grown", entries=placed)
            if placed < handlers.BATCH:
                await _woken(self._wake, IDLE_SECONDS)


class Signer(BackgroundPart):
    """Signs the head while the log grows."""

    def __init__(self, database: Database, log_in: LogIn, key: Ed25519PrivateKey, settings: Settings) -> None:
        """Sign the log of this database with this key."""
        super().__init__("notary.signer")
        self._log_in = log_in
        self._database = database
        self._key = key
        self._interval_seconds = settings.head_interval_seconds
        self._signed_at = time.monotonic() - settings.head_interval_seconds

    async def __aenter__(self) -> Self:
        """Start; refuse a key that is not the log's."""
        async with self._database.transaction(readonly=True) as tx:
            await handlers.require_same_key(self._log_in(tx), self._key)
        return await super().__aenter__()

    async def run(self) -> None:
        """Sign until the service stops."""
        while True:
            try:
                await self._sign_if_due()
            except TransientError as error:
                log.warning("log.signing_waits", error=str(error))
            await asyncio.sleep(min(self._interval_seconds, AWAY_SECONDS))

    async def _sign_if_due(self) -> None:
        started = time.monotonic()
        async with self._database.transaction() as tx:
            signed = await handlers.sign_head(
                self._log_in(tx),
                self._key,
                tx.now,
                waited_seconds=started - self._signed_at,
                interval_seconds=self._interval_seconds,
            )
        if signed is not None:
            self._signed_at = started
            log.info("head.signed", tree_size=signed.head.tree_size, root_hash=signed.head.root_hash.hex())


async def _woken(wake: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), seconds)
    except TimeoutError:
        return  # nobody woke us: look again all the same

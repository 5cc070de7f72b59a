"""What the service is made of, from top to bottom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from common.auth import read_key
from common.clock import open_clock
from common.consumer import Consumers
from common.database import Database
from common.gauges import Gauges
from common.grpc import GrpcServer
from common.outbox import Relay
from common.topics import TopicProvisioner

from notary import events
from notary.grpc_api import NotaryApi, OpeningApi, WithholdingApi, WitnessApi
from notary.store import LogStore, OpeningStore, WithholdingStore, WitnessStore
from notary.wire import REASONS

if TYPE_CHECKING:
    from common.service import Part

    from notary.settings import Settings

PACKAGE = Path(__file__).parent
MIGRATIONS = next(path for path in (PACKAGE / "migrations", PACKAGE.parent / "migrations") if path.is_dir())
"""Beside the package in the repository, inside it once installed."""


def build(settings: Settings) -> list[Part]:
    """The parts in order of their start."""
    clock = open_clock(settings)
    key = read_key(settings.notary_key)
    recorded = asyncio.Event()
    database = Database(settings.database_url, "notary", MIGRATIONS, clock)
    relay = Relay(settings, database)
    consumers = Consumers(settings, database, events.subscriptions(LogStore, OpeningStore, recorded), REASONS, clock)
    api = NotaryApi(LogStore, WithholdingStore, key.public_key())
    return [
        database,
        TopicProvisioner(settings),
        relay,
        Gauges(database),
        events.Sequencer(database, LogStore, recorded),
        events.Signer(database, LogStore, key, settings),
        consumers,
        GrpcServer(
            settings,
            database,
            {
                "dokpamo.notary.v1.NotaryService": api,
                "dokpamo.notary.v1.OpeningService": OpeningApi(LogStore, OpeningStore),
                "dokpamo.notary.v1.WithholdingService": WithholdingApi(LogStore, WithholdingStore),
                "dokpamo.notary.v1.WitnessService": WitnessApi(WitnessStore, key),
            },
            REASONS,
            clock,
            consumers=consumers,
            ready=[relay.ready],
        ),
    ]

"""What the service is made of, from top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.clock import open_clock
from common.consumer import Consumers
from common.database import Database
from common.gauges import Gauges
from common.grpc import GrpcServer
from common.outbox import Relay
from common.timers import Timers
from common.topics import TopicProvisioner

from grants import events
from grants.grpc_api import GrantsApi
from grants.store import GrantsStore, GrantsViews
from grants.wire import REASONS

if TYPE_CHECKING:
    from common.service import Part

    from grants.settings import Settings

PACKAGE = Path(__file__).parent
MIGRATIONS = next(path for path in (PACKAGE / "migrations", PACKAGE.parent / "migrations") if path.is_dir())
"""Inside the package once installed, beside it in the repository."""
SERVICE = "dokpamo.grants.v1.GrantsService"


def build(settings: Settings) -> list[Part]:
    """Return the parts in order of their start."""
    clock = open_clock(settings)
    database = Database(settings.database_url, "grants", MIGRATIONS, clock)
    relay = Relay(settings, database)
    consumers = Consumers(settings, database, events.subscriptions(GrantsStore), REASONS, clock)
    return [
        database,
        TopicProvisioner(settings),
        relay,
        Gauges(database),
        consumers,
        Timers(database, clock, events.timers(GrantsStore)),
        GrpcServer(
            settings,
            database,
            {SERVICE: GrantsApi(GrantsStore, GrantsViews)},
            REASONS,
            clock,
            consumers=consumers,
            ready=[relay.ready],
        ),
    ]

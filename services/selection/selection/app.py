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
from common.processes import Timers
from common.topics import TopicProvisioner

from selection import events
from selection.grpc_api import DecisionApi, GateApi, RuleSetLifeApi, SelectionApi
from selection.store import SelectionStore, SelectionViews
from selection.wire import REASONS

if TYPE_CHECKING:
    from common.service import Part

    from selection.settings import Settings

PACKAGE = Path(__file__).parent
MIGRATIONS = next(path for path in (PACKAGE / "migrations", PACKAGE.parent / "migrations") if path.is_dir())
"""Inside the package once installed, beside it in the repository."""
PACKAGE_NAME = "dokpamo.selection.v1"


def build(settings: Settings) -> list[Part]:
    """Return the parts in order of their start."""
    clock = open_clock(settings)
    database = Database(settings.database_url, "selection", MIGRATIONS, clock)
    relay = Relay(settings, database)
    consumers = Consumers(settings, database, events.subscriptions(SelectionStore), REASONS, clock)
    apis = {
        f"{PACKAGE_NAME}.SelectionService": SelectionApi(SelectionStore, SelectionViews),
        f"{PACKAGE_NAME}.RuleSetLifeService": RuleSetLifeApi(SelectionStore, SelectionViews),
        f"{PACKAGE_NAME}.GateService": GateApi(SelectionStore, SelectionViews),
        f"{PACKAGE_NAME}.DecisionService": DecisionApi(SelectionStore, SelectionViews),
    }
    return [
        database,
        TopicProvisioner(settings),
        relay,
        Gauges(database),
        consumers,
        Timers(database, clock, events.timers(SelectionStore)),
        GrpcServer(settings, database, apis, REASONS, clock, consumers=consumers, ready=[relay.ready]),
    ]

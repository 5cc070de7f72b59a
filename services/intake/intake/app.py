"""What intake is made of, in order of start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.clock import open_clock
from common.database import Database
from common.gauges import Gauges
from common.grpc import GrpcServer
from common.outbox import Relay
from common.timers import Timers
from common.topics import TopicProvisioner

from intake.events import timers
from intake.grpc_api import IntakeApi
from intake.store import IntakeStore
from intake.wire import REASONS

if TYPE_CHECKING:
    from common.service import Part

    from intake.settings import Settings

_PACKAGE: Final = Path(__file__).parent
# Inside the package in a wheel, beside it in the repository.
MIGRATIONS: Final = next(
    folder for folder in (_PACKAGE / "migrations", _PACKAGE.parent / "migrations") if folder.is_dir()
)
SERVICE: Final = "dokpamo.intake.v1.IntakeService"


def build(settings: Settings) -> list[Part]:
    """Return the parts of the service, in order of start."""
    clock = open_clock(settings)
    database = Database(settings.database_url, "intake", MIGRATIONS, clock)
    relay = Relay(settings, database)
    return [
        database,
        TopicProvisioner(settings),
        relay,
        Gauges(database),
        Timers(database, clock, timers(IntakeStore)),
        GrpcServer(settings, database, {SERVICE: IntakeApi(IntakeStore)}, REASONS, clock, ready=[relay.ready]),
    ]

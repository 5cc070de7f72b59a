"""What evaluation is made of, in order of start."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.auth import service_tokens
from common.clock import open_clock
from common.consumer import Consumers
from common.database import Database
from common.gauges import Gauges
from common.grpc import GrpcServer, connect
from common.outbox import Relay
from common.ray_jobs import RayJobs
from common.timers import Timers
from common.topics import TopicProvisioner
from common.worker import Retries, Worker

from evaluation.events import Events, Tasks, timers
from evaluation.grpc_api import EvaluationApi
from evaluation.handlers.runs import Bench
from evaluation.store import PanelStore, RegistryCheckpoints, RunStore, TargetStore
from evaluation.wire import REASONS

if TYPE_CHECKING:
    from common.service import Part

    from evaluation.settings import Settings

_PACKAGE: Final = Path(__file__).parent
# Inside the package in a wheel, beside it in the repository.
MIGRATIONS: Final = next(
    folder for folder in (_PACKAGE / "migrations", _PACKAGE.parent / "migrations") if folder.is_dir()
)
SERVICE: Final = "dokpamo.evaluation.v1.EvaluationService"
# An absence of cluster or registry is waited out within an attempt; a death of this process is one.
_PATIENCE: Final = Retries(attempts=60, longest_pause=timedelta(seconds=10))
# A run mostly waits, and one that waits for long must not hold up the others.
_RUNS_AT_ONCE: Final = 4


class PeerAddressMissingError(Exception):
    """A setting that names a peer is missing."""

    def __init__(self, setting: str) -> None:
        """Keep the name of the `setting`."""
        super().__init__(f"{setting} must be set")
        self.setting = setting


def build(settings: Settings) -> list[Part]:
    """Return the parts of the service, in order of start; raise `PeerAddressMissingError`."""
    if settings.registry_address is None:
        raise PeerAddressMissingError("DOKPAMO_REGISTRY_ADDRESS")
    clock = open_clock(settings)
    database = Database(settings.database_url, "evaluation", MIGRATIONS, clock)
    relay = Relay(settings, database)
    registry = connect(settings.registry_address, service_tokens(settings, "evaluation"))
    cluster = RayJobs(settings.ray_address)
    bench = Bench(cluster, RegistryCheckpoints(registry), settings.job_python, asyncio.sleep)
    tasks = Tasks(database, bench, RunStore)
    consumers = Consumers(settings, database, Events(PanelStore, RunStore).subscriptions(), REASONS, clock)
    api = EvaluationApi(PanelStore, TargetStore, RunStore)
    return [
        database,
        TopicProvisioner(settings),
        registry,
        cluster,
        relay,
        Gauges(database),
        consumers,
        Timers(database, clock, timers(PanelStore)),
        Worker(database, clock, tasks.handlers(), _RUNS_AT_ONCE, on_failed=tasks.on_failed(), retries=_PATIENCE),
        GrpcServer(settings, database, {SERVICE: api}, REASONS, clock, consumers=consumers, ready=[relay.ready]),
    ]

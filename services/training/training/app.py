"""What training is made of, in order of start."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.auth import DevelopmentIssuer, service_tokens
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

from training import events
from training.grpc_api import TrainingApi
from training.handlers import Supervision
from training.store.checkpoints import RegistryPeer
from training.store.jobs import JobStore
from training.store.ray_cluster import RayCluster
from training.wire import REASONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.service import Part

    from training.domain.job import Job
    from training.settings import Settings

_PACKAGE: Final = Path(__file__).parent
# Inside the package in a wheel, beside it in the repository.
MIGRATIONS: Final = next(
    folder for folder in (_PACKAGE / "migrations", _PACKAGE.parent / "migrations") if folder.is_dir()
)
SERVICE: Final = "dokpamo.training.v1.TrainingService"
# A supervisor mostly waits; each job on the cluster has one.
_JOBS_AT_ONCE: Final = 16
# Each death of this process is an attempt, and none of them is the job's fault.
_SUPERVISION: Final = Retries(attempts=30, longest_pause=timedelta(seconds=5))
_MOST_TOKEN_LIFE: Final = timedelta(minutes=55)


def build(settings: Settings) -> list[Part]:
    """Return the parts of the service, in order of start."""
    clock = open_clock(settings)
    database = Database(settings.database_url, "training", MIGRATIONS, clock)
    relay = Relay(settings, database)
    ray = RayJobs(settings.ray_address)
    registry = connect(settings.registry_address, service_tokens(settings, "training"))
    work = Supervision(
        events.opener(database, JobStore),
        RayCluster(ray, settings.registry_address, job_tokens(settings.service_key), settings.job_keys),
        RegistryPeer(registry),
    )
    consumers = Consumers(settings, database, events.subscriptions(JobStore), REASONS, clock)
    return [
        database,
        TopicProvisioner(settings),
        relay,
        Gauges(database),
        ray,
        registry,
        Worker(
            database,
            clock,
            events.tasks(work, JobStore),
            _JOBS_AT_ONCE,
            on_failed=events.failed_tasks(JobStore),
            retries=_SUPERVISION,
        ),
        consumers,
        Timers(database, clock, {}),
        GrpcServer(
            settings,
            database,
            {SERVICE: TrainingApi(JobStore)},
            REASONS,
            clock,
            consumers=consumers,
            ready=[relay.ready],
        ),
    ]


def job_tokens(key: Path) -> Callable[[Job], str]:
    """Return what makes a job's token: it speaks for the job's team, and only as long as the job may take."""
    issuer = DevelopmentIssuer(key)

    def token(job: Job) -> str:
        needed = timedelta(seconds=job.spec.max_seconds) + timedelta(minutes=15)
        return issuer.issue(
            f"job:{job.spec.job_id}", ("consortium",), job.spec.team_id, ttl=min(needed, _MOST_TOKEN_LIFE)
        )

    return token

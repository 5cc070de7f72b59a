"""What the registry is made of, in order of start."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from common import logs
from common.clock import open_clock
from common.consumer import Consumers
from common.database import Database
from common.gauges import Gauges
from common.grpc import GrpcServer
from common.outbox import Relay
from common.timers import Timers
from common.topics import TopicProvisioner
from common.worker import Retries, Worker

from registry import handlers
from registry.domain.checkpoint import TeamId
from registry.domain.integrity import Schedule
from registry.events import Examining, Tasks, subscriptions
from registry.grpc_api import (
    ExaminationApi,
    ExaminationRoundApi,
    IntegrityApi,
    LineageApi,
    RegistryApi,
    ReleaseApi,
    TeamKeysApi,
)
from registry.handlers import VERIFYING
from registry.store import MIGRATIONS
from registry.store.catalogue import CatalogueStore
from registry.store.checkpoints import CheckpointStore
from registry.store.examinations import ExaminationStore
from registry.store.examiner import ProcessExaminer
from registry.store.inspector import ProcessInspector
from registry.store.keys import TeamKeyStore
from registry.store.lineage import LineageStore
from registry.store.locking import ObjectLock
from registry.store.names import MlflowNames
from registry.store.objects import S3Objects
from registry.store.outcomes import OutcomeStore
from registry.store.releases import ReleaseStore
from registry.store.rounds import RoundStore
from registry.store.scrubs import ScrubStore
from registry.store.upkeep import Locker, NamesChecker, ObjectsChecker, Scrubber, Sweeper, Upkeep
from registry.store.uploads import UploadStore
from registry.wire import REASONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from common.service import Part

    from registry.handlers import Examiner, Inspector, ModelNames, Objects
    from registry.settings import Settings
    from registry.store.upkeep import Chore

log = structlog.get_logger()

SERVICE: Final = "dokpamo.registry.v1.RegistryService"
# A committed checkpoint gets its name, and an outcome is shown, however long MLflow or the store is away; the process
# alarm tells people.
_NAMING: Final = Retries(attempts=2**31 - 1, longest_pause=timedelta(seconds=10))


def apis(objects: Objects, examiner: Examiner, team_quota_bytes: int) -> dict[str, object]:
    """Return what answers for each service of the contract."""
    return {
        SERVICE: RegistryApi(UploadStore, CheckpointStore, TeamKeyStore, objects, team_quota_bytes),
        "dokpamo.registry.v1.ExaminationService": ExaminationApi(ExaminationStore, CheckpointStore, objects, examiner),
        "dokpamo.registry.v1.ExaminationRoundService": ExaminationRoundApi(RoundStore, ExaminationStore),
        "dokpamo.registry.v1.IntegrityService": IntegrityApi(ScrubStore, CatalogueStore),
        "dokpamo.registry.v1.LineageService": LineageApi(LineageStore),
        "dokpamo.registry.v1.ReleaseService": ReleaseApi(ReleaseStore, CheckpointStore),
        "dokpamo.registry.v1.TeamKeysService": TeamKeysApi(TeamKeyStore),
    }


def build(settings: Settings) -> list[Part]:
    """Return the parts of the service, in order of start."""
    clock = open_clock(settings)
    database = Database(settings.database_url, "registry", MIGRATIONS, clock)
    relay = Relay(settings, database)
    objects = _objects(settings)
    names = MlflowNames(settings.mlflow_uri)
    inspector = ProcessInspector(objects)
    tasks = Tasks(
        database,
        UploadStore,
        CheckpointStore,
        OutcomeStore,
        CatalogueStore,
        objects,
        names,
        inspector,
        settings.s3_bucket,
    )
    quick = tasks.handlers()
    verifying = {VERIFYING: quick.pop(VERIFYING)}
    examiner = ProcessExaminer(objects, settings.examination_folder, settings.examination_bytes)
    examining = Examining(database, ExaminationStore, RoundStore, CheckpointStore, examiner)
    consumers = Consumers(settings, database, subscriptions(OutcomeStore), REASONS, clock)
    return [
        database,
        TopicProvisioner(settings),
        relay,
        Gauges(database),
        objects,
        names,
        inspector,
        examiner,
        Worker(database, clock, quick, retries=_NAMING),
        # By themselves: to verify or examine a large checkpoint takes long, and nothing else waits for that.
        Worker(database, clock, verifying, retries=_NAMING),
        Worker(database, clock, examining.handlers(), concurrency=1, retries=_NAMING),
        Upkeep(_chores(settings, database, objects, inspector, names)),
        consumers,
        Timers(database, clock, {}),
        GrpcServer(
            settings,
            database,
            apis(objects, examiner, settings.team_quota_bytes),
            REASONS,
            clock,
            consumers=consumers,
            ready=[relay.ready],
        ),
    ]


def _chores(
    settings: Settings, database: Database, objects: S3Objects, inspector: Inspector, names: ModelNames
) -> dict[str, Chore]:
    lock = ObjectLock(objects, settings.s3_object_lock, timedelta(days=settings.s3_object_lock_days))
    schedule = Schedule(timedelta(days=settings.scrub_every_days), settings.scrub_bytes_a_second)
    return {
        "sweep": Sweeper(database, objects, timedelta(days=settings.sweep_after_days)),
        "scrub": Scrubber(database, inspector, objects, schedule),
        "lock": Locker(database, lock),
        "names": NamesChecker(database, names, timedelta(hours=settings.check_names_every_hours)),
        "objects": ObjectsChecker(database, objects, timedelta(hours=settings.check_objects_every_hours)),
    }


async def restore(settings: Settings, team_id: str = "") -> None:
    """Make the checkpoints of a team (of all) again from the object store, where the tables lack them."""
    logs.configure("registry", settings.log_level)
    database = Database(settings.database_url, "registry", MIGRATIONS, open_clock(settings))

    @asynccontextmanager
    async def opened() -> AsyncIterator[CheckpointStore]:
        async with database.transaction() as tx:
            yield CheckpointStore(tx)

    async with database, _objects(settings) as objects:
        async for checkpoint, lacking in handlers.restore(TeamId(team_id) if team_id else None, objects, opened):
            digest = checkpoint.checkpoint_digest
            log.info("checkpoint.restored" if lacking else "checkpoint.there", checkpoint_digest=digest)


def _objects(settings: Settings) -> S3Objects:
    return S3Objects(
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_access_key,
        settings.s3_secret_key.get_secret_value(),
        region=settings.s3_region,
    )

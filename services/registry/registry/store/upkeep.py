"""What the registry does by itself, by the machine's clock: it sweeps, and reads back what it keeps."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from common.errors import TransientError
from common.metrics import (
    REGISTRY_DAMAGES_OPEN,
    REGISTRY_DIFFERENCES_OPEN,
    REGISTRY_SCRUBBED_BYTES,
    REGISTRY_SWEPT_BYTES,
)
from common.service import BackgroundPart

from registry.handlers import abandon, check_names, check_objects, part_key, scrub, sweep
from registry.store.catalogue import CatalogueStore
from registry.store.checkpoints import CheckpointStore
from registry.store.known import KnownStore
from registry.store.objects import ObjectStoreRefusedError
from registry.store.scrubs import ScrubStore
from registry.store.sweeps import SweepStore
from registry.store.uploads import UploadStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import timedelta

    from common.database import Database

    from registry.domain.integrity import Schedule
    from registry.handlers import Checked, Checkpoints, Inspector, ModelNames, Objects, Uploads
    from registry.store.locking import ObjectLock

log = structlog.get_logger()

_LOOK_SECONDS: Final = 5.0
_AWAY_SECONDS: Final = 10.0
_CHECK_SECONDS: Final = 60.0
_NEVER_SECONDS: Final = 24 * 3600.0
_LOCKED_AT_ONCE: Final = 200


class Chore(Protocol):
    """Work that comes back."""

    async def do(self) -> float:
        """Do a little; return the seconds until it is worth going on. Raises `TransientError`."""
        ...


class Upkeep(BackgroundPart):
    """A part: does chores side by side for ever; what fails is told and tried again later."""

    def __init__(self, chores: Mapping[str, Chore], *, away_seconds: float = _AWAY_SECONDS) -> None:
        """Do `chores`, by name; after a failure wait `away_seconds`."""
        super().__init__("upkeep")
        self._chores = dict(chores)
        self._away_seconds = away_seconds

    async def run(self) -> None:
        """Work for ever."""
        async with asyncio.TaskGroup() as group:
            for name, chore in self._chores.items():
                group.create_task(self._repeat(name, chore), name=f"upkeep {name}")

    async def _repeat(self, name: str, chore: Chore) -> None:
        while True:
            try:
                pause = await chore.do()
            except TransientError as error:
                log.warning("upkeep.waiting", chore=name, error=str(error))
                pause = self._away_seconds
            except Exception:
                # Bytes are served and pushed all the same: a mistake here must not end that.
                log.exception("upkeep.failed", chore=name)
                pause = self._away_seconds
            await asyncio.sleep(pause)


class Sweeper:
    """Gives up uploads that nobody goes on with, and removes what nothing rests on."""

    def __init__(self, database: Database, objects: Objects, untouched: timedelta) -> None:
        """Sweep what was not touched for `untouched`."""
        self._database = database
        self._objects = objects
        self._untouched = untouched

    async def do(self) -> float:
        """Sweep a little; return the seconds until it is worth looking again."""
        given_up = await abandon(self._untouched, self._opened)
        for upload_id in given_up:
            log.info("upload.abandoned", upload_id=upload_id)
        swept = await sweep(self._untouched, self._opened, self._objects)
        if swept:
            size_bytes = sum(part.size_bytes for part in swept)
            REGISTRY_SWEPT_BYTES.inc(size_bytes)
            log.info("upload.swept", parts=len(swept), size_bytes=size_bytes)
        # A push of the team waits while its parts are swept: let it go first.
        return 0.05 if given_up or swept is not None else _LOOK_SECONDS

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[SweepStore]:
        async with self._database.transaction() as tx:
            yield SweepStore(tx)


class Scrubber:
    """Reads back what is kept, a few parts at a time, and no faster than it may."""

    def __init__(self, database: Database, inspector: Inspector, objects: Objects, schedule: Schedule) -> None:
        """Read with `inspector` what lies in `objects`, by `schedule`."""
        self._database = database
        self._objects = objects
        self._inspector = inspector
        self._schedule = schedule

    async def do(self) -> float:
        """Read a few parts; return the seconds until more may be read."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        readings = await scrub(self._schedule, self._opened, self._inspector, self._objects)
        await self._count()
        if not readings:
            return _LOOK_SECONDS
        size_bytes = sum(reading.part.size_bytes for reading in readings)
        REGISTRY_SCRUBBED_BYTES.inc(size_bytes)
        for reading in readings:
            if reading.damage is not None:
                key = part_key(reading.part.team_id, reading.part.sha256)
                log.error("part.damaged", key=key, damage=reading.damage.value, problem=reading.problem)
        return max(0.0, size_bytes / self._schedule.bytes_a_second - (loop.time() - begun))

    async def _count(self) -> None:
        async with self._database.transaction(readonly=True) as tx:
            REGISTRY_DAMAGES_OPEN.set(await tx.fetchval("SELECT count(*) FROM damages WHERE healed_at IS NULL"))

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ScrubStore]:
        async with self._database.transaction() as tx:
            yield ScrubStore(tx)


class Locker:
    """Locks the parts of checkpoints in the store, where it can, and again before a lock ends."""

    def __init__(self, database: Database, lock: ObjectLock) -> None:
        """Lock with `lock`."""
        self._database = database
        self._lock = lock

    async def do(self) -> float:
        """Lock a few parts; return the seconds until it is worth looking again."""
        if not await self._lock.holds():
            return _NEVER_SECONDS
        async with self._database.transaction(readonly=True) as tx:
            parts = await ScrubStore(tx).unlocked(self._lock.lifetime / 2, _LOCKED_AT_ONCE)
        if not parts:
            return _LOOK_SECONDS
        until, locked = self._lock.until(), []
        for part in parts:
            key = part_key(part.team_id, part.sha256)
            try:
                await self._lock.lock(key, until)
            except ObjectStoreRefusedError as refused:
                # It is missing, most likely, which is for the scrubber to tell.
                log.warning("part.not_locked", key=key, problem=str(refused))
            else:
                locked.append(part)
        async with self._database.transaction() as tx:
            await ScrubStore(tx).note_locked(locked, until)
        log.info("parts.locked", parts=len(locked), until=until.isoformat())
        return 0.0 if len(locked) == len(parts) else _LOOK_SECONDS


class _Checker:
    """Checks everything at once, now and then, and keeps what was found."""

    def __init__(self, name: str, database: Database, every: timedelta) -> None:
        self._name = name
        self._database = database
        self._every = every

    async def do(self) -> float:
        """Check where it is time; return the seconds until it is worth looking again."""
        async with self._catalogue() as catalogue:
            if not await catalogue.begin(self._name, self._every):
                return min(_CHECK_SECONDS, self._every.total_seconds())
        try:
            checked = await self._check()
        except TransientError:
            async with self._catalogue() as catalogue:
                await catalogue.give_back(self._name)
            raise
        async with self._catalogue() as catalogue:
            new = await catalogue.note(self._name, checked)
            REGISTRY_DIFFERENCES_OPEN.set(await catalogue.open_count())
        for noted in new:
            told = noted.difference
            log.error(
                "registry.differs",
                kind=told.kind.value,
                subject=told.subject,
                field=told.field,
                expected=told.expected,
                found=told.found,
                repaired=told.repaired,
            )
        log.info("registry.checked", check=self._name, checked=checked.count, found=len(checked.found))
        return min(_CHECK_SECONDS, self._every.total_seconds())

    async def _check(self) -> Checked:
        raise NotImplementedError

    @asynccontextmanager
    async def _catalogue(self) -> AsyncIterator[CatalogueStore]:
        async with self._database.transaction() as tx:
            yield CatalogueStore(tx)


class NamesChecker(_Checker):
    """Compares MLflow with the tables."""

    def __init__(self, database: Database, names: ModelNames, every: timedelta) -> None:
        """Check `every` so often."""
        super().__init__("names", database, every)
        self._names = names

    async def _check(self) -> Checked:
        return await check_names(self._catalogue, self._names)


class ObjectsChecker(_Checker):
    """Compares the list of all objects, and what lies beside the bytes, with the tables."""

    def __init__(self, database: Database, objects: Objects, every: timedelta) -> None:
        """Check `every` so often."""
        super().__init__("objects", database, every)
        self._objects = objects

    async def _check(self) -> Checked:
        return await check_objects(self._known, self._checkpoints, self._objects)

    @asynccontextmanager
    async def _known(self) -> AsyncIterator[KnownStore]:
        async with self._database.transaction() as tx:
            yield KnownStore(tx)

    @asynccontextmanager
    async def _checkpoints(self) -> AsyncIterator[tuple[Uploads, Checkpoints]]:
        async with self._database.transaction(readonly=True) as tx:
            yield UploadStore(tx), CheckpointStore(tx)

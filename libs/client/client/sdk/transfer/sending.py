"""Parts that are read, declared and put, all at once: what the registry has is never sent, what fails is sent again."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from client.sdk.transfer.cutting import LARGEST_PART_BYTES
from client.sdk.transfer.errors import BytesDifferError
from client.sdk.transfer.progress import Moved, MovedAgain
from client.sdk.transfer.reading import BUFFERS, MOST_PARTS, Load, Reading
from client.sdk.transfer.retrying import Attempts
from client.sdk.transfer.store import StoreError, WrongBytesError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from client.sdk.transfer.progress import Progress
    from client.sdk.transfer.reading import Piece
    from client.sdk.transfer.scanning import Found, LocalFile
    from client.sdk.transfer.store import Store

CONNECTIONS: Final = 8
UNDER_WAY_BYTES: Final = 4 * LARGEST_PART_BYTES
"""So many bytes are on their way at a time at most: what a kill can lose."""
MOST_DECLARED: Final = 4 * MOST_PARTS
_DECLARERS: Final = 2
_MOST_LOADS: Final = BUFFERS * 3 // 8
"""Loads that are waited for where the registry has it all: the readers go on with the other buffers meanwhile."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a part goes: a presigned URL for one PUT and the headers that it must carry.

    When the URL ends is the store's to say: the clock of this machine need not be the store's.
    """

    url: str
    headers: Mapping[str, str]


class Registry(Protocol):
    """What a registry is asked about parts; it waits itself where it is away."""

    async def declare(self, parts: Sequence[Piece]) -> set[bytes]:
        """Say which parts files are made of; return the SHA-256 of those that may be lacking."""

    async def targets(self, sha256: Sequence[bytes], *, again: bool = False) -> dict[bytes, Target]:
        """Return where to put parts, by SHA-256; those that have arrived are left out.

        `again` says that this push asked for them before, and may have put them since.
        """


class Sending:
    """One push of the bytes of a folder."""

    def __init__(self, registry: Registry, store: Store, progress: Progress) -> None:
        """Declare to `registry`, put into `store`, tell `progress`."""
        self._registry = registry
        self._store = store
        self._progress = progress
        self._under_way = _Room(UNDER_WAY_BYTES)
        self._settled: dict[bytes, asyncio.Future[None] | None] = {}
        self._collecting = asyncio.Lock()
        self._worth_asking = 1
        self._threads = ThreadPoolExecutor(CONNECTIONS, "put")

    async def send(self, files: Sequence[Found]) -> list[LocalFile]:
        """Send what is lacking of `files`; return them with their digests, by path.

        Raises `FileChangedError`, `BytesDifferError`, `TransferRefusedError`, `StoreAwayError`, and what the registry
        does.
        """
        ended: list[LocalFile] = []
        loads: asyncio.Queue[Load | None] = asyncio.Queue()
        try:
            async with Reading(files) as reading, asyncio.TaskGroup() as tasks:
                for _ in range(_DECLARERS):
                    tasks.create_task(self._declare(loads, reading, tasks))
                async for item in reading:
                    if isinstance(item, Load):
                        loads.put_nowait(item)
                    else:
                        ended.append(item)
                loads.put_nowait(None)
        except BaseExceptionGroup as group:
            raise first_of(group) from None
        finally:
            # Threads that put something else would be waited for.
            self._store.close()
            self._threads.shutdown(cancel_futures=True)
        return sorted(ended, key=lambda file: file.path)

    async def _declare(self, loads: asyncio.Queue[Load | None], reading: Reading, tasks: asyncio.TaskGroup) -> None:
        while batch := await self._collect(loads):
            await self._handle(batch, reading, tasks)

    async def _collect(self, loads: asyncio.Queue[Load | None]) -> list[Load]:
        """Return what to ask of next, what has piled up included; nothing at the end.

        While parts are lacking, the first one is asked of at once, so that sending never waits. A question costs
        registry and database as much as hashing some megabytes: where all is there, each asks about more than the last.
        """
        batch: list[Load] = []
        async with self._collecting:
            while sum(len(each.pieces) for each in batch) <= MOST_DECLARED - MOST_PARTS:
                if loads.empty() and len(batch) >= self._worth_asking:
                    break
                following = await loads.get()
                if following is None:
                    loads.put_nowait(None)
                    break
                batch.append(following)
        return batch

    async def _handle(self, batch: list[Load], reading: Reading, tasks: asyncio.TaskGroup) -> None:
        pieces = [piece for load in batch for piece in load.pieces]
        for piece in pieces:
            await piece.hashed()
        lacking = await self._registry.declare(pieces)
        self._worth_asking = 1 if lacking else min(2 * self._worth_asking, _MOST_LOADS)
        asked = list({piece.sha256 for piece in pieces if piece.sha256 in lacking} - self._settled.keys())
        loop = asyncio.get_running_loop()
        self._settled |= {sha256: loop.create_future() for sha256 in asked}
        targets = await self._registry.targets(asked) if asked else {}
        first = set(asked)
        for load in batch:
            tasks.create_task(self._settle(load, lacking, targets, first, reading))

    async def _settle(
        self, load: Load, lacking: set[bytes], targets: dict[bytes, Target], first: set[bytes], reading: Reading
    ) -> None:
        """Have every part of a load arrive, then give its memory back; `first` are those that nobody else sends."""
        async with asyncio.TaskGroup() as tasks:
            for piece in load.pieces:
                sha256 = piece.sha256
                if sha256 in first:
                    first.remove(sha256)
                    tasks.create_task(self._deliver(piece, targets.get(sha256)))
                elif sha256 in lacking:
                    tasks.create_task(self._await(piece))
                else:
                    self._progress(Moved(piece.path, piece.size, there_already=True))
        reading.release(load)

    async def _await(self, piece: Piece) -> None:
        """The same bytes are on their way from another place."""
        under_way = self._settled[piece.sha256]
        if under_way is not None:
            await asyncio.shield(under_way)
        self._progress(Moved(piece.path, piece.size, there_already=True))

    async def _deliver(self, piece: Piece, target: Target | None) -> None:
        attempts = Attempts(piece.path, piece.offset, piece.size, piece.sha256)
        async with self._under_way.taken(piece.size):
            while target is not None:
                try:
                    await self._put(piece, target)
                    break
                except StoreError as error:
                    if isinstance(error, WrongBytesError):
                        self._require_same(piece)
                    why, wait = attempts.after(error)
                self._progress(MovedAgain(piece.path, piece.offset, piece.size, why))
                await asyncio.sleep(wait)
                # It may have arrived although nobody said so; if not, this URL is fresh.
                target = (await self._registry.targets([piece.sha256], again=True)).get(piece.sha256)
            if target is None:
                self._progress(Moved(piece.path, piece.size, there_already=True))
        under_way = self._settled[piece.sha256]
        if under_way is not None:
            under_way.set_result(None)
        self._settled[piece.sha256] = None

    async def _put(self, piece: Piece, target: Target) -> None:
        loop = asyncio.get_running_loop()

        def moved(count: int) -> None:
            if count:
                loop.call_soon_threadsafe(self._progress, Moved(piece.path, count))

        await loop.run_in_executor(self._threads, self._store.put, target.url, target.headers, piece.data, moved)

    @staticmethod
    def _require_same(piece: Piece) -> None:
        """What is sent must still be what was hashed: memory that changes is no fault of the way."""
        now = hashlib.sha256(piece.data).digest()
        if now != piece.sha256:
            raise BytesDifferError(piece.path, piece.offset, piece.size, piece.sha256.hex(), f"{now.hex()} in memory")


class _Room:
    """So many bytes at a time, first come first served; what is larger goes alone."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def taken(self, count: int) -> AsyncIterator[None]:
        """Wait for room and hold it."""
        count = min(count, self._size)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((count, turn))
        self._admit()
        await turn
        try:
            yield
        finally:
            self._free += count
            self._admit()

    def _admit(self) -> None:
        while self._waiting and (self._waiting[0][0] <= self._free or self._waiting[0][1].cancelled()):
            count, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._free -= count
                turn.set_result(None)


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first exception of tasks that failed together: the others are what came of it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

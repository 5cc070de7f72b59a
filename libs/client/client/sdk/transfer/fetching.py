"""A checkpoint's files fetched in parts, in place, and verified: a file appears whole or not at all.

What has arrived of a file lies in a partial file of the destination. No journal says which of it is good: after a kill
it is hashed again, part by part, which costs less than a second a gigabyte and cannot be wrong. Parts that another
version of the files here has are copied from it, wherever they lie.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, TypeVarTuple

from client.sdk.transfer.errors import BytesDifferError
from client.sdk.transfer.progress import Begun, Moved, MovedAgain
from client.sdk.transfer.retrying import Attempts
from client.sdk.transfer.scanning import PARTIAL_FOLDER, LocalFile, inside
from client.sdk.transfer.sending import first_of
from client.sdk.transfer.store import CHUNK_BYTES, StoreError, UrlRefusedError
from client.sdk.transfer.written import Local, Partial, same_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence
    from pathlib import Path

    from client.sdk.transfer.progress import Event, Progress
    from client.sdk.transfer.store import Store

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

CONNECTIONS: Final = 8
_WAITING_PARTS: Final = 32
_FILES_AT_ONCE: Final = 64
"""Files that one thread looks at, one after another."""


@dataclass(frozen=True, slots=True)
class PartSource:
    """A part of a file and where to read it; `page` is what the registry is asked again for where the URL has ended."""

    path: str
    offset: int
    size: int
    sha256: bytes
    url: str
    page: tuple[str, str] = ("", "")


class Sources(Protocol):
    """Where the parts of files are told."""

    def parts(self, paths: Collection[str]) -> AsyncIterator[PartSource]:
        """Give the parts of the files at `paths`, and perhaps of others, by path and offset."""

    async def again(self, part: PartSource) -> PartSource | None:
        """Return the part with a fresh URL; `None` where there is none to be had."""


class Fetching:
    """One pull of files into a folder."""

    def __init__(self, sources: Sources, store: Store, folder: Path, progress: Progress) -> None:
        """Ask `sources` where parts are, read them from `store`, write below `folder`, tell `progress`."""
        self._sources = sources
        self._store = store
        self._folder = folder
        self._progress = progress
        self._threads = ThreadPoolExecutor(CONNECTIONS, "get")
        self._buffers = threading.local()
        self._local = Local()
        self._open: set[Partial] = set()
        self._ended = threading.Event()
        self._loop: asyncio.AbstractEventLoop

    async def fetch(self, files: Sequence[LocalFile]) -> None:
        """Have `files` below the folder, and fetch what of them is not there.

        Raises `FolderRefusedError` for a path that leaves it, `BytesDifferError`, `TransferRefusedError`,
        `StoreAwayError`, and what the sources do.
        """
        self._loop = asyncio.get_running_loop()
        where = {file.path: inside(self._folder, file.path) for file in files}
        self._progress(Begun({file.path: file.size_bytes for file in files}))
        try:
            needed = await self._missing(files, where)
            if needed:
                await self._fetch(needed, where)
        except BaseExceptionGroup as group:
            raise first_of(group) from None
        finally:
            self._ended.set()
            self._store.close()
            # Not here: what is under way may still wait for this loop.
            await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
            for partial in self._open:
                partial.close()
        with suppress(OSError):  # what another pull left there stays
            (self._folder / PARTIAL_FOLDER).rmdir()

    async def _missing(self, files: Sequence[LocalFile], where: dict[str, Path]) -> dict[str, LocalFile]:
        """Return the files that are not there as they should be, and note what else the files there hold."""
        groups = [files[begin : begin + _FILES_AT_ONCE] for begin in range(0, len(files), _FILES_AT_ONCE)]
        needed = await asyncio.gather(*(self._run(self._lacking, group, where) for group in groups))
        return {file.path: file for group in needed for file in group}

    def _lacking(self, files: Sequence[LocalFile], where: dict[str, Path]) -> list[LocalFile]:
        needed = []
        for file in files:
            if same_file(file, where[file.path], self._local):
                self._tell(Moved(file.path, file.size_bytes, there_already=True))
            else:
                needed.append(file)
        return needed

    async def _fetch(self, needed: dict[str, LocalFile], where: dict[str, Path]) -> None:
        waiting: asyncio.Queue[tuple[Partial, PartSource] | None] = asyncio.Queue(_WAITING_PARTS)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CONNECTIONS):
                tasks.create_task(self._work(waiting))
            async for item in self._listed(needed, where):
                await waiting.put(item)
            for _ in range(CONNECTIONS):
                await waiting.put(None)

    async def _listed(
        self, needed: dict[str, LocalFile], where: dict[str, Path]
    ) -> AsyncIterator[tuple[Partial, PartSource]]:
        """Give each part of the files with the partial file it goes to; the parts must make up their file."""
        left = dict(needed)
        partial: Partial | None = None
        for path in [path for path, file in needed.items() if not file.size_bytes]:
            await self._run(self._begun(left.pop(path), where[path]).finish)
        async for part in self._sources.parts(tuple(left)):
            if partial is None or partial.file.path != part.path:
                if part.path not in left:
                    continue
                if partial is not None:
                    partial.require_listed()
                partial = self._begun(left.pop(part.path), where[part.path])
            partial.expect(part.offset, part.size)
            yield partial, part
        if partial is not None:
            partial.require_listed()
        for file in left.values():
            raise BytesDifferError(file.path, 0, file.size_bytes, f"{file.size_bytes} bytes", "no part of it listed")

    def _begun(self, file: LocalFile, where: Path) -> Partial:
        partial = Partial(self._folder, file, where)
        self._open.add(partial)
        return partial

    async def _work(self, waiting: asyncio.Queue[tuple[Partial, PartSource] | None]) -> None:
        while (item := await waiting.get()) is not None:
            await self._run(self._move, *item)

    def _move(self, partial: Partial, part: PartSource) -> None:
        """Have a part in its place; in one thread from beginning to end, as there may be many small ones."""
        if self._at_hand(partial, part):
            self._tell(Moved(part.path, part.size, there_already=True))
        else:
            self._get(partial, part)
        if partial.arrived(part.size, part.sha256):
            partial.finish()
            self._loop.call_soon_threadsafe(self._open.discard, partial)

    def _at_hand(self, partial: Partial, part: PartSource) -> bool:
        return partial.has(part.offset, part.size, part.sha256) or self._local.copy(
            part.sha256, part.size, lambda offset, data: partial.write(part.offset + offset, data)
        )

    def _get(self, partial: Partial, part: PartSource) -> None:
        attempts = Attempts(part.path, part.offset, part.size, part.sha256)
        while True:
            try:
                return self._fetch_part(partial, part)
            except StoreError as error:
                why, wait = attempts.after(error)
                if isinstance(error, UrlRefusedError):
                    asked = asyncio.run_coroutine_threadsafe(self._sources.again(part), self._loop)
                    fresh = asked.result()
                    if fresh is None:
                        raise attempts.refused(error) from error
                    part = fresh
                if self._ended.wait(wait):
                    raise
            self._tell(MovedAgain(part.path, part.offset, part.size, why))

    def _fetch_part(self, partial: Partial, part: PartSource) -> None:
        moved = 0

        def into(offset: int, data: memoryview) -> None:
            nonlocal moved
            partial.write(part.offset + offset, data)
            moved += len(data)
            self._tell(Moved(part.path, len(data)))

        if not hasattr(self._buffers, "buffer"):
            self._buffers.buffer = memoryview(bytearray(CHUNK_BYTES))
        try:
            self._store.get(part.url, self._buffers.buffer, part.size, into, sha256=part.sha256)
        except BaseException:
            self._tell(Moved(part.path, -moved))
            raise

    def _tell(self, event: Event) -> None:
        self._loop.call_soon_threadsafe(self._progress, event)

    async def _run(self, work: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        return await self._loop.run_in_executor(self._threads, work, *arguments)

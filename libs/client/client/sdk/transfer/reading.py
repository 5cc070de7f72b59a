"""A folder read once: every byte hashed for its part and for its file, in memory that is bounded whatever the size.

Readers hand on loads: buffers of one largest part, filled with parts of one or of many files. There are `BUFFERS` of
them, so that a push takes 256 MiB for bytes, and a reader waits where all are under way.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import LifoQueue
from typing import TYPE_CHECKING, Final, Self

from client.sdk.transfer.cutting import LARGEST_PART_BYTES, Span, spans_of
from client.sdk.transfer.errors import FileChangedError
from client.sdk.transfer.scanning import LocalFile, mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from client.sdk.transfer.scanning import Found

BUFFERS: Final = 16
MOST_PARTS: Final = 250
"""Parts in a load: four loads make a request."""
_READERS: Final = 4 if (os.cpu_count() or 1) > 4 else 2  # noqa: PLR2004
"""Files read at a time: a file's own SHA-256 is one thread's, at 1 to 2 GiB a second."""
_HASHED_ELSEWHERE_BYTES: Final = 2**18
"""A part of this size is worth the way to another thread."""


@dataclass(slots=True)
class Piece:
    """A part that was read: its file, where in it, its bytes and their SHA-256."""

    path: str
    offset: int
    data: memoryview
    _sha256: Future[bytes] | bytes

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return len(self.data)

    async def hashed(self) -> bytes:
        """Return its SHA-256 once it is known."""
        if isinstance(self._sha256, Future):
            self._sha256 = await asyncio.wrap_future(self._sha256)
        return self._sha256

    @property
    def sha256(self) -> bytes:
        """Its SHA-256, once `hashed` has returned it."""
        assert isinstance(self._sha256, bytes)
        return self._sha256


@dataclass(slots=True)
class Load:
    """Parts that share a buffer; `release` gives it back when none of them is needed any more."""

    buffer: bytearray
    used: int = 0
    pieces: list[Piece] = field(default_factory=list)


class EndedError(Exception):
    """The reading was ended from outside."""


class Reading:
    """Reads files in threads; iterate over it for a `Load` at a time and the `LocalFile` of each file read whole.

    Raises what the readers raise: `FileChangedError`, `OSError`.
    """

    def __init__(self, files: Sequence[Found]) -> None:
        """Read `files`, the small first: what is wrong with a name is then found before much is sent."""
        self._files = iter(sorted(files, key=lambda file: (file.size_bytes, file.path)))
        self._next = threading.Lock()
        self._readers = max(1, min(_READERS, len(files)))
        # The last that was given back is the first to be used: it is still near the processor.
        self._free: LifoQueue[bytearray | None] = LifoQueue()
        self._ready: asyncio.Queue[Load | LocalFile | BaseException | None] = asyncio.Queue()
        self._threads: list[threading.Thread] = []
        self._hashers = ThreadPoolExecutor(os.cpu_count() or 1, "hash")
        self._ended = threading.Event()

    async def __aenter__(self) -> Self:
        """Begin."""
        for _ in range(BUFFERS):
            self._free.put(bytearray())
        loop = asyncio.get_running_loop()
        for _ in range(self._readers):
            reader = _Reader(self, lambda item: loop.call_soon_threadsafe(self._ready.put_nowait, item))
            thread = threading.Thread(target=reader.run, name="read", daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the threads."""
        self._ended.set()
        for _ in self._threads:
            self._free.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        self._hashers.shutdown(cancel_futures=True)

    def __aiter__(self) -> Self:
        """Iterate once."""
        return self

    async def __anext__(self) -> Load | LocalFile:
        """Return what comes next."""
        while True:
            item = await self._ready.get()
            if item is None:
                self._readers -= 1
                if not self._readers:
                    raise StopAsyncIteration
                continue
            if isinstance(item, BaseException):
                raise item
            return item

    def release(self, load: Load) -> None:
        """Take the buffer of a load back."""
        load.pieces.clear()
        self._free.put(load.buffer)

    def take(self) -> Found | None:
        """Return the next file to read; raise `EndedError` where nothing more is wanted."""
        if self._ended.is_set():
            raise EndedError
        with self._next:
            return next(self._files, None)

    def new_load(self) -> Load:
        """Wait for a buffer; raise `EndedError` where nothing more is wanted."""
        buffer = self._free.get()
        if buffer is None or self._ended.is_set():
            raise EndedError
        return Load(buffer or bytearray(LARGEST_PART_BYTES))

    def hash(self, data: memoryview) -> Future[bytes]:
        """Hash in another thread."""
        return self._hashers.submit(_sha256, data)


class _Reader:
    """One thread: files one after another into loads."""

    def __init__(self, reading: Reading, hand_on: Callable[[Load | LocalFile | BaseException | None], object]) -> None:
        self._reading = reading
        self._hand_on = hand_on
        self._load: Load | None = None

    def run(self) -> None:
        """Read until there is no file left, and say so with `None`."""
        try:
            while (file := self._reading.take()) is not None:
                self._hand_on(self._read(file))
            if self._load is not None:
                self._hand_on(self._load)
            self._hand_on(None)
        except EndedError:
            pass
        except BaseException as error:  # noqa: BLE001  a thread has nobody above it: who iterates raises it
            self._hand_on(error)

    def _read(self, file: Found) -> LocalFile:
        digest = hashlib.sha256()
        with opened(file) as descriptor:
            for span in spans_of(file.path, descriptor, file.size_bytes):
                load, data = self._room(span)
                _fill(descriptor, data, span.offset, file)
                sha256: Future[bytes] | bytes | None = None
                if _HASHED_ELSEWHERE_BYTES <= span.size < file.size_bytes:
                    sha256 = self._reading.hash(data)
                digest.update(data)
                if sha256 is None:
                    sha256 = digest.digest() if span.size == file.size_bytes else _sha256(data)
                load.pieces.append(Piece(file.path, span.offset, data, sha256))
            if mark(os.fstat(descriptor)) != file.mark:
                raise FileChangedError(file.path, "it was written to")
        return LocalFile(file.path, file.size_bytes, digest.hexdigest())

    def _room(self, span: Span) -> tuple[Load, memoryview]:
        load = self._load
        if load is None or load.used + span.size > LARGEST_PART_BYTES or len(load.pieces) == MOST_PARTS:
            if load is not None:
                self._load = None
                self._hand_on(load)
            load = self._load = self._reading.new_load()
        begin, load.used = load.used, load.used + span.size
        return load, memoryview(load.buffer)[begin : load.used]


@contextmanager
def opened(file: Found) -> Iterator[int]:
    """Open a file as it was found; raise `FileChangedError` where something else is there now."""
    try:
        # A pipe that has come in its place would wait for a writer, a link would lead elsewhere.
        descriptor = os.open(file.where, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise FileChangedError(file.path, "it is gone") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or mark(status) != file.mark:
            raise FileChangedError(file.path, "it was written to")
        yield descriptor
    finally:
        os.close(descriptor)


def _fill(descriptor: int, data: memoryview, offset: int, file: Found) -> None:
    done = 0
    while done < len(data):
        count = os.preadv(descriptor, [data[done:]], offset + done)
        if not count:
            raise FileChangedError(file.path, f"it ends at byte {offset + done}")
        done += count


def _sha256(data: memoryview) -> bytes:
    return hashlib.sha256(data).digest()

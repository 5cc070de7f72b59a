"""A wire to PostgreSQL that breaks at the message it is told: every way in which a server goes away, one by one."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

SSL_REQUEST = struct.pack("!ii", 8, 80877103)


class Break(Enum):
    """What the client sees instead of the server's next message."""

    RESET = "connection reset"
    CLOSED = "end of stream"
    SHUTDOWN = "57P01 terminating connection due to administrator command"
    CRASH = "57P02 terminating connection because of crash of another server process"
    STARTING = "57P03 the database system is starting up"
    FULL = "53300 sorry, too many clients already"

    @property
    def last_words(self) -> bytes:
        """An ErrorResponse of that code, empty where the server says nothing."""
        if self in {Break.RESET, Break.CLOSED}:
            return b""
        code, _, message = self.value.partition(" ")
        fields = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()
        return b"E" + struct.pack("!i", len(fields) + 4) + fields


@dataclass(slots=True)
class Fault:
    """The break after so many more messages of the server; then so many connections are refused."""

    after: int
    how: Break
    refused: int = 1


class Wire:
    """A proxy between clients and a PostgreSQL, as an async context manager."""

    def __init__(self, url: str) -> None:
        """Lead to the server of `url`; `self.url` leads through the wire."""
        self._target = urlsplit(url)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._fault: Fault | None = None
        self._refusing = 0
        self.url = ""
        self._flows = asyncio.Event()
        self._flows.set()

    async def __aenter__(self) -> Self:
        """Listen at a free port of the loopback."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        place = f"{self._target.username}:{self._target.password}@127.0.0.1:{port}"
        self.url = urlunsplit(self._target._replace(netloc=place))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Break what is left."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def arm(self, fault: Fault) -> None:
        """Break once, as `fault` says."""
        self._fault = fault

    def hang(self) -> None:
        """Let no message pass; connections stay, and new ones are answered by nobody."""
        self._flows.clear()

    def flow(self) -> None:
        """Go on after `hang`."""
        self._flows.set()

    def disarm(self) -> bool:
        """Break no more; return whether the break was still to come."""
        armed, self._fault = self.armed, None
        return armed

    @property
    def armed(self) -> bool:
        """Whether the break is still to come."""
        return self._fault is not None

    def cut(self, refused: int = 0) -> None:
        """Reset every connection now, and refuse the next `refused`."""
        self._refusing = refused
        for writer in self._writers:
            _reset(writer)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            self._refusing -= 1
            _reset(writer)
            return
        self._writers.add(writer)
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(self._target.hostname, self._target.port)
        forwarding = asyncio.create_task(self._to_server(reader, to_server))
        try:
            await self._to_client(server, writer)
        except (OSError, asyncio.IncompleteReadError):
            _reset(writer)
        finally:
            self._writers.discard(writer)
            forwarding.cancel()
            await asyncio.wait({forwarding})
            to_server.transport.abort()
            writer.close()

    async def _to_server(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
        writer.close()

    async def _to_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for message in _messages(reader):
            await self._flows.wait()
            if self._fault is not None and self._fault.after == 0:
                fault, self._fault = self._fault, None
                self._refusing = fault.refused
                _broken(writer, fault.how)
                return
            if self._fault is not None:
                self._fault.after -= 1
            writer.write(message)
            await writer.drain()


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    # Without TLS the answer to SSLRequest is one byte.
    yield await reader.readexactly(1)
    while True:
        head = await reader.readexactly(5)
        yield head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)


def _broken(writer: asyncio.StreamWriter, how: Break) -> None:
    if how is Break.RESET:
        _reset(writer)
        return
    writer.write(how.last_words)
    writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    held = writer.get_extra_info("socket")
    with suppress(OSError):
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()

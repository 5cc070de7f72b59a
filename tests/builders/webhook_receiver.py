"""A receiver of webhooks on the loopback that behaves as it is told, and keeps what it was sent."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType

HANG = "hang"
CLOSE = "close"
RESET = "reset"
DRIP = "drip"
FLOOD = "flood"


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        """The CloudEvent in it."""
        return json.loads(self.body)

    @property
    def id(self) -> str:
        """The header `webhook-id`."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """An HTTP server, as an async context manager.

    `answer` says what a request gets: a status line with headers ("429 Too Many\\r\\nRetry-After: 7"), or one of the
    ways not to answer. It is asked once a request.
    """

    answer: Callable[[Sent], str] = lambda _sent: "204 No Content"
    trust: ssl.SSLContext | None = None
    sent: list[Sent] = field(default_factory=list)
    most_at_once: int = 0
    port: int = 0
    _open: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        """Listen at a free port of the loopback."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, ssl=self.trust)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop, also where a request hangs."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}/hook"

    def ids(self) -> list[str]:
        """The `webhook-id` of each request, in order of arrival."""
        return [sent.id for sent in self.sent]

    def types(self) -> list[str]:
        """The short type of each request's event, in order of arrival."""
        return [sent.event["type"].rpartition(".")[2] for sent in self.sent]

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                sent = await _read(reader)
                self.sent.append(sent)
                await _answered(self.answer(sent), writer)
        finally:
            self._open -= 1
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Sent:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Sent(request.split(" ")[1], headers, await reader.readexactly(int(headers["content-length"])))


async def _answered(answer: str, writer: asyncio.StreamWriter) -> None:
    match answer:
        case "hang":
            await asyncio.sleep(3600)
        case "close":
            return
        case "reset":
            held = writer.get_extra_info("socket")
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        case "drip":
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"X-Drip: 1\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)
        case "flood":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        case _:
            writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()

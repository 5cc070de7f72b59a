"""A wire that changes bytes: what goes through it to a store or back arrives with one other bit, as often as asked."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from http.client import HTTPConnection
from typing import Self
from urllib.parse import urlsplit


class SpoilingProxy:
    """Passes TCP on to a store; the bodies of the next `spoil` requests or answers get one other bit."""

    def __init__(self, endpoint: str) -> None:
        where = urlsplit(endpoint)
        self._host, self._port = where.hostname, where.port
        self.spoil = 0
        self.address = ("", 0)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.address = self._server.sockets[0].getsockname()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def between(self) -> type[HTTPConnection]:
        """A connection that goes through it, whatever its host: a URL's signature is of the host that it names."""
        proxy = self

        class Through(HTTPConnection):
            def connect(self) -> None:
                self.sock = socket.create_connection(proxy.address)

        return Through

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            there, back = await asyncio.open_connection(self._host, self._port)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, back))
                both.create_task(self._pump(there, writer))
        except (ExceptionGroup, OSError):
            """One side hung up, and so does this."""
        finally:
            writer.close()

    async def _pump(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        head, left, spoil = b"", 0, False
        with contextlib.closing(to):
            while data := await source.read(2**16):
                body = data
                if not left:
                    # A message begins: its head ends with an empty line, and says how long its body is.
                    head += data
                    start, end, body = head.partition(b"\r\n\r\n")
                    if not end:
                        continue
                    to.write(start + end)
                    head, left = b"", _length(start)
                    spoil = left > 0 and self.spoil > 0 and not start.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
                    self.spoil -= spoil
                left = max(0, left - len(body))
                if spoil and body:
                    body, spoil = body[:-1] + bytes([body[-1] ^ 1]), False
                to.write(body)
                await to.drain()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0

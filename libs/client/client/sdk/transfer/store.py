"""HTTP to an object store: connections that are kept, bytes from and into a caller's own memory.

The standard library's client, in threads: measured against httpx on the same parts it takes a fourth of the CPU time a
gigabyte and less (0.2 s against 0.9 to 3 s), since it hands a view of the caller's memory to the socket.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import threading
from collections import defaultdict
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from client.sdk.transfer.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CHUNK_BYTES: Final = 2**20
_TIMEOUT_SECONDS: Final = 60.0
_MOST_TOLD: Final = 2000
_CODE: Final = re.compile(r"<Code>([^<]+)</Code>")
_WRONG_BYTES: Final = frozenset(
    {"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "InvalidDigest", "IncompleteBody"}
)
_OK: Final = frozenset({200, 201, 204})
_WHOLE, _RANGE = 200, 206
_FORBIDDEN, _GONE, _THERE, _TIMED_OUT, _TOO_MANY, _FAULT = 403, 404, 412, 408, 429, 500


class StoreError(Exception):
    """An object store did not do what was asked."""


class NoAnswerError(StoreError):
    """The store is away or at fault: it may work a moment later."""


class WrongBytesError(StoreError):
    """Other bytes arrived than were meant: at the store, or here."""


class AnswerError(StoreError):
    """The store refused for good."""

    def __init__(self, status: int, answer: str) -> None:
        """Keep the HTTP `status` and what the store says."""
        super().__init__(f"HTTP {status} {answer}".rstrip())
        self.status = status
        self.answer = answer


class UrlRefusedError(AnswerError):
    """The store does not take the URL: it has ended, most likely."""


class Store:
    """Object stores by presigned URLs, for many threads; `close` ends what is under way."""

    def __init__(self, throttle: Throttle | None = None) -> None:
        """Move no more bytes a second than `throttle` lets through."""
        self._throttle = throttle or Throttle(None)
        self._idle: dict[tuple[str, str], list[HTTPConnection]] = defaultdict(list)
        self._busy: set[HTTPConnection] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._tls: ssl.SSLContext | None = None

    def put(self, url: str, headers: Mapping[str, str], data: memoryview, moved: Callable[[int], None]) -> None:
        """Put `data`; `moved` is told how many bytes more went out.

        Raises `NoAnswerError`, `UrlRefusedError`, `WrongBytesError` and `AnswerError`.
        """
        sent = 0

        def count(more: int) -> None:
            nonlocal sent
            sent += more
            moved(more)

        try:
            with self._answer("PUT", url, headers, data, count) as answer:
                told = answer.read(_MOST_TOLD).decode(errors="replace")
                # That it is there already is what was wanted.
                _require(answer.status in _OK or answer.status == _THERE, answer.status, told)
        except BaseException:
            moved(-sent)
            raise

    def get(
        self,
        url: str,
        buffer: memoryview,
        size_bytes: int,
        into: Callable[[int, memoryview], None],
        *,
        begin: int | None = None,
        sha256: bytes | None = None,
    ) -> None:
        """Fetch `size_bytes` (from `begin` on, by range) through `buffer` and give them to `into` by offset.

        Raises as `put`; `WrongBytesError` where there are more, or they are not those of `sha256`.
        """
        wanted = {} if begin is None else {"Range": f"bytes={begin}-{begin + size_bytes - 1}"}
        digest, done = hashlib.sha256(), 0
        with self._answer("GET", url, wanted) as answer:
            if answer.status != (_WHOLE if begin is None else _RANGE):
                raise _error(answer.status, answer.read(_MOST_TOLD).decode(errors="replace"))
            chunk = buffer[: self._throttle.chunk(len(buffer))]
            while count := answer.readinto(chunk):
                if done + count > size_bytes:
                    raise WrongBytesError(f"more than {size_bytes} bytes")
                self._throttle.take(count)
                digest.update(chunk[:count])
                into(done, chunk[:count])
                done += count
        if done != size_bytes:
            # A connection that was cut looks the same as a short object: the next attempt tells.
            raise NoAnswerError(f"{done} of {size_bytes} bytes arrived")
        if sha256 is not None and digest.digest() != sha256:
            raise WrongBytesError(f"SHA-256 {digest.hexdigest()}")

    def close(self) -> None:
        """Close every connection; whoever uses one gets `NoAnswerError`."""
        with self._lock:
            self._closed = True
            connections = [*self._busy, *(each for idle in self._idle.values() for each in idle)]
            self._idle.clear()
        for connection in connections:
            _cut(connection)

    @contextmanager
    def _answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: memoryview | None = None,
        moved: Callable[[int], None] = lambda _: None,
    ) -> Iterator[HTTPResponse]:
        where = urlsplit(url)
        connection, kept = self._connection(where)
        whole = False
        try:
            try:
                answer = self._ask(connection, method, where, headers, data, moved)
            except (OSError, HTTPException):
                if not kept:
                    raise
                # A connection that was idle may have been closed meanwhile: that says nothing about the store.
                self._drop(connection)
                connection, _ = self._connection(where, fresh=True)
                answer = self._ask(connection, method, where, headers, data, moved)
            yield answer
            whole = answer.isclosed() and not answer.will_close
        except (OSError, HTTPException, ValueError) as error:
            # http.client raises ValueError where another thread closed the connection under it.
            raise NoAnswerError(repr(error)) from error
        finally:
            if whole:
                self._keep(connection, where)
            else:
                self._drop(connection)

    def _ask(
        self,
        connection: HTTPConnection,
        method: str,
        where: SplitResult,
        headers: Mapping[str, str],
        data: memoryview | None,
        moved: Callable[[int], None],
    ) -> HTTPResponse:
        connection.putrequest(method, f"{where.path}?{where.query}" if where.query else where.path)
        for name, value in headers.items():
            connection.putheader(name, value)
        if data is not None and "content-length" not in {name.lower() for name in headers}:
            connection.putheader("content-length", str(len(data)))
        connection.endheaders()
        sent = 0
        try:
            step = self._throttle.chunk(CHUNK_BYTES)
            for offset in range(0, len(data) if data is not None else 0, step):
                assert data is not None
                piece = data[offset : offset + step]
                self._throttle.take(len(piece))
                connection.send(piece)
                sent += len(piece)
                moved(len(piece))
            return connection.getresponse()
        except (BrokenPipeError, ConnectionResetError):
            # A store that refuses early answers and hangs up: its answer says why.
            with suppress(OSError, HTTPException):
                return connection.getresponse()
            moved(-sent)
            raise
        except BaseException:
            moved(-sent)
            raise

    def _connection(self, where: SplitResult, *, fresh: bool = False) -> tuple[HTTPConnection, bool]:
        host = where.hostname or ""
        with self._lock:
            if self._closed:
                raise NoAnswerError("the transfer was ended")
            idle = self._idle[where.scheme, where.netloc]
            kept = bool(idle) and not fresh
            if kept:
                connection = idle.pop()
            elif where.scheme == "https":
                self._tls = self._tls or ssl.create_default_context()
                connection = HTTPSConnection(host, where.port, timeout=_TIMEOUT_SECONDS, context=self._tls)
            else:
                connection = HTTPConnection(host, where.port, timeout=_TIMEOUT_SECONDS)
            self._busy.add(connection)
        return connection, kept

    def _keep(self, connection: HTTPConnection, where: SplitResult) -> None:
        with self._lock:
            self._busy.discard(connection)
            if not self._closed:
                self._idle[where.scheme, where.netloc].append(connection)
                return
        _cut(connection)

    def _drop(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._busy.discard(connection)
        connection.close()


def _cut(connection: HTTPConnection) -> None:
    """End a connection under whoever uses it: its socket is shut down, so that a blocked call returns."""
    import socket

    with suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
    if connection.sock is not None:
        connection.sock.close()


def _require(good: bool, status: int, told: str) -> None:
    if not good:
        raise _error(status, told)


def _error(status: int, told: str) -> StoreError:
    code = _CODE.search(told)
    if code and code[1] in _WRONG_BYTES:
        return WrongBytesError(f"HTTP {status} {code[1]}")
    if status >= _FAULT or status in {_TIMED_OUT, _TOO_MANY}:
        return NoAnswerError(f"HTTP {status} {code[1] if code else ''}".rstrip())
    if status in {_FORBIDDEN, _GONE}:
        return UrlRefusedError(status, code[1] if code else told[:200].strip())
    return AnswerError(status, code[1] if code else told[:200].strip())

"""An answer of many bytes: sent as they are taken, and given up when nobody takes them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

import structlog
from common.errors import TransientError
from starlette.responses import Response

from registry.handlers import StoredBytesDifferError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from starlette.types import Receive, Scope, Send

log = structlog.get_logger()

_STALLED_SECONDS: Final = 60.0
"""A reader who takes no piece for so long is gone, or means to hold us up."""


class BytesResponse(Response):
    """Sends `first` and what follows it. Where that fails the connection ends, so that nobody takes it for whole."""

    def __init__(
        self, status: int, headers: Mapping[str, str], first: bytes, more: AsyncGenerator[bytes, None]
    ) -> None:
        """Answer with these headers, which say the length."""
        self.status_code = status
        self.background = None
        self.init_headers(headers)
        self._first = first
        self._more = more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  what ASGI calls
        """Send until the end, or until the reader is gone."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.wait({sending, leaving})
        if not sending.cancelled() and (error := sending.exception()) is not None:
            _tell(error)

    async def _send(self, send: Send) -> None:
        async with aclosing(self._more) as more:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await _taken(send, self._first)
            async for piece in more:
                await _taken(send, piece)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _tell(error: BaseException) -> None:
    match error:
        case StoredBytesDifferError():
            log.error("download.bytes_differ", object=error.key)
        case TransientError():
            log.warning("download.store_away", error=str(error))
        case TimeoutError():
            log.info("download.stalled", seconds=_STALLED_SECONDS)
        case _:
            log.error("download.failed", exc_info=error)


async def _taken(send: Send, piece: bytes) -> None:
    async with asyncio.timeout(_STALLED_SECONDS):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

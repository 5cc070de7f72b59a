"""The HTTP side of a process: an ASGI application served as a part."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import uvicorn

from common.service import BackgroundPart

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class HttpServer(BackgroundPart):
    """Serves an ASGI application on ``host:port``. It dies where the address is taken."""

    def __init__(self, listen: str, application: Any) -> None:
        """Serve `application` at `listen`."""
        super().__init__("http")
        host, _, port = listen.rpartition(":")
        config = uvicorn.Config(
            application,
            host=host,
            port=int(port),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)

    async def run(self) -> None:
        """Serve until told to stop."""
        try:
            await self._server.serve()
        except asyncio.CancelledError:
            self._server.should_exit = True
            await self._server.shutdown()
            raise


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handling: the service owns the process."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # the base yields, this needs nothing
        return nullcontext()

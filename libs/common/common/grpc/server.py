"""The serving side: every RPC of a service from its contract, health and reflection, as a part that starts last."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, Self

import grpc
import structlog
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from common.auth import Authenticator
from common.grpc.calls import Calls
from common.grpc.contract import PLATFORM_SERVICE, declared_access, rpcs_of
from common.grpc.following import News
from common.service import BackgroundPart, PartDiedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

    from common.clock import Clock
    from common.consumer import Consumers
    from common.database import Database
    from common.errors import Reasons
    from common.settings import ServiceSettings

log = structlog.get_logger()

_GRACE_SECONDS: Final = 5.0
_HEALTH_SECONDS: Final = 2.0
_UNREADY_SECONDS: Final = 0.2
_OPTIONS: Final = (
    # Otherwise a second process could take the same port and half of the calls, unnoticed.
    ("grpc.so_reuseport", 0),
    # A follower whose machine is gone is noticed within two minutes, and its stream ends.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.http2.max_pings_without_data", 0),
)


class MethodMissingError(Exception):
    """A contract has an RPC that the service's API does not have."""

    def __init__(self, method: str, api: object) -> None:
        """Keep the full name of the `method`."""
        super().__init__(f"{type(api).__name__} has no method for {method}")
        self.method = method


class PortTakenError(Exception):
    """The address to listen at cannot be had."""

    def __init__(self, address: str) -> None:
        """Keep the `address`."""
        super().__init__(f"cannot listen at {address}")
        self.address = address


class GrpcServer(BackgroundPart):
    """A part: serves `apis` and the platform's own service; ready means that what it stands on is ready.

    `apis` maps a service's full name to an object with one async method an RPC: `(request, call) -> response`, or for a
    stream `(request, following)`, a generator of responses.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        database: Database,
        apis: Mapping[str, object],
        reasons: Reasons,
        clock: Clock,
        authenticator: Authenticator | None = None,
        *,
        consumers: Consumers | None = None,
        ready: Sequence[Callable[[], Awaitable[bool]]] = (),
    ) -> None:
        """Serve at the address in `settings`; ready when database and `consumers` are and each of `ready` holds.

        Raises `MethodMissingError` and `AccessUndeclaredError`.
        """
        # The platform's service needs the Kafka runtime, which a process that only calls others need not load.
        from common.platform import PlatformApi

        super().__init__("grpc")
        self._address = settings.grpc_listen
        self._ready = [database.ready, *([] if consumers is None else [consumers.ready]), *ready]
        self._health = health.aio.HealthServicer()
        authenticator = authenticator or Authenticator(
            settings.token_keys, allow_development=settings.environment == "embedded"
        )
        self._news = News(database)
        calls = Calls(database, authenticator, reasons, clock, self._news)
        own = {PLATFORM_SERVICE: PlatformApi(database, reasons, consumers)}
        self._handlers = [_handlers(service, api, calls) for service, api in {**apis, **own}.items()]
        self._services = [*apis, PLATFORM_SERVICE]
        self._follows = any(rpc.streams for service in self._services for rpc in rpcs_of(service))
        self._server: aio.Server | None = None
        self._shown = False
        self.port = 0
        """The port it listens at, known once it is entered."""

    async def __aenter__(self) -> Self:
        """Listen; raise `PortTakenError`."""
        server = aio.server(options=_OPTIONS)
        for handler in self._handlers:
            server.add_generic_rpc_handlers((handler,))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = (*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
        try:
            self.port = server.add_insecure_port(self._address)
        except RuntimeError as error:
            raise PortTakenError(self._address) from error
        await server.start()
        self._server = server
        try:
            await self._show(ready=await self._is_ready())
        except BaseException:
            # Nobody leaves what was never entered: a start that ends here must not go on listening.
            await server.stop(None)
            raise
        if self._follows:
            await self._news.__aenter__()
        log.info("grpc.listening", address=self._address, port=self.port, services=self._services)
        return await super().__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Say that it is not ready, end streams, let calls under way end for a while, stop."""
        await self._health.enter_graceful_shutdown()
        self._news.end()
        await super().__aexit__(kind, error, traceback)
        if self._server is not None:
            await self._server.stop(_GRACE_SECONDS)
        await self._news.__aexit__(kind, error, traceback)

    @property
    def streams(self) -> int:
        """How many streams are followed now."""
        return self._news.streams

    async def run(self) -> None:
        """Keep the health service true; die with what wakes the streams, or they would fall silent."""
        while True:
            await asyncio.sleep(_HEALTH_SECONDS if self._shown else _UNREADY_SECONDS)
            if self._news.died is not None and self._news.died.done():
                raise PartDiedError(self._news.name) from self._news.died.exception()
            ready = await self._is_ready()
            if ready != self._shown:
                await self._show(ready=ready)
                log.warning("grpc.readiness", ready=ready)

    async def _is_ready(self) -> bool:
        return all([await condition() for condition in self._ready])

    async def _show(self, *, ready: bool) -> None:
        self._shown = ready
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", *self._services):
            await self._health.set(service, status)


def _handlers(service: str, api: object, calls: Calls) -> grpc.GenericRpcHandler:
    handlers = {}
    for rpc in rpcs_of(service):
        method = getattr(api, rpc.name, None)
        if method is None:
            raise MethodMissingError(rpc.full_name, api)
        declared_access(rpc)
        handler, answer = (
            (grpc.unary_stream_rpc_method_handler, calls.stream)
            if rpc.streams
            else (grpc.unary_unary_rpc_method_handler, calls.perform)
        )
        handlers[rpc.name] = handler(
            partial(answer, rpc, method),
            request_deserializer=rpc.request.FromString,
            response_serializer=rpc.response.SerializeToString,
        )
    return grpc.method_handlers_generic_handler(service, handlers)

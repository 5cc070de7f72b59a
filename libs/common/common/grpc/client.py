"""The calling side: deadlines on every call, the caller's token, trace context, retries, typed refusals."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import grpc
from grpc import aio

from common import tracing
from common.grpc.contract import rpcs_of
from common.grpc.status import from_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from types import TracebackType

    from google.protobuf.message import Message

    from common.auth import TokenSource
    from common.grpc.contract import Rpc

DEFAULT_TIMEOUT_SECONDS: Final = 10.0
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 1.0
_OPTIONS: Final = (
    # A peer that was started again is found within a second, not after gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # Retries are here, where the deadline is known, and nowhere else.
    ("grpc.enable_retries", 0),
)


class ChannelClosedError(Exception):
    """A call was made before the channel was entered or after it was left."""


class Channel:
    """A part: a connection to one service, made when first needed, with the caller's token."""

    def __init__(self, address: str, tokens: TokenSource | None, timeout_seconds: float) -> None:
        """Connect to `address` ("host:port"); calls end after `timeout_seconds` unless they say otherwise."""
        self.name = f"channel to {address}"
        self.timeout_seconds = timeout_seconds
        self._address = address
        self._tokens = tokens
        self._channel: aio.Channel | None = None

    async def __aenter__(self) -> Self:
        """Make the channel; the peer may be away."""
        self._channel = aio.insecure_channel(self._address, options=_OPTIONS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it; calls under way end."""
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    def stream(
        self, rpc: Rpc, request: Message, timeout_seconds: float | None
    ) -> aio.UnaryStreamCall[Message, Message]:
        """Begin a stream, to be cancelled by who reads no more; reading it raises `grpc.aio.AioRpcError`."""
        begin = self._opened().unary_stream(
            f"/{rpc.full_name}",
            request_serializer=rpc.request.SerializeToString,
            response_deserializer=rpc.response.FromString,
        )
        return begin(request, timeout=timeout_seconds, metadata=self._metadata())

    async def call(self, rpc: Rpc, request: Message, timeout_seconds: float) -> Message:
        """Make one attempt; raise `grpc.aio.AioRpcError`."""
        attempt = self._opened().unary_unary(
            f"/{rpc.full_name}",
            request_serializer=rpc.request.SerializeToString,
            response_deserializer=rpc.response.FromString,
        )
        answer: Message = await attempt(request, timeout=timeout_seconds, metadata=self._metadata())
        return answer

    def _opened(self) -> aio.Channel:
        if self._channel is None:
            message = f"{self.name} is not open"
            raise ChannelClosedError(message)
        return self._channel

    def _metadata(self) -> aio.Metadata:
        metadata = aio.Metadata(*tracing.headers().items())
        if self._tokens is not None:
            metadata.add("authorization", f"Bearer {self._tokens()}")
        return metadata


def connect(
    address: str, tokens: TokenSource | None = None, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> Channel:
    """Return a channel to `address`, to be entered as a part or by `async with`."""
    return Channel(address, tokens, timeout_seconds)


class Client:
    """The RPCs of one service as async methods: `await client.SubmitApplication(request, timeout=5)`.

    Each raises `Refused` (`PeerUnavailableError` where the peer is away or late). UNAVAILABLE is tried again until
    the deadline: every write carries a request id, so a repetition has no second effect. A streaming RPC gives its
    answers one by one, `async for answer in client.FollowTransitions(request)`, and raises the same; who follows begins
    again himself, after the last that he got.
    """

    def __init__(self, channel: Channel, service: str) -> None:
        """Call `service` (full name) over `channel`; raise `UnknownServiceError`."""
        self._channel = channel
        self._rpcs = {rpc.name: rpc for rpc in rpcs_of(service)}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the RPC called `name`."""
        rpc = self._rpcs.get(name)
        if rpc is None:
            raise AttributeError(name)
        return partial(self._stream if rpc.streams else self._call, rpc)

    async def _stream(self, rpc: Rpc, request: Message, *, timeout: float | None = None) -> AsyncIterator[Message]:  # noqa: ASYNC109  as below
        stream = self._channel.stream(rpc, request, timeout)
        try:
            async for answer in stream:
                yield answer
        except aio.AioRpcError as error:
            raise from_error(error) from error
        finally:
            stream.cancel()

    async def _call(self, rpc: Rpc, request: Message, *, timeout: float | None = None) -> Message:  # noqa: ASYNC109  gRPC's deadline travels to the server
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + (self._channel.timeout_seconds if timeout is None else timeout)
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._channel.call(rpc, request, max(0.001, give_up_at - loop.time()))
            except aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or loop.time() + pause >= give_up_at:
                    raise from_error(error) from error
            # Spread out, or all callers of a service that was away come back at the same instant.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  nothing secret
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

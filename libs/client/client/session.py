"""Calls to the services of a stack, each in somebody's name."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from common.grpc import Client, connect
from common.grpc.contract import all_services, rpcs_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from common.auth import DevelopmentIssuer

_TOKEN_LIFE = timedelta(minutes=15)
_RENEW_BEFORE_SECONDS = 120.0
PLATFORM_API = "dokpamo.common.v1.PlatformService"


@cache
def _apis(service: str) -> Mapping[str, str]:
    """The gRPC service of each RPC of one of ours, as the contracts have them."""
    names = [name for name in all_services() if name.startswith(f"dokpamo.{service}.v1.")]
    return {rpc.name: name for name in names for rpc in rpcs_of(name)}


@dataclass(frozen=True, slots=True)
class Caller:
    """In whose name a call is made: a person or service, its roles ("staff", ...), and a consortium's team."""

    subject: str
    roles: tuple[str, ...]
    team: str | None = None

    @classmethod
    def staff(cls, subject: str = "staff") -> Self:
        """Programme staff."""
        return cls(subject, ("staff",))

    @classmethod
    def consortium(cls, team: str) -> Self:
        """A member of a team."""
        return cls(f"member:{team}", ("consortium",), team)

    @classmethod
    def assessor(cls, person: str) -> Self:
        """A panel's assessor."""
        return cls(person, ("assessor",))

    @classmethod
    def testing_body(cls, subject: str = "testing-body") -> Self:
        """The body that measures benchmarks."""
        return cls(subject, ("testing_body",))

    @classmethod
    def pipeline(cls, subject: str) -> Self:
        """An automated pipeline outside the platform."""
        return cls(subject, ("pipeline",))


class Session:
    """Open channels to services by name. One channel a service; each call carries its own caller's token."""

    def __init__(self, addresses: Mapping[str, str], issuer: DevelopmentIssuer) -> None:
        self._addresses = addresses
        self._issuer = issuer
        self._stack = AsyncExitStack()
        self._clients: dict[tuple[str, str], Client] = {}
        self._tokens: dict[Caller, tuple[float, str]] = {}
        self._caller: ContextVar[Caller] = ContextVar("caller")

    async def __aenter__(self) -> Self:
        """Open the channels; services may still be on their way."""
        for service, address in self._addresses.items():
            channel = await self._stack.enter_async_context(connect(address, self._token))
            for api in {PLATFORM_API, *_apis(service).values()}:
                self._clients[service, api] = Client(channel, api)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the channels."""
        await self._stack.aclose()

    async def call(self, caller: Caller, service: str, rpc: str, request: Any, *, seconds: float = 30.0) -> Any:
        """Call an RPC in the caller's name. Raises Refused."""
        return await self._as(caller, service, _apis(service)[rpc], rpc, request, seconds)

    async def platform(self, caller: Caller, service: str, rpc: str, request: Any, *, seconds: float = 5.0) -> Any:
        """Call an RPC of the service's PlatformService. Raises Refused."""
        return await self._as(caller, service, PLATFORM_API, rpc, request, seconds)

    async def _as(self, caller: Caller, service: str, api: str, rpc: str, request: Any, seconds: float) -> Any:
        before = self._caller.set(caller)
        try:
            return await getattr(self._clients[service, api], rpc)(request, timeout=seconds)
        finally:
            self._caller.reset(before)

    def _token(self) -> str:
        caller = self._caller.get()
        kept = self._tokens.get(caller)
        if kept is None or time.monotonic() > kept[0]:
            token = self._issuer.issue(caller.subject, caller.roles, caller.team, _TOKEN_LIFE)
            kept = (time.monotonic() + _TOKEN_LIFE.total_seconds() - _RENEW_BEFORE_SECONDS, token)
            self._tokens[caller] = kept
        return kept[1]

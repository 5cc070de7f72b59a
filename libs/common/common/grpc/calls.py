"""One call on the server, from its arrival to its canonical log line: the same steps for every RPC."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import grpc
import structlog

from common import tracing
from common.auth import ANYONE
from common.errors import Refused, TransactionConflictError, as_refused
from common.grpc import requests, status
from common.grpc.access import check
from common.grpc.following import Following
from common.grpc.texts import refuse_nul
from common.metrics import RPC_SECONDS, RPC_TOTAL

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from google.protobuf.message import Message

    from common.auth import Actor, Authenticator
    from common.clock import Clock
    from common.database import Database, Transaction
    from common.errors import Reasons
    from common.grpc.contract import Rpc
    from common.grpc.following import News

    Context = grpc.aio.ServicerContext[Any, Any]
    Method = Callable[[Any, "Call"], Awaitable[Message]]
    Stream = Callable[[Any, Following], AsyncGenerator[Message, None]]

log = structlog.get_logger()
T = TypeVar("T")

DEFAULT_DEADLINE_SECONDS: Final = 30.0
LONGEST_STREAM_SECONDS: Final = 3600.0
"""As long as a token may live: who follows longer shows a new one, and goes on where he was."""

_TRIES_ON_CONFLICT: Final = 3
_BEARER: Final = "Bearer "
_OK: Final = "OK"


@dataclass(frozen=True, slots=True)
class Call:
    """What an RPC method gets beside its request.

    `tx` is one transaction: for a write together with the record of the request, for a read a snapshot that refuses
    to write.
    """

    actor: Actor
    tx: Transaction
    clock: Clock


@dataclass(slots=True)
class Outcome:
    """What the log line says of a call."""

    actor: str = ""
    status: str = _OK
    code: str = ""
    request_id: str = ""
    repeated: bool = False


class Calls:
    """Performs the calls of all RPCs of a server."""

    def __init__(
        self, database: Database, authenticator: Authenticator, reasons: Reasons, clock: Clock, news: News
    ) -> None:
        """Work on `database`; `reasons` say what the service's exceptions look like from outside."""
        self._database = database
        self._authenticator = authenticator
        self._reasons = reasons
        self._clock = clock
        self._news = news

    async def perform(self, rpc: Rpc, method: Method, request: Message, context: Context) -> Message:
        """Answer one call, or abort it with a typed status; log and count it."""

        async def answer(outcome: Outcome) -> Message:
            return await self._within_deadline(rpc, method, request, context, outcome)

        return await self._told(rpc, request, context, answer)

    async def stream(self, rpc: Rpc, method: Stream, request: Message, context: Context) -> None:
        """Answer one call by a stream that ends with a typed status; log and count it at its end."""

        async def answer(outcome: Outcome) -> None:
            await self._streamed(rpc, method, request, context, outcome)

        await self._told(rpc, request, context, answer)

    async def _told(self, rpc: Rpc, request: Message, context: Context, answer: Callable[[Outcome], Awaitable[T]]) -> T:
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        outcome = Outcome(request_id=getattr(request, "request_id", ""))
        begun = time.perf_counter()
        with tracing.span(rpc.full_name, metadata):
            try:
                return await answer(outcome)
            except Exception as error:  # noqa: BLE001  the edge: what is unknown is logged and becomes INTERNAL
                refused = self._refused(error, rpc)
                outcome.status, outcome.code = refused.status.name, refused.code
                await _abort(context, refused, rpc)
            except asyncio.CancelledError:
                outcome.status = grpc.StatusCode.CANCELLED.name
                raise
            finally:
                _tell(rpc, outcome, time.perf_counter() - begun)

    async def _within_deadline(
        self, rpc: Rpc, method: Method, request: Message, context: Context, outcome: Outcome
    ) -> Message:
        remaining = context.time_remaining()
        seconds = DEFAULT_DEADLINE_SECONDS if remaining is None else remaining
        try:
            async with asyncio.timeout(seconds) as deadline:
                actor = self._admitted(rpc, request, context, outcome)
                return await self._answered(rpc, method, request, actor, outcome)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            message = f"not done within {seconds:g} s"
            raise Refused("DEADLINE_EXCEEDED", message, status=grpc.StatusCode.DEADLINE_EXCEEDED) from error

    async def _streamed(self, rpc: Rpc, method: Stream, request: Message, context: Context, outcome: Outcome) -> None:
        remaining = context.time_remaining()
        seconds = LONGEST_STREAM_SECONDS if remaining is None else min(remaining, LONGEST_STREAM_SECONDS)
        actor = self._admitted(rpc, request, context, outcome)
        self._news.enter()
        try:
            async with asyncio.timeout(seconds) as deadline:
                async with aclosing(method(request, Following(actor, self._clock, self._database, self._news))) as told:
                    async for message in told:
                        # Returns when the reader has room: a slow one holds back nobody but himself.
                        await context.write(message)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            why = f"a stream lasts at most {seconds:g} s: go on after the last place that you have"
            raise Refused("STREAM_ENDED", why, status=grpc.StatusCode.DEADLINE_EXCEEDED) from error
        finally:
            self._news.leave()

    def _admitted(self, rpc: Rpc, request: Message, context: Context, outcome: Outcome) -> Actor:
        actor = self._actor(context)
        outcome.actor = actor.subject
        check(rpc, actor, request)
        refuse_nul(request)
        return actor

    def _actor(self, context: Context) -> Actor:
        for key, value in context.invocation_metadata() or ():
            if key == "authorization" and isinstance(value, str):
                if not value.startswith(_BEARER):
                    raise Refused(
                        "UNAUTHENTICATED", "authorization is not a bearer token", status=grpc.StatusCode.UNAUTHENTICATED
                    )
                return self._authenticator.actor(value.removeprefix(_BEARER))
        return ANYONE

    async def _answered(self, rpc: Rpc, method: Method, request: Message, actor: Actor, outcome: Outcome) -> Message:
        for _ in range(_TRIES_ON_CONFLICT - 1):
            try:
                return await self._once(rpc, method, request, actor, outcome)
            except TransactionConflictError as error:
                # Nothing has happened: the database gave way to another transaction, which is done by now.
                log.info("rpc.again", method=rpc.full_name, error=str(error))
        return await self._once(rpc, method, request, actor, outcome)

    async def _once(self, rpc: Rpc, method: Method, request: Message, actor: Actor, outcome: Outcome) -> Message:
        async with self._database.transaction(actor=actor.subject, readonly=not rpc.writes) as tx:
            call = Call(actor, tx, self._clock)
            if not rpc.writes:
                return await method(request, call)
            stored = await requests.claim(tx, rpc, request)
            if stored is not None:
                outcome.repeated = True
                return stored
            response = await method(request, call)
            await requests.answer(tx, request, response)
            return response

    def _refused(self, error: Exception, rpc: Rpc) -> Refused:
        refused = as_refused(error, self._reasons)
        if refused is not None:
            return refused
        log.error("rpc.failed", method=rpc.full_name, exc_info=error)
        return Refused(
            "INTERNAL",
            "internal error: the service's log has it under the trace id",
            {"trace_id": tracing.trace_id()},
            grpc.StatusCode.INTERNAL,
        )


async def _abort(context: Context, refused: Refused, rpc: Rpc) -> NoReturn:
    details = (status.DETAILS_KEY, status.to_details(refused, rpc.domain))
    await context.abort(refused.status, status.wire_message(refused), trailing_metadata=(details,))
    raise AssertionError  # abort never returns


def _tell(rpc: Rpc, outcome: Outcome, seconds: float) -> None:
    RPC_SECONDS.labels(rpc.full_name).observe(seconds)
    RPC_TOTAL.labels(rpc.full_name, outcome.status).inc()
    log.info(
        "rpc.finished",
        method=rpc.full_name,
        actor=outcome.actor,
        status=outcome.status,
        code=outcome.code,
        request_id=outcome.request_id,
        repeated=outcome.repeated,
        ms=round(seconds * 1000, 1),
    )

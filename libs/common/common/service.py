"""Own the process: parts start in order and stop in reverse, and a part that dies ends the process with 1."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, Self, TypeVar

import structlog
from pydantic import ValidationError

from common import logs
from common.metrics import MetricsPage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from types import TracebackType

    from common.settings import PlatformSettings

log = structlog.get_logger()
SettingsT = TypeVar("SettingsT", bound="PlatformSettings")

_STOP_SECONDS: Final = 10.0
_FAILED: Final = 1


class Part(Protocol):
    """A piece of a process: an async context manager.

    It may have an attribute `died`, an `asyncio.Future` that is done when the part can work no more.
    """

    async def __aenter__(self) -> Any:
        """Start; return when others may rely on it. An exception stops the process."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        """Stop; return when nothing of it runs any more."""
        ...


class PartDiedError(Exception):
    """A part ended although nobody had stopped it."""

    def __init__(self, part: str) -> None:
        """Keep the name of the `part`; the cause is what it raised, if it did."""
        super().__init__(f"{part} died")
        self.part = part


class BackgroundPart(ABC):
    """A part that works by itself: `run` goes on until it is cancelled; to return or raise is to die."""

    def __init__(self, name: str) -> None:
        """Be called `name` in logs and errors."""
        self.name = name
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def run(self) -> None:
        """Work until cancelled."""

    @property
    def died(self) -> asyncio.Future[None] | None:
        """Done when `run` has ended; `None` while it was not started."""
        return self._task

    async def __aenter__(self) -> Self:
        """Start `run`."""
        self._task = asyncio.create_task(self.run(), name=self.name)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Cancel `run` and wait for its end."""
        task = self._task
        if task is None:
            return
        task.cancel()
        _, stuck = await asyncio.wait({task}, timeout=_STOP_SECONDS)
        if stuck:
            log.error("part.stuck", part=self.name, waited_seconds=_STOP_SECONDS)
        elif not task.cancelled() and task.exception() is not None:
            # `serve` has reported a death; a failure on the way out is seen here only.
            log.warning("part.ended", part=self.name, error=repr(task.exception()))


def name_of(part: object) -> str:
    """Return the part's own `name`, or its class's."""
    return str(getattr(part, "name", None) or type(part).__name__)


async def serve(name: str, parts: Sequence[Part]) -> None:
    """Start `parts` in order, wait for SIGTERM or SIGINT, stop them in reverse.

    Raises `PartDiedError` when a part dies, and what a part raises when it cannot start; those started are stopped
    first. A signal during the start stops it.
    """
    running = asyncio.create_task(_run(name, parts), name=f"serve {name}")
    received: list[signal.Signals] = []

    def stop(which: signal.Signals) -> None:
        # A second signal must not cut the orderly stop: the supervisor has SIGKILL for that.
        if not received:
            received.append(which)
            running.cancel()

    loop = asyncio.get_running_loop()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, stop, which)
    try:
        await running
    except asyncio.CancelledError:
        if not received:
            raise
        log.info("service.stopped", signal=received[0].name)
    finally:
        for which in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(which)


async def _run(name: str, parts: Sequence[Part]) -> NoReturn:
    async with AsyncExitStack() as started:
        watched: dict[asyncio.Future[Any], str] = {}
        for part in parts:
            await started.enter_async_context(_told(part))
            died = getattr(part, "died", None)
            if died is not None:
                watched[died] = name_of(part)
            _raise_for_the_dead(watched)
        log.info("service.ready", name=name, pid=os.getpid())
        # Without a part that can die there is nothing to wait for but the signal.
        await asyncio.wait(watched or {asyncio.get_running_loop().create_future()}, return_when=asyncio.FIRST_COMPLETED)
        _raise_for_the_dead(watched)
    raise AssertionError  # asyncio.wait returns only when a part has died


def _raise_for_the_dead(watched: dict[asyncio.Future[Any], str]) -> None:
    for died, name in watched.items():
        if died.done():
            raise PartDiedError(name) from (None if died.cancelled() else died.exception())


@asynccontextmanager
async def _told(part: Part) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with part:
        log.info("part.started", part=name_of(part), ms=round((loop.time() - begun) * 1000))
        yield
        begun = loop.time()
    log.info("part.stopped", part=name_of(part), ms=round((loop.time() - begun) * 1000))


def main(name: str, settings_type: type[SettingsT], build: Callable[[SettingsT], Sequence[Part]]) -> NoReturn:
    """Run service `name` until a signal (exit 0) or a failure (exit 1)."""
    try:
        settings = settings_type.model_validate({})
    except ValidationError as error:
        logs.configure(name)
        log.error("settings.refused", fields=[_environment_name(settings_type, line["loc"]) for line in error.errors()])  # noqa: TRY400  the settings' values are not for the log
        sys.exit(_FAILED)
    logs.configure(name, settings.log_level)
    try:
        asyncio.run(_build_and_serve(name, settings, build))
    except Exception:  # the edge of the process
        log.exception("service.failed")
        sys.exit(_FAILED)
    sys.exit(0)


async def _build_and_serve(name: str, settings: SettingsT, build: Callable[[SettingsT], Sequence[Part]]) -> None:
    page: list[Part] = [] if settings.metrics_listen is None else [MetricsPage(settings.metrics_listen)]
    await serve(name, [*page, *build(settings)])


def _environment_name(settings_type: type[PlatformSettings], place: tuple[int | str, ...]) -> str:
    return str(settings_type.model_config.get("env_prefix", "")) + str(place[0] if place else "").upper()

"""A process that reads, as the service sees it: asked by lines of JSON, see `store/inspecting.py`."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Self

from registry.domain.integrity import DamageKind
from registry.domain.upload import Refusal
from registry.handlers import (
    URL_LIFETIME,
    DamagedPartError,
    ReaderDiedError,
    ReadRefusedError,
    StoreAwayWhileReadingError,
    part_key,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from registry.domain.checkpoint import TeamId
    from registry.domain.parts import Part
    from registry.handlers import Objects

_LONGEST_ANSWER_BYTES: Final = 2**22
_IDLE_SECONDS: Final = 20.0


class UnreadablePartError(StoreAwayWhileReadingError):
    """The store answers and does not give a part whole."""

    def __init__(self, piece: dict[str, Any], problem: str) -> None:
        """Keep the `piece` as the reader has it, and the `problem` in words."""
        super().__init__(f"{piece['path']} at byte {piece['offset_bytes']}: {problem}")
        self.piece = piece


PARTS_A_COMMAND: Final = 32
"""At most 2 GiB: read long before the URLs end, and often enough to see progress."""


def pieces(objects: Objects, team_id: TeamId, parts: Sequence[Part]) -> list[list[Any]]:
    """Return parts as a process is told them: offset and size in bytes, SHA-256, and a URL that lives for a while."""
    return [
        [
            part.offset_bytes,
            part.size_bytes,
            part.sha256,
            objects.presign_get(part_key(team_id, part.sha256), URL_LIFETIME),
        ]
        for part in parts
    ]


class Child:
    """One process that reads."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Talk to `process`."""
        self._process = process

    @classmethod
    async def start(cls, module: str, *arguments: str) -> Self:
        """Start `module` in it."""
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LONGEST_ANSWER_BYTES,
            )
        )

    async def ask(self, command: dict[str, Any]) -> list[Any]:
        """Return what was found; raise what the reader says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            await self._process.stdin.drain()
            line = await self._process.stdout.readline()
        except (ConnectionError, BrokenPipeError) as error:
            raise ReaderDiedError(await self._process.wait()) from error
        if not line:
            raise ReaderDiedError(await self._process.wait())
        told = json.loads(line)
        if "away" in told:
            raise StoreAwayWhileReadingError(told["away"])
        if "unreadable" in told:
            raise UnreadablePartError(told["unreadable"], told["problem"])
        if "damaged" in told:
            raise damaged_by(told["damaged"], told["kind"])
        if "refused" in told:
            raise ReadRefusedError(Refusal(**told["refused"]))
        found: list[Any] = told["found"]
        return found

    async def end(self) -> None:
        """End the process, whatever it does."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class Children:
    """Processes of one kind that read: started when there is something to read, ended when there is not for a while."""

    def __init__(self, module: str, at_once: int) -> None:
        """Start `module` in each, and let at most `at_once` work."""
        self._module = module
        self._gate = asyncio.Semaphore(at_once)
        self._idle: list[Child] = []
        self._ending: dict[Child, asyncio.TimerHandle] = {}

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Child]:
        """Give a process that nobody else talks to; it is used again unless it did not answer."""
        async with self._gate:
            child = self._take(self._idle[-1]) if self._idle else await Child.start(self._module)
            try:
                yield child
            except (ReadRefusedError, DamagedPartError, StoreAwayWhileReadingError):
                # It has answered, and what it had begun is begun anew.
                self._rest(child)
                raise
            except BaseException:
                await child.end()
                raise
            else:
                self._rest(child)

    async def end(self) -> None:
        """End what is idle; whatever works is ended by whoever waits for it."""
        while self._idle:
            await self._take(self._idle[0]).end()

    def _rest(self, child: Child) -> None:
        self._idle.append(child)
        loop = asyncio.get_running_loop()
        self._ending[child] = loop.call_later(_IDLE_SECONDS, lambda: loop.create_task(self._retire(child)))

    async def _retire(self, child: Child) -> None:
        if child in self._idle:
            await self._take(child).end()

    def _take(self, child: Child) -> Child:
        self._idle.remove(child)
        self._ending.pop(child).cancel()
        return child


def damaged_by(piece: dict[str, Any], kind: str) -> DamagedPartError:
    """Return what says of a piece, as the reader has it, what is wrong with it."""
    return DamagedPartError(piece["path"], piece["offset_bytes"], piece["sha256"], DamageKind(kind))

"""Reads files back in processes of their own, started when there is something to read and ended when there is not."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Self

from registry.domain.checkpoint import Finding
from registry.domain.inspection import content_of
from registry.domain.upload import Refusal
from registry.domain.whole import DOCUMENTS, LARGEST_DOCUMENT_BYTES
from registry.handlers import (
    URL_LIFETIME,
    DamagedPartError,
    ReaderDiedError,
    ReadRefusedError,
    StoreAwayWhileReadingError,
    Verified,
    Whole,
    part_key,
)
from registry.store import documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from types import TracebackType

    from registry.domain.checkpoint import TeamId
    from registry.domain.parts import Part
    from registry.domain.upload import Asked
    from registry.handlers import Located, Objects

_AT_ONCE: Final = 2
_IDLE_SECONDS: Final = 20.0
_PARTS_A_COMMAND: Final = 32
"""At most 2 GiB: read long before the URLs end, and often enough to see progress."""

_LONGEST_ANSWER_BYTES: Final = 2**22
_HEADER_PARTS_BYTES: Final = 2**24 + 8
_DIFFERS: Final = "CHECKPOINT_FILE_DIFFERS"


class _Child:
    """One process that reads."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> Self:
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "registry.store.inspecting",
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
        if "damaged" in told:
            raise DamagedPartError(**told["damaged"])
        if "refused" in told:
            raise ReadRefusedError(Refusal(**told["refused"]))
        found: list[Any] = told["found"]
        return found

    async def end(self) -> None:
        """End the process, whatever it does."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class ProcessInspector:
    """The handlers' `Inspector`, a part."""

    def __init__(self, objects: Objects) -> None:
        """Give readers URLs of `objects`."""
        self._objects = objects
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._idle: list[_Child] = []
        self._ending: dict[_Child, asyncio.TimerHandle] = {}

    async def __aenter__(self) -> Self:
        """Start nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is idle; whatever works is ended by whoever waits for it."""
        while self._idle:
            await self._take(self._idle[0]).end()

    async def inspect(self, team_id: TeamId, files: Sequence[Located]) -> AsyncIterator[Verified]:
        """Read `files` and say of each, in this order, that it holds; see the port."""
        if not files:
            return
        async with self._child() as child:
            for steps in _commands(files):
                ending = [each for each, _, _, ends in steps if ends]
                try:
                    found = await child.ask({"steps": [self._step(team_id, *step) for step in steps]})
                except ReadRefusedError as refused:
                    if refused.refusal.code == _DIFFERS:
                        await self._look_for_damage(child, team_id, files, refused.refusal.facts["field"])
                    raise
                for each, told in zip(ending, found, strict=True):
                    yield Verified(
                        each.file.sha256,
                        content_of(each.file.path),
                        each.file.size_bytes,
                        told["parameters"],
                        documents.findings(told["findings"]),
                    )

    async def inspect_whole(self, team_id: TeamId, files: Sequence[Located], declared: Asked) -> Whole:
        """Check the files of a checkpoint against one another; see the port."""
        wanted = [
            {"file": asdict(each.file), "pieces": self._pieces(team_id, _first(each.parts, limit))}
            for each in files
            if (limit := _needed_bytes(each))
        ]
        async with self._child() as child:
            found = await child.ask({"whole": wanted, "declared": documents.declaration_json(declared.declaration)})
        return Whole(tuple(Finding(**each) for each in found))

    async def _look_for_damage(self, child: _Child, team_id: TeamId, files: Sequence[Located], path: str) -> None:
        """Where a file is not what was declared: raise for the part to blame, if it is one's fault."""
        for each in files:
            if each.file.path == path:
                for start in range(0, len(each.parts), _PARTS_A_COMMAND):
                    some = each.parts[start : start + _PARTS_A_COMMAND]
                    pieces = [[path, *piece] for piece in self._pieces(team_id, some)]
                    await child.ask({"damaged": pieces})

    def _step(self, team_id: TeamId, each: Located, parts: Sequence[Part], begins: bool, ends: bool) -> dict[str, Any]:
        return {
            "file": asdict(each.file),
            "pieces": self._pieces(team_id, parts),
            "begins": begins,
            "ends": ends,
        }

    def _pieces(self, team_id: TeamId, parts: Sequence[Part]) -> list[list[Any]]:
        return [
            [
                part.offset_bytes,
                part.size_bytes,
                part.sha256,
                self._objects.presign_get(part_key(team_id, part.sha256), URL_LIFETIME),
            ]
            for part in parts
        ]

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[_Child]:
        async with self._gate:
            child = self._take(self._idle[-1]) if self._idle else await _Child.start()
            try:
                yield child
            except (ReadRefusedError, DamagedPartError, StoreAwayWhileReadingError):
                # It has answered, and a file that it had begun is begun anew.
                self._rest(child)
                raise
            except BaseException:
                await child.end()
                raise
            else:
                self._rest(child)

    def _rest(self, child: _Child) -> None:
        self._idle.append(child)
        loop = asyncio.get_running_loop()
        self._ending[child] = loop.call_later(_IDLE_SECONDS, lambda: loop.create_task(self._retire(child)))

    async def _retire(self, child: _Child) -> None:
        if child in self._idle:
            await self._take(child).end()

    def _take(self, child: _Child) -> _Child:
        self._idle.remove(child)
        self._ending.pop(child).cancel()
        return child


def _commands(files: Sequence[Located]) -> Iterator[list[tuple[Located, Sequence[Part], bool, bool]]]:
    """Yield what is asked together: for each file its next parts, whether it begins and whether it ends by them."""
    steps: list[tuple[Located, Sequence[Part], bool, bool]] = []
    room = _PARTS_A_COMMAND
    for each in files:
        at = 0
        while True:
            some = each.parts[at : at + room]
            ends = at + len(some) == len(each.parts)
            steps.append((each, some, at == 0, ends))
            at += len(some)
            # An empty file counts as a part: no command is of unbounded length.
            room -= max(1, len(some))
            if room <= 0:
                yield steps
                steps, room = [], _PARTS_A_COMMAND
            if ends:
                break
    if steps:
        yield steps


def _needed_bytes(each: Located) -> int:
    """Return how many bytes of a file are read when files are checked against one another."""
    if each.file.path.endswith(".safetensors"):
        return _HEADER_PARTS_BYTES
    return each.file.size_bytes if each.file.path in DOCUMENTS and each.file.size_bytes <= LARGEST_DOCUMENT_BYTES else 0


def _first(parts: Sequence[Part], size_bytes: int) -> list[Part]:
    return [part for part in parts if part.offset_bytes < size_bytes]

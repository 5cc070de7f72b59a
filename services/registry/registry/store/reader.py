"""A process that reads, as the service sees it: asked by lines of JSON, see `store/inspecting.py`."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
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
    from collections.abc import Sequence

    from registry.domain.checkpoint import TeamId
    from registry.domain.parts import Part
    from registry.handlers import Objects

_LONGEST_ANSWER_BYTES: Final = 2**22


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
    async def start(cls, module: str = "registry.store.inspecting", *arguments: str) -> Self:
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


def damaged_by(piece: dict[str, Any], kind: str) -> DamagedPartError:
    """Return what says of a piece, as the reader has it, what is wrong with it."""
    return DamagedPartError(piece["path"], piece["offset_bytes"], piece["sha256"], DamageKind(kind))

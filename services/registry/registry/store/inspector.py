"""Reads files back in processes of their own, started when there is something to read and ended when there is not."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Self

from registry.domain.checkpoint import Finding
from registry.domain.inspection import content_of
from registry.domain.integrity import DamageKind, Reading
from registry.domain.upload import Refusal
from registry.domain.whole import largest_document
from registry.handlers import (
    READERS,
    URL_LIFETIME,
    DamagedPartError,
    ReadRefusedError,
    StoreAwayWhileReadingError,
    Verified,
    Whole,
    part_key,
)
from registry.store import documents
from registry.store.reader import PARTS_A_COMMAND, Child, Children, UnreadablePartError, damaged_by, pieces

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence
    from types import TracebackType

    from registry.domain.checkpoint import TeamId
    from registry.domain.integrity import KeptPart
    from registry.domain.parts import Part
    from registry.domain.upload import Asked
    from registry.handlers import Located, Objects

_AT_ONCE: Final = 2 * READERS
"""Two uploads are verified at a time, so that a large one keeps no small one waiting."""
_BYTES_A_COMMAND: Final = 2**28
_FILES_A_COMMAND: Final = 256

_HEADER_PARTS_BYTES: Final = 2**24 + 8
_MOST_FIRST_PARTS: Final = 4_096
"""In which the header of weights or a document may lie: each takes half a kilobyte of a command."""

_DIFFERS: Final = "CHECKPOINT_FILE_DIFFERS"


class ProcessInspector:
    """The handlers' `Inspector`, a part."""

    def __init__(self, objects: Objects, *, pauses: Sequence[float] = (1.0, 3.0)) -> None:
        """Give readers URLs of `objects`; what cannot be read is tried again after each of `pauses`, in seconds."""
        self._objects = objects
        self._pauses = pauses
        self._children = Children("registry.store.inspecting", _AT_ONCE)

    async def __aenter__(self) -> Self:
        """Start nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is idle; whatever works is ended by whoever waits for it."""
        await self._children.end()

    async def inspect(self, team_id: TeamId, files: Sequence[Located]) -> AsyncGenerator[list[Verified], None]:
        """Read `files` and say of each, in this order and some at a time, that it holds; see the port."""
        if not files:
            return
        async with self._children.one() as child:
            for steps in _commands(files):
                ending = [each for each, _, _, ends in steps if ends]
                try:
                    found = await child.ask({"steps": [self._step(team_id, *step) for step in steps]})
                except UnreadablePartError as unreadable:
                    await self._blame(child, unreadable)
                    raise
                except ReadRefusedError as refused:
                    if refused.refusal.code == _DIFFERS:
                        await self._look_for_damage(child, team_id, files, refused.refusal.facts["field"])
                    raise
                yield [
                    Verified(
                        each.file.sha256,
                        content_of(each.file.path),
                        each.file.size_bytes,
                        told["parameters"],
                        documents.findings(told["findings"]),
                    )
                    for each, told in zip(ending, found, strict=True)
                ]

    async def inspect_whole(self, team_id: TeamId, files: Sequence[Located], declared: Asked) -> Whole:
        """Check the files of a checkpoint against one another; see the port."""
        wanted = [(each, _first(each, limit)) for each in files if (limit := _needed_bytes(each))]
        paths = [each.file.path for each in files]
        async with self._children.one() as child:
            try:
                for number, some in enumerate(_in_commands(wanted)):
                    gathered = [
                        {"file": asdict(each.file), "pieces": pieces(self._objects, team_id, parts)}
                        for each, parts in some
                    ]
                    await child.ask({"gather": gathered, "begins": number == 0})
                found = await child.ask({"whole": paths, "declared": documents.declaration_json(declared.declaration)})
            except UnreadablePartError as unreadable:
                await self._blame(child, unreadable)
                raise
        return Whole(tuple(Finding(**each) for each in found))

    async def read_back(self, parts: Sequence[KeptPart]) -> list[Reading]:
        """Read kept parts to their ends and say of each, in this order, what is wrong with it; see the port."""
        told = [["", 0, part.size_bytes, part.sha256, self._url(part.team_id, part.sha256)] for part in parts]
        async with self._children.one() as child:
            found = await self._states(child, told)
        return [
            Reading(part, DamageKind(kind) if kind else None, problem)
            for part, (kind, problem) in zip(parts, found, strict=True)
        ]

    async def _look_for_damage(self, child: Child, team_id: TeamId, files: Sequence[Located], path: str) -> None:
        """Where a file is not what was declared: raise for the part to blame, if it is one's fault."""
        for each in files:
            if each.file.path == path:
                for start in range(0, len(each.parts), PARTS_A_COMMAND):
                    some = each.parts[start : start + PARTS_A_COMMAND]
                    told = [[path, *piece] for piece in pieces(self._objects, team_id, some)]
                    for part, (kind, _) in zip(some, await self._states(child, told), strict=True):
                        if kind:
                            raise DamagedPartError(path, part.offset_bytes, part.sha256, DamageKind(kind))

    async def _blame(self, child: Child, unreadable: UnreadablePartError) -> None:
        """Raise `DamagedPartError` where it is the part's fault that the store does not give it."""
        ((kind, _),) = await self._states(child, [list(unreadable.piece.values())])
        if kind:
            raise damaged_by(unreadable.piece, kind)

    async def _states(self, child: Child, told: Sequence[list[Any]]) -> list[list[str]]:
        """Return of each piece that is `told` what is wrong with it, in a word and in more.

        One that the store fails to give is unreadable only if it stays so and the store gives something else meanwhile:
        else the store is away, which is raised.
        """
        found = await child.ask({"parts": told})
        for pause in self._pauses:
            again = [number for number, (kind, _) in enumerate(found) if kind == DamageKind.UNREADABLE.value]
            if not again:
                return found
            await asyncio.sleep(pause)
            states = await child.ask({"parts": [told[number] for number in again]})
            for number, state in zip(again, states, strict=True):
                found[number] = state
        unreadable = [problem for kind, problem in found if kind == DamageKind.UNREADABLE.value]
        if unreadable and not await self._objects.works():
            raise StoreAwayWhileReadingError(unreadable[0])
        return found

    def _step(self, team_id: TeamId, each: Located, parts: Sequence[Part], begins: bool, ends: bool) -> dict[str, Any]:
        return {
            "file": asdict(each.file),
            "pieces": pieces(self._objects, team_id, parts),
            "begins": begins,
            "ends": ends,
        }

    def _url(self, team_id: TeamId, sha256: str) -> str:
        return self._objects.presign_get(part_key(team_id, sha256), URL_LIFETIME)


def _commands(files: Sequence[Located]) -> Iterator[list[tuple[Located, Sequence[Part], bool, bool]]]:
    """Yield what is asked together: for each file its next parts, whether it begins and whether it ends by them."""
    steps: list[tuple[Located, Sequence[Part], bool, bool]] = []
    small = 0
    for each in files:
        for at in range(0, max(1, len(each.parts)), PARTS_A_COMMAND):
            some = each.parts[at : at + PARTS_A_COMMAND]
            steps.append((each, some, at == 0, at + len(some) == len(each.parts)))
            small += sum(part.size_bytes for part in some)
            if small >= _BYTES_A_COMMAND or len(steps) == _FILES_A_COMMAND:
                yield steps
                steps, small = [], 0
    if steps:
        yield steps


def _needed_bytes(each: Located) -> int:
    """Return how many bytes of a file are read when files are checked against one another."""
    if each.file.path.endswith(".safetensors"):
        return _HEADER_PARTS_BYTES
    return each.file.size_bytes if each.file.size_bytes <= largest_document(each.file.path) else 0


def _first(each: Located, size_bytes: int) -> list[Part]:
    parts = [part for part in each.parts if part.offset_bytes < size_bytes]
    if len(parts) > _MOST_FIRST_PARTS:
        rule = f"the first {size_bytes} bytes must be at most {_MOST_FIRST_PARTS} parts"
        facts = {"field": each.file.path, "value": str(len(parts)), "rule": rule}
        raise ReadRefusedError(Refusal("CHECKPOINT_PARTS_REFUSED", f"{each.file.path}: {rule}", facts))
    return parts


def _in_commands(wanted: Sequence[tuple[Located, list[Part]]]) -> Iterator[list[tuple[Located, list[Part]]]]:
    """Yield what is asked together, so that no command is of unbounded length."""
    some: list[tuple[Located, list[Part]]] = []
    count = 0
    for each in wanted:
        if some and count + len(each[1]) > _MOST_FIRST_PARTS:
            yield some
            some, count = [], 0
        some.append(each)
        count += len(each[1])
    yield some

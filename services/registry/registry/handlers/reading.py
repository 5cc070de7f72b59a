"""The bytes of a released file, read from the store part by part as fast as they are taken."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from common.errors import NotFoundError, TransientError

from registry.domain.integrity import KeptPart
from registry.handlers.ports import part_key

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from weights.manifest import FileEntry

    from registry.domain.byte_range import ByteRange
    from registry.domain.parts import Part
    from registry.domain.release import Release
    from registry.handlers.ports import Objects
    from registry.handlers.releases import Releases

_PARTS_AT_ONCE: Final = 256
_TRIES: Final = 5
_PAUSE_SECONDS: Final = 1.0


class StoredBytesDifferError(Exception):
    """Under the key of a part that was verified the store has other bytes now, or none."""

    def __init__(self, key: str) -> None:
        """Keep the object's `key`."""
        super().__init__(f"the object {key} has other bytes than those of its SHA-256")
        self.key = key


async def read_bytes(
    release: Release,
    file: FileEntry,
    wanted: ByteRange,
    opened: Callable[[], AbstractAsyncContextManager[Releases]],
    objects: Objects,
    doubted: Callable[[KeptPart], Awaitable[None]],
) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of `wanted` of a file, never more in memory than two pieces of it.

    Of a part that `wanted` reaches to the end of, the last piece comes once its SHA-256 holds: what goes wrong in the
    store is never passed on as whole. Raises `StoredBytesDifferError`, and `TransientError` where the store stays away;
    `doubted` is told the part before.
    """
    at = wanted.first
    while at < wanted.end:
        async with opened() as releases:
            parts = await releases.parts(release, file.sha256, at, _PARTS_AT_ONCE)
        if not parts:
            raise NotFoundError("parts", file.sha256)
        for part in parts:
            if at >= wanted.end:
                return
            end = min(wanted.end, part.offset_bytes + part.size_bytes)
            key = part_key(release.team_id, part.sha256)
            some = _of_part(objects, key, part, at - part.offset_bytes, end - part.offset_bytes)
            try:
                async with aclosing(some):
                    async for piece in some:
                        yield piece
            except (StoredBytesDifferError, TransientError):
                # A store that fails to give one part for ever looks like one that is away.
                await doubted(KeptPart(release.team_id, part.sha256, part.size_bytes))
                raise
            at = end


async def _of_part(objects: Objects, key: str, part: Part, first: int, end: int) -> AsyncGenerator[bytes, None]:
    if end < part.size_bytes:
        async with aclosing(_steadily(objects, key, first, end)) as chunks:
            async for chunk in chunks:
                yield chunk
        return
    digest, at, held = hashlib.sha256(), 0, b""
    async with aclosing(_steadily(objects, key, 0, end)) as chunks:
        async for chunk in chunks:
            digest.update(chunk)
            if held:
                yield held
            held = chunk[max(0, first - at) :]
            at += len(chunk)
    if digest.hexdigest() != part.sha256:
        raise StoredBytesDifferError(key)
    yield held


async def _steadily(objects: Objects, key: str, first: int, end: int) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of an object; where the store goes away, go on from there when it is back."""
    tries = 0
    while first < end:
        try:
            async with aclosing(objects.read(key, first, end)) as chunks:
                async for chunk in chunks:
                    if chunk:
                        first, tries = first + len(chunk), 0
                        yield chunk
        except NotFoundError as error:
            raise StoredBytesDifferError(key) from error
        except TransientError:
            tries += 1
            if tries == _TRIES:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            if first < end:
                raise StoredBytesDifferError(key)

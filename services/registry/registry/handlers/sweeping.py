"""Sweeping: uploads that nobody goes on with are given up, and bytes that nothing rests on are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from registry.handlers.ports import part_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from registry.domain.checkpoint import UploadId
    from registry.domain.parts import Stored
    from registry.domain.upload import Upload
    from registry.handlers.ports import Objects

    Open = Callable[[], AbstractAsyncContextManager["Sweeps"]]

_PARTS_AT_ONCE = 200


class Sweeps(Protocol):
    """What the registry remembers of uploads that have ended, inside one transaction."""

    async def abandon(self, untouched: timedelta) -> list[UploadId]:
        """Give up open uploads that nobody has touched for so long, some at a time; return them."""
        ...

    async def ended(self, untouched: timedelta) -> Upload | None:
        """Return an upload that ended so long ago and is not swept yet, held until the transaction ends."""
        ...

    async def unneeded(self, upload: Upload, most: int) -> list[Stored]:
        """Return declared parts of an upload that no checkpoint and no other upload under way rests on.

        None of them is needed by anybody until the transaction ends: whoever declares parts of the team waits.
        """
        ...

    async def forget(self, upload: Upload, parts: Sequence[Stored]) -> None:
        """Note that these parts are removed."""
        ...

    async def close(self, upload: Upload) -> None:
        """Note that nothing of an upload is left to be removed."""
        ...


async def abandon(untouched: timedelta, opened: Open) -> list[UploadId]:
    """Give up uploads that nobody has touched for so long; return some of them, none where there are none left."""
    async with opened() as sweeps:
        return await sweeps.abandon(untouched)


async def sweep(untouched: timedelta, opened: Open, objects: Objects) -> list[Stored] | None:
    """Remove some parts of one upload that ended so long ago; return them, `None` where there is nothing to sweep.

    They are removed in the transaction in which it is seen that nothing rests on them, so none vanishes under a push.
    Safe to repeat after a crash at any place: what was removed already is removed again.
    """
    async with opened() as sweeps:
        upload = await sweeps.ended(untouched)
        if upload is None:
            return None
        parts = await sweeps.unneeded(upload, _PARTS_AT_ONCE)
        for part in parts:
            await objects.discard(part_key(upload.team_id, part.sha256))
        await sweeps.forget(upload, parts)
        if not parts:
            await sweeps.close(upload)
        return parts

"""The list of all objects against the tables: what is missing is read back at once, what nobody knows is told."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, Protocol

from registry.domain.catalogue import Difference, Kind
from registry.handlers.catalogue import Checked
from registry.handlers.naming import documents_of
from registry.handlers.restoring import layout_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from registry.domain.checkpoint import Checkpoint
    from registry.handlers.ports import Checkpoints, Objects, Uploads

    Open = Callable[[], AbstractAsyncContextManager["Known"]]
    OpenCheckpoints = Callable[[], AbstractAsyncContextManager[tuple[Uploads, Checkpoints]]]

_BLOBS: Final = "blobs/"
_LAST: Final = "~"
"""After every SHA-256."""

_MOST_TOLD: Final = 1_000
_CHECKPOINTS_AT_ONCE: Final = 50


class Known(Protocol):
    """What the tables know of objects, inside one transaction."""

    async def compare(self, listed: Mapping[str, int], after: str, until: str) -> set[str]:
        """Have parts read that should be listed after one place ("team/SHA-256") until another, and are not so.

        `listed` are sizes in bytes by place. Return those places that nobody knows.
        """
        ...

    async def teams(self) -> set[str]:
        """Return the teams that have parts."""
        ...


async def check_objects(opened: Open, checkpoints: OpenCheckpoints, objects: Objects) -> Checked:
    """Compare the objects with the tables, and write again what lies beside the bytes. Raises `TransientError`.

    An object that nobody knows is told and never removed: it may be all that is left of something.
    """
    count, team, after = 0, "", ""
    found: list[Difference] = []
    async with opened() as known:
        unseen = await known.teams()
    # The keys of a team come one after another and in order, whatever order a store has of the teams.
    async for page in objects.listing(_BLOBS):
        for of, keys in groupby(page, key=lambda each: each[0].removeprefix(_BLOBS).partition("/")[0]):
            listed = {key.removeprefix(_BLOBS): size for key, size in keys}
            count += len(listed)
            if of != team:
                await _end(team, after, opened)
                team, after = of, f"{of}/"
                unseen.discard(of)
            until = max(listed)
            found += await _foreign(listed, after, until, opened, objects)
            after = until
    await _end(team, after, opened)
    for each in unseen:
        await _end(each, f"{each}/", opened)
    found += await _check_documents(checkpoints, objects)
    return Checked(count, tuple(found[:_MOST_TOLD]))


async def _end(team: str, after: str, opened: Open) -> None:
    """Nothing more of a team is listed."""
    if team:
        async with opened() as known:
            await known.compare({}, after, f"{team}/{_LAST}")


async def _foreign(
    listed: Mapping[str, int], after: str, until: str, opened: Open, objects: Objects
) -> list[Difference]:
    async with opened() as known:
        strange = await known.compare(listed, after, until)
    # One that was swept since it was listed is nobody's any more, and gone.
    return [
        Difference(Kind.OBJECT_FOREIGN, "", f"{_BLOBS}{place}", "", "", f"{listed[place]} bytes")
        for place in sorted(strange)
        if await objects.size(f"{_BLOBS}{place}") is not None
    ]


async def _check_documents(checkpoints: OpenCheckpoints, objects: Objects) -> list[Difference]:
    found: list[Difference] = []
    after = 0
    while True:
        async with checkpoints() as (_, store):
            page = await store.page(None, "", _CHECKPOINTS_AT_ONCE, after, newest_first=False)
        if not page:
            return found
        after = page[-1][0]
        for _, checkpoint in page:
            # Until it is named nothing is written.
            if checkpoint.mlflow_version:
                found += await _check_documents_of(checkpoint, checkpoints, objects)


async def _check_documents_of(
    checkpoint: Checkpoint, checkpoints: OpenCheckpoints, objects: Objects
) -> list[Difference]:
    async with checkpoints() as (uploads, store):
        manifest = await store.manifest(checkpoint.checkpoint_digest)
        layout = await layout_of(checkpoint, store, uploads)
    found = []
    for key, document in documents_of(checkpoint, manifest, layout).items():
        size = await objects.size(key)
        if size != len(document) or b"".join([chunk async for chunk in objects.read(key, 0, size)]) != document:
            await objects.write(key, document)
            what = "" if size is None else f"other bytes, {size} of them"
            expected = f"{len(document)} bytes"
            found.append(Difference(Kind.MANIFEST_DIFFERS, checkpoint.team_id, key, "", expected, what, repaired=True))
    return found

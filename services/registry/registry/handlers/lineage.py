"""The lineage of a checkpoint, a model or a team, gathered from what their declarations say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.errors import NotFoundError

from registry.domain.checkpoint import RegistryFieldError
from registry.domain.lineage import MOST_NODES, Graph, graph

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from registry.domain.checkpoint import Checkpoint, Digest, TeamId


class Declared(Protocol):
    """Declarations of committed checkpoints, inside one transaction."""

    async def these(self, digests: Collection[str]) -> list[Checkpoint]:
        """Return the checkpoints with these digests; what is none is left out."""
        ...

    async def children(self, digests: Collection[Digest], most: int) -> list[Checkpoint]:
        """Return up to `most` checkpoints that name one of `digests` as a parent, the first first."""
        ...

    async def latest(self, team_id: TeamId, model: str, most: int) -> list[Checkpoint]:
        """Return up to `most` checkpoints of a team, and of one model of it where that is named, the last first."""
        ...


async def lineage_of(declared: Declared, digest: Digest) -> Graph:
    """Return what a checkpoint comes from, and what comes from it, nearest first where there is too much.

    Raises `NotFoundError`.
    """
    found = {each.checkpoint_digest: each for each in await declared.these([digest])}
    if digest not in found:
        raise NotFoundError("checkpoint_digest", digest)

    async def parents(generation: list[Checkpoint]) -> list[Checkpoint]:
        return await declared.these({edge.parent for each in generation for edge in each.declaration.lineage})

    async def children(generation: list[Checkpoint]) -> list[Checkpoint]:
        return await declared.children([each.checkpoint_digest for each in generation], MOST_NODES + 1)

    root = list(found.values())
    room_above = await _gather(root, parents, found)
    room_below = await _gather(root, children, found)
    return await _with_parents(declared, found.values(), truncated=not (room_above and room_below))


async def lineage_of_team(declared: Declared, team_id: TeamId, model: str) -> Graph:
    """Return the versions of a team, or of one of its models, with what they come from. Raises `RegistryFieldError`."""
    if not team_id:
        raise RegistryFieldError("team_id", team_id, "must be named, or else checkpoint_digest")
    latest = await declared.latest(team_id, model, MOST_NODES + 1)
    return await _with_parents(declared, latest[:MOST_NODES], truncated=len(latest) > MOST_NODES)


async def _with_parents(declared: Declared, found: Collection[Checkpoint], *, truncated: bool) -> Graph:
    """Return the graph of `found` and of what they come from directly, so that no checkpoint seems to be external."""
    named = {edge.parent for each in found for edge in each.declaration.lineage}
    beside = await declared.these(named - {each.checkpoint_digest for each in found})
    return graph([*found, *beside], {each.checkpoint_digest for each in found}, truncated=truncated)


async def _gather(
    generation: list[Checkpoint],
    following: Callable[[list[Checkpoint]], Awaitable[list[Checkpoint]]],
    found: dict[Digest, Checkpoint],
) -> bool:
    """Add one generation after the other to `found`; return whether all of them had room."""
    while generation:
        new = [each for each in await following(generation) if each.checkpoint_digest not in found]
        generation = new[: MOST_NODES - len(found)]
        found.update({each.checkpoint_digest: each for each in generation})
        if len(generation) < len(new):
            return False
    return True

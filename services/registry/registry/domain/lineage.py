"""Lineage as a graph: checkpoints, what they come from, and what comes from them. Source: design, "Lineage"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from weights.manifest import LineageEdge

    from registry.domain.checkpoint import Checkpoint, Digest

MOST_NODES: Final = 500
"""Checkpoints in one graph: more is no picture."""


@dataclass(frozen=True, slots=True)
class Link:
    """A component of the checkpoint `child` comes from `parent`: a digest, or the name of something external."""

    child: Digest
    parent: str
    edge: LineageEdge


@dataclass(frozen=True, slots=True)
class Graph:
    """Checkpoints in order of commit, names of what is external, and links; `truncated` where there is more."""

    checkpoints: tuple[Checkpoint, ...]
    external: tuple[str, ...]
    links: tuple[Link, ...]
    truncated: bool


def graph(checkpoints: Iterable[Checkpoint], told: Collection[Digest], *, truncated: bool) -> Graph:
    """Return the graph of `checkpoints`, with the links of those that are to be `told`; other parents are external."""
    ordered = tuple(sorted(checkpoints, key=lambda each: (each.committed_at, each.team_id, each.model, each.version)))
    links = tuple(
        Link(each.checkpoint_digest, edge.parent, edge)
        for each in ordered
        for edge in each.declaration.lineage
        if edge.parent and each.checkpoint_digest in told
    )
    inside = {each.checkpoint_digest for each in ordered}
    return Graph(ordered, tuple(sorted({link.parent for link in links} - inside)), links, truncated)

"""Where versions of models come from, and how that is drawn: what comes from something stands to the right of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_WIDTH, _HEIGHT = 260, 84
_BOX_WIDTH, _BOX_HEIGHT = 190, 44


@dataclass(frozen=True, slots=True)
class Origin:
    """A checkpoint, or something external that has nothing but its name (``node_id``)."""

    node_id: str
    external: bool
    team_id: str = ""
    model: str = ""
    version: int = 0
    committed_at: datetime | None = None
    seed: str = ""
    parameters: int = 0
    job_id: str = ""
    training_log_sha256: str = ""
    initialisation_sha256: str = ""
    outcomes: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        """What stands in its box: model and version, or the name."""
        return self.node_id if self.external else f"{self.model} v{self.version}"


@dataclass(frozen=True, slots=True)
class Link:
    """A component of ``child`` comes from ``parent``, as the team declares it."""

    child: str
    parent: str
    component: str
    owner: str
    kind: str
    frozen: bool
    share: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """A graph; ``truncated`` where there is more than is told."""

    nodes: tuple[Origin, ...]
    links: tuple[Link, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A node, drawn: its corner and size in units of the picture."""

    node: Origin
    x: int
    y: int
    width: int = _BOX_WIDTH
    height: int = _BOX_HEIGHT


@dataclass(frozen=True, slots=True)
class Line:
    """The links from one node to another, drawn from the right of the one to the left of the other."""

    links: tuple[Link, ...]
    path: str
    frozen: bool
    third_party: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes and lines, and how large the picture is."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def drawing(lineage: Lineage) -> Drawing:
    """Place each node in the column after the last of its parents, and in a column in the order of the nodes."""
    columns = _columns(lineage)
    rows: dict[int, int] = defaultdict(int)
    boxes: dict[str, Box] = {}
    for node in lineage.nodes:
        column = columns[node.node_id]
        boxes[node.node_id] = Box(node, column * _WIDTH + 8, rows[column] * _HEIGHT + 8)
        rows[column] += 1
    between: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in lineage.links:
        if link.parent in boxes and link.child in boxes:
            between[link.parent, link.child].append(link)
    lines = tuple(_line(boxes[parent], boxes[child], tuple(links)) for (parent, child), links in between.items())
    width = (max(columns.values(), default=0) + 1) * _WIDTH
    return Drawing(tuple(boxes.values()), lines, width, max(rows.values(), default=0) * _HEIGHT + 8)


def _columns(lineage: Lineage) -> dict[str, int]:
    parents: dict[str, set[str]] = defaultdict(set)
    for link in lineage.links:
        parents[link.child].add(link.parent)
    columns = {node.node_id: 0 for node in lineage.nodes}
    # A parent was committed before its child, so nodes in order of commit need one pass; external ones have no parents.
    for node in lineage.nodes:
        known = [columns[parent] for parent in parents[node.node_id] if parent in columns]
        columns[node.node_id] = max(known, default=-1) + 1
    return columns


def _line(parent: Box, child: Box, links: tuple[Link, ...]) -> Line:
    x0, y0 = parent.x + parent.width, parent.y + parent.height // 2
    x1, y1 = child.x, child.y + child.height // 2
    bend = max(30, min(x1 - x0, _WIDTH) // 2)
    # What passes other columns goes between the rows, so that no box hides it.
    passes = _BOX_HEIGHT if x1 - x0 > _WIDTH else 0
    path = f"M{x0},{y0} C{x0 + bend},{y0 + passes} {x1 - bend},{y1 + passes} {x1},{y1}"
    return Line(links, path, all(link.frozen for link in links), any(link.owner == "third-party" for link in links))

"""Tiles: the nodes of the Merkle tree as plain files that never change, for any web server to mirror.

A tile of level L has up to 256 nodes that are 8 × L levels above the leaves, one hash of 32 bytes after the other; the
nodes between two levels of tiles are hashed from them. Only the last tile of a level is partial, and then its name says
how many hashes it has. From a few tiles anyone makes every proof of inclusion and of consistency.

Source: C2SP tlog-tiles v1.0.0 (c2sp.org/tlog-tiles)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.merkle import HASH_BYTES, hash_node
from verify.tree import Coordinate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

HEIGHT = 8
WIDTH = 1 << HEIGHT
LARGEST_ENTRY_BYTES = (1 << 16) - 1
CHECKPOINT = "checkpoint"
_PATH = re.compile(
    r"tile/(?P<level>0|[1-9]|[1-5][0-9]|6[0-3]|entries)/(?P<index>(x[0-9]{3}/)*[0-9]{3})(\.p/(?P<width>[0-9]{1,3}))?"
)


class TileRefusedError(Exception):
    """A tile is not what its name says, or an entry cannot be in a bundle."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile by its place; `width` is how many hashes (or entries) it has, 256 where it is full."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its file."""
        return f"tile/{self.level}/{_spelled(self.index, self.width)}"

    @property
    def entries_path(self) -> str:
        """The file of the entries whose hashes are in this tile of level 0."""
        return f"tile/entries/{_spelled(self.index, self.width)}"

    def nodes(self) -> list[Coordinate]:
        """The nodes in it."""
        return [Coordinate(HEIGHT * self.level, WIDTH * self.index + number) for number in range(self.width)]

    def content(self, nodes: Mapping[Coordinate, bytes]) -> bytes:
        """Its bytes."""
        return b"".join(nodes[node] for node in self.nodes())


def _spelled(index: int, width: int) -> str:
    digits = f"{index:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"


def is_tile_path(path: str) -> bool:
    """Whether a file of this name may be a tile or a bundle of entries, in its one spelling."""
    found = _PATH.fullmatch(path)
    if found is None or not path.isascii():
        return False
    index = int(found["index"].replace("x", "").replace("/", ""))
    width = int(found["width"]) if found["width"] else WIDTH
    if not 1 <= width <= WIDTH or (found["width"] and width == WIDTH):
        return False
    level = found["level"]
    return path == (Tile(0, index, width).entries_path if level == "entries" else Tile(int(level), index, width).path)


def tiles_of(size: int) -> Iterator[Tile]:
    """The tiles of a tree of `size` leaves, by level. Of a larger tree, the full ones among them are the same."""
    level, nodes = 0, size
    while nodes:
        yield from (Tile(level, index) for index in range(nodes // WIDTH))
        if nodes % WIDTH:
            yield Tile(level, nodes // WIDTH, nodes % WIDTH)
        level, nodes = level + 1, nodes // WIDTH


def bundle(entries: Iterable[bytes]) -> bytes:
    """The bytes of a bundle of entries: each after its length in two bytes.

    Raises:
        TileRefusedError: an entry is longer than 65,535 bytes.
    """
    parts = []
    for entry in entries:
        if len(entry) > LARGEST_ENTRY_BYTES:
            raise TileRefusedError(f"an entry has {len(entry)} bytes; a bundle takes at most {LARGEST_ENTRY_BYTES}")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def entries_of(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        TileRefusedError: it does not have exactly `width` entries.
    """
    entries, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
        if at > len(data):
            raise TileRefusedError(f"entry {len(entries) - 1} of the bundle is cut short")
    if len(entries) != width:
        raise TileRefusedError(f"the bundle has {len(entries)} entries, not {width}")
    return entries


class TiledTree:
    """The nodes of a tree of a known size, read from its tiles one by one as they are needed."""

    def __init__(self, size: int, fetch: Callable[[str], bytes]) -> None:
        """Read the files of a tree of `size` leaves by their paths with `fetch`."""
        self._size = size
        self._fetch = fetch
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __getitem__(self, node: Coordinate) -> bytes:
        """The hash of a complete node.

        Raises:
            TileRefusedError: its tile has not the length that its name says.
        """
        level, height = divmod(node.level, HEIGHT)
        first = node.position << height
        data = self._tile(level, first // WIDTH)
        start = first % WIDTH * HASH_BYTES
        hashes = [data[at : at + HASH_BYTES] for at in range(start, start + (HASH_BYTES << height), HASH_BYTES)]
        while len(hashes) > 1:
            hashes = [hash_node(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    def of(self, nodes: Iterable[Coordinate]) -> dict[Coordinate, bytes]:
        """The hashes of these nodes."""
        return {node: self[node] for node in nodes}

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._tiles:
            width = min(WIDTH, (self._size >> (HEIGHT * level)) - WIDTH * index)
            path = Tile(level, index, width).path
            data = self._fetch(path)
            if len(data) != width * HASH_BYTES:
                raise TileRefusedError(f"{path} has {len(data)} bytes, not {width * HASH_BYTES}")
            self._tiles[level, index] = data
        return self._tiles[level, index]

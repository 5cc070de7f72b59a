"""The tiles of an export give the tree that its entries give, so that who reads only tiles is told the same.

Source: C2SP tlog-tiles v1.0.0 (c2sp.org/tlog-tiles)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import tiles
from verify.merkle import HASH_BYTES, hash_leaf
from verify.tiles import HEIGHT, TileRefusedError
from verify.tree import Coordinate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.findings import Report
    from verify.folder import Folder
    from verify.tiles import Tile


def check_tiles(folder: Folder, size: int, nodes: Mapping[Coordinate, bytes], report: Report) -> None:
    """Note every tile of a tree of `size` entries that is missing, of another tree, or another entry's.

    `nodes` are those of the tree. Bundles of entries may be left out, all together.
    """
    wanted = {tile.path: tile for tile in tiles.tiles_of(size)}
    bundles = {tile.entries_path: tile for tile in wanted.values() if tile.level == 0}
    present = set(folder.under("tile/"))
    for path in sorted(present - wanted.keys() - bundles.keys()):
        report.add(path, "", f"a tree of {size} entries has no such tile")
    for path, tile in wanted.items():
        if path not in present:
            report.add(path, "", "the tile is missing")
        else:
            _check_hashes(path, tile, folder.files[path], nodes, report)
    if present & bundles.keys():
        for path, tile in bundles.items():
            _check_bundle(path, tile, folder, nodes, report)


def _check_hashes(path: str, tile: Tile, data: bytes, nodes: Mapping[Coordinate, bytes], report: Report) -> None:
    if len(data) != tile.width * HASH_BYTES:
        report.add(path, "", f"has {len(data)} bytes, {tile.width} hashes have {tile.width * HASH_BYTES}")
        return
    for number, node in enumerate(tile.nodes()):
        if data[number * HASH_BYTES : (number + 1) * HASH_BYTES] != nodes[node]:
            first = node.position << (HEIGHT * tile.level)
            last = first + (1 << (HEIGHT * tile.level)) - 1
            report.add(path, f"hash {number}", f"is not that of entries {first} to {last} of the log")


def _check_bundle(path: str, tile: Tile, folder: Folder, nodes: Mapping[Coordinate, bytes], report: Report) -> None:
    if path not in folder.files:
        report.add(path, "", "the bundle of entries is missing, and others are there")
        return
    try:
        entries = tiles.entries_of(folder.files[path], tile.width)
    except TileRefusedError as error:
        report.add(path, "", str(error))
        return
    first = tile.index * tiles.WIDTH
    for number, entry in enumerate(entries):
        # By its hash: so one that is withheld cannot stand there as another.
        if hash_leaf(entry) != nodes[Coordinate(0, first + number)]:
            report.add(path, f"entry {number}", f"is not entry {first + number} of the log")

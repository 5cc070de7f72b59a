"""The rules of tiles: plain files from which anyone makes every proof."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify.merkle import check_consistency, check_inclusion, hash_leaf
from verify.tiles import Tile, TiledTree, TileRefusedError, bundle, entries_of, is_tile_path, tiles_of
from verify.tree import Tree, assemble, coordinates, plan_consistency, plan_inclusion


def grown(size: int) -> Tree:
    tree = Tree()
    for number in range(size):
        tree.append(b"%d" % number)
    return tree


TREE = grown(1_000)


def served(size: int) -> dict[str, bytes]:
    return {tile.path: tile.content(TREE.nodes) for tile in tiles_of(size)}


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 67, 17), "tile/1/067.p/17"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(2, 1_000, 1), "tile/2/x001/000.p/1"),
    ],
)
def test_a_tile_has_the_file_name_that_mirrors_expect(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert is_tile_path(path)
    assert is_tile_path(replace(tile, level=0).entries_path)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/1", "tile/00/000", "tile/64/000", "tile/0/x000/001", "tile/0/001.p/0", "tile/0/001.p/256",
        "tile/0/001.p/07", "tile/entries/x001", "tile/0/001/", "tile/-1/000", "tile/0/../000", "tile/entries/00١",
    ],
)  # fmt: skip
def test_no_other_spelling_is_a_tile(path: str) -> None:
    assert not is_tile_path(path)


def test_a_tree_of_seventy_thousand_has_the_tiles_that_the_specification_counts() -> None:
    found = list(tiles_of(70_000))
    full = [tile for tile in found if tile.width == 256]
    assert [sum(tile.level == level for tile in full) for level in (0, 1, 2)] == [273, 1, 0]
    assert [tile for tile in found if tile.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_a_grown_tree_keeps_every_full_tile(first: int, second: int) -> None:
    before, after = (set(tiles_of(size)) for size in sorted((first, second)))
    assert {tile for tile in before if tile.width == 256} <= after


@given(st.data())
def test_every_proof_is_made_from_the_tiles_of_a_size(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 1_000))
    first = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, size - 1))
    read: list[str] = []
    files = served(size)
    tree = TiledTree(size, lambda path: read.append(path) or files[path])  # type: ignore[func-returns-value] # to count
    plan = plan_inclusion(index, size)
    check_inclusion(
        leaf_hash=hash_leaf(b"%d" % index),
        index=index,
        size=size,
        proof=assemble(plan, tree.of(coordinates(plan))),
        root=TREE.root(size),
    )
    plan = plan_consistency(first, size)
    check_consistency(
        first=first,
        second=size,
        proof=assemble(plan, tree.of(coordinates(plan))),
        first_root=TREE.root(first),
        second_root=TREE.root(size),
    )
    assert len(read) == len(set(read))


def test_a_tile_of_another_length_is_refused() -> None:
    tree = TiledTree(300, lambda _path: b"\x00" * 32)
    with pytest.raises(TileRefusedError, match="32 bytes, not 8192"):
        tree.of(coordinates(plan_inclusion(0, 300)))


@given(st.lists(st.binary(max_size=300), max_size=10))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert entries_of(bundle(entries), len(entries)) == entries


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x01a\x00", b"\x00\x01a\x00\x01b", b""])
def test_a_bundle_that_is_cut_short_or_of_another_width_is_refused(data: bytes) -> None:
    with pytest.raises(TileRefusedError):
        entries_of(data, 1)


def test_an_entry_that_no_bundle_takes_is_refused() -> None:
    assert len(bundle([b"x" * 65_535])) == 65_537
    with pytest.raises(TileRefusedError):
        bundle([b"x" * 65_536])

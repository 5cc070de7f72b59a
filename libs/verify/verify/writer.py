"""The files of an export, written one after the other; which export they are is said in `verify.export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from verify import canonical, entry, layout, note, readme, tiles
from verify.checkpoint import checkpoint_of
from verify.chronicle import Chronicle
from verify.head import instant_text
from verify.tiles import Tile, TileRefusedError
from verify.tree import Tree
from verify.withheld import Withheld, withheld_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from verify.export import Opened, Receipt, Record
    from verify.head import SignedTreeHead


class EntriesMissingError(Exception):
    """There are fewer entries than the newest head covers."""

    def __init__(self, given: int, wanted: int) -> None:
        """Say how many there are and how many the head covers."""
        super().__init__(f"{given} entries, the newest head covers {wanted}")
        self.given = given
        self.wanted = wanted


class Writer:
    """Writes files and remembers what the manifest must say of them."""

    def __init__(self, root: Path, *, bundles: bool) -> None:
        """Write below `root`; with `bundles` the entries a second time, as C2SP tlog-tiles has them."""
        self._root = root
        self._bundles = bundles
        self._files: list[dict[str, canonical.JsonValue]] = []

    def write(self, record: Record) -> None:
        """Write every file, the manifest last.

        Raises:
            EntriesMissingError: there are fewer entries than the last head covers.
            UnsafeNameError: an id cannot be a file name.
            TileRefusedError: an entry is too long for a bundle, or withheld.
        """
        covered = record.heads[-1].head.tree_size
        openings = _by_entry(record.openings, covered)
        tree, chronicle = self._entries(record.entries, covered, openings)
        self._openings(openings)
        self._file(layout.README, readme.TEXT.encode())
        self._json(
            layout.PUBLIC_KEY,
            {"algorithm": "Ed25519", "log_id": record.log_id, "public_key": record.public_key.hex()},
        )
        self._heads(record.heads, tree)
        self._checkpoints(record, covered)
        for tile in tiles.tiles_of(covered):
            self._file(tile.path, tile.content(tree.nodes))
        for sha256 in chronicle.rule_sets().keys() & record.rule_sets.keys():
            self._file(layout.rule_set_path(sha256), record.rule_sets[sha256])
        for stage_id in chronicle.final_decisions().keys() & record.decisions.keys():
            self._file(layout.inputs_path(stage_id), record.decisions[stage_id].inputs_json)
            self._file(layout.decision_path(stage_id), record.decisions[stage_id].decision_json)
        self._receipts(record.receipts, chronicle, tree, covered)
        self._files.sort(key=lambda file: str(file["path"]))
        head = record.heads[-1].document()
        self._json(layout.MANIFEST, {"files": self._files, "format": layout.FORMAT, "head": head})

    def _entries(
        self, leaves: Iterable[bytes | Withheld], covered: int, openings: Mapping[int, Sequence[Opened]]
    ) -> tuple[Tree, Chronicle]:
        tree, chronicle = Tree(), Chronicle()
        tile: list[bytes] = []
        for leaf in leaves:
            if tree.frontier.size == covered:
                break
            if isinstance(leaf, Withheld):
                index = tree.append_hash(leaf.leaf_hash)
                tile.append(leaf.encode() + b"\n")
            else:
                index = tree.append(leaf)
                chronicle.add(index, entry.decode(leaf), {each.path: each.opening for each in openings.get(index, ())})
                tile.append(leaf + b"\n")
            if len(tile) == layout.TILE_ENTRIES:
                self._entry_tile(index // layout.TILE_ENTRIES, tile)
                tile.clear()
        if tree.frontier.size < covered:
            raise EntriesMissingError(tree.frontier.size, covered)
        if tile:
            self._entry_tile((covered - 1) // layout.TILE_ENTRIES, tile)
        return tree, chronicle

    def _entry_tile(self, number: int, lines: Sequence[bytes]) -> None:
        self._file(layout.tile_path(number), b"".join(lines))
        if self._bundles:
            entries = [line.removesuffix(b"\n") for line in lines]
            for at, each in enumerate(entries):
                if withheld_of(each):
                    raise TileRefusedError(f"entry {number * layout.TILE_ENTRIES + at} is withheld: no bundle has it")
            self._file(Tile(0, number, len(lines)).entries_path, tiles.bundle(entries))

    def _checkpoints(self, record: Record, covered: int) -> None:
        self._file(layout.CHECKPOINT, record.checkpoint)
        for cosigned in record.cosigned:
            size = checkpoint_of(note.parse(cosigned).text).tree_size
            if size <= covered:
                self._file(layout.cosigned_path(size), cosigned)

    def _openings(self, openings: Mapping[int, Sequence[Opened]]) -> None:
        tiles: dict[int, list[bytes]] = {}
        for index in sorted(openings):
            lines = tiles.setdefault(index // layout.TILE_ENTRIES, [])
            lines.extend(each.line() for each in sorted(openings[index], key=lambda each: each.path))
        for number, lines in tiles.items():
            self._file(layout.openings_path(number), b"".join(lines))

    def _heads(self, heads: Sequence[SignedTreeHead], tree: Tree) -> None:
        before: int | None = None
        for signed in heads:
            size = signed.head.tree_size
            extends = None
            if before is not None:
                extends = {"hashes": _hex(tree.consistency(before, size)), "tree_size": before}
            self._json(layout.head_path(size), {"extends": extends, "head": signed.document()})
            before = size

    def _receipts(self, receipts: Sequence[Receipt], chronicle: Chronicle, tree: Tree, covered: int) -> None:
        logged = chronicle.applications()
        for receipt in receipts:
            event = logged.get((receipt.application_id, receipt.version))
            if event is None:
                continue
            self._json(
                layout.receipt_path(receipt.application_id, receipt.version),
                {
                    "application_id": receipt.application_id,
                    "application_sha256": receipt.application_sha256,
                    "event_id": receipt.event_id,
                    "inclusion": {
                        "hashes": _hex(tree.inclusion(event.index, covered)),
                        "leaf_index": event.index,
                        "tree_size": covered,
                    },
                    "received_at": instant_text(receipt.received_at),
                    "version": receipt.version,
                },
            )

    def _json(self, path: str, document: canonical.JsonValue) -> None:
        self._file(path, canonical.encode(document))

    def _file(self, path: str, data: bytes) -> None:
        target = self._root / Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self._files.append({"path": path, "sha256": canonical.sha256_hex(data), "size": len(data)})


def _by_entry(openings: Sequence[Opened], covered: int) -> dict[int, list[Opened]]:
    """Openings of the entries that the newest head covers, by index."""
    found: dict[int, list[Opened]] = {}
    for each in openings:
        if each.index < covered:
            found.setdefault(each.index, []).append(each)
    return found


def _hex(hashes: Sequence[bytes]) -> list[str]:
    return [hashed.hex() for hashed in hashes]

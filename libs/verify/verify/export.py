"""Write the public record of a programme to a folder (`verify.layout`); all content is handed in.

What the log does not cover is left out, and what the log covers but is not handed in is missing: writing forgives,
checking does not. So a folder of a programme that is not in order can be written, and then shown not to be in order.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify import canonical, entry, layout, note, readme, tiles
from verify.checkpoint import checkpoint_of
from verify.chronicle import Chronicle
from verify.head import instant_text
from verify.merkle import hash_leaf
from verify.tiles import Tile, TileRefusedError
from verify.tree import Tree
from verify.withheld import Withheld, withheld_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from verify.head import SignedTreeHead
    from verify.sealing import Opening


class FolderTakenError(Exception):
    """What an export would write is there already."""

    def __init__(self, folder: Path, why: str) -> None:
        """Name the folder, and say why it cannot be written."""
        super().__init__(f"{folder} {why}; an export is written to a new folder")
        self.folder = folder


class NothingSignedError(Exception):
    """There is no signed head: nothing can be proved yet."""


class LogForkedError(Exception):
    """The notary's log is not the continuation of what was known of it: it shows another history now."""

    def __init__(self, tree_size: int) -> None:
        """Say at which size."""
        super().__init__(f"the log forked: its signed head of {tree_size} entries is of another history than this copy")
        self.tree_size = tree_size


class EntriesMissingError(Exception):
    """There are fewer entries than the newest head covers."""

    def __init__(self, given: int, wanted: int) -> None:
        """Say how many there are and how many the head covers."""
        super().__init__(f"{given} entries, the newest head covers {wanted}")
        self.given = given
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class DecisionDocuments:
    """A decision and what it was computed from, each canonical JSON."""

    inputs_json: bytes
    decision_json: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as intake gives it."""

    application_id: str
    version: int
    application_sha256: str
    received_at: datetime
    event_id: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The opening of a sealed value, with its place."""

    index: int
    """Of the entry."""
    path: str
    """JSON pointer to its place in the entry."""
    opening: Opening

    def line(self) -> bytes:
        """Canonical JSON, ended by a line feed."""
        document = {
            "leaf_index": self.index,
            "path": self.path,
            "salt": self.opening.salt.hex(),
            "value": self.opening.value,
        }
        return canonical.encode(document) + b"\n"


@dataclass(frozen=True, slots=True)
class Record:
    """The public record."""

    public_key: bytes
    """The notary's raw Ed25519 key, 32 bytes."""
    log_id: str
    heads: Sequence[SignedTreeHead]
    """By size, smallest first; the last one covers what is exported."""
    entries: Iterable[bytes | Withheld]
    """Leaves in order, at least as many as the last head covers; what stands in place of those that are withheld."""
    rule_sets: Mapping[str, bytes]
    """Canonical documents by SHA-256."""
    decisions: Mapping[str, DecisionDocuments]
    """By stage id."""
    receipts: Sequence[Receipt]
    checkpoint: bytes
    """The newest head as a checkpoint, with its cosignatures."""
    cosigned: Sequence[bytes] = ()
    """Checkpoints that a witness cosigned."""
    openings: Sequence[Opened] = ()
    """What is opened to everyone of the sealed values in the entries."""


def write(record: Record, folder: Path, *, bundles: bool = False) -> None:
    """Write a record. The folder appears only when it is whole; until then `<folder>.partial` is written.

    With `bundles`, the entries are there a second time, as programs for any C2SP tlog-tiles read them.

    Raises:
        NothingSignedError: there is no head.
        FolderTakenError: the folder is there and not empty, or its `.partial` is there.
        OSError: it cannot be written.
        EntriesMissingError: there are fewer entries than the last head covers.
        UnsafeNameError: an id cannot be a file name.
        TileRefusedError: an entry is too long for a bundle.
    """
    if not record.heads:
        raise NothingSignedError
    require_free(folder)
    partial = _partial(folder)
    partial.mkdir(parents=True)
    try:
        _Writer(partial, bundles=bundles).write(record)
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def replace(record: Record, folder: Path, *, bundles: bool = False) -> None:
    """Write a record in place of the export that is there, which stays until the new one is whole.

    Raises:
        LogForkedError: the entries do not give the newest head: what was known before is of another history.
        Exception: as `write`.
    """
    tree = Tree()
    for leaf in record.entries:
        tree.append_hash(leaf.leaf_hash if isinstance(leaf, Withheld) else hash_leaf(leaf))
    newest = record.heads[-1].head
    if tree.root(newest.tree_size) != newest.root_hash:
        raise LogForkedError(newest.tree_size)
    fresh, old = (folder.with_name(folder.name + ending) for ending in (".new", ".old"))
    write(record, fresh, bundles=bundles)
    folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old)


def require_free(folder: Path) -> None:
    """Raise `FolderTakenError` unless an export can be written to a folder without touching anything of others."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise FolderTakenError(folder, "is no empty folder")
    partial = _partial(folder)
    if partial.is_symlink() or partial.exists():
        raise FolderTakenError(partial, "is there: another export is writing it, or was killed and it can be deleted")


def _partial(folder: Path) -> Path:
    return folder.with_name(folder.name + ".partial")


class _Writer:
    """Writes files and remembers what the manifest must say of them."""

    def __init__(self, root: Path, *, bundles: bool) -> None:
        self._root = root
        self._bundles = bundles
        self._files: list[dict[str, canonical.JsonValue]] = []

    def write(self, record: Record) -> None:
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

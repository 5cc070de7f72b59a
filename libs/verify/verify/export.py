"""Write the public record of a programme to a folder (`verify.layout`); all content is handed in.

What the log does not cover is left out, and what the log covers but is not handed in is missing: writing forgives,
checking does not. So a folder of a programme that is not in order can be written, and then shown not to be in order.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify import canonical, entry
from verify.chronicle import Chronicle, version_number
from verify.merkle import hash_leaf
from verify.told import DECISION_FINALIZED
from verify.tree import Tree
from verify.withheld import Withheld
from verify.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

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
        Writer(partial, bundles=bundles).write(record)
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


def final_versions(entries: Iterable[bytes | Withheld]) -> dict[str, int]:
    """The version of each stage's decision that counts by these entries: the last one that became final.

    A stage may be decided again after that; the version that counts stays until another one is final.

    Raises:
        EntryRefusedError: a leaf is no entry.
    """
    chronicle = Chronicle()
    for index, leaf in enumerate(entries):
        if isinstance(leaf, bytes) and DECISION_FINALIZED.encode() in leaf:
            chronicle.add(index, entry.decode(leaf), {})
    return {stage: version_number(event) for stage, event in chronicle.final_decisions().items()}


def require_free(folder: Path) -> None:
    """Raise `FolderTakenError` unless an export can be written to a folder without touching anything of others."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise FolderTakenError(folder, "is no empty folder")
    partial = _partial(folder)
    if partial.is_symlink() or partial.exists():
        raise FolderTakenError(partial, "is there: another export is writing it, or was killed and it can be deleted")


def _partial(folder: Path) -> Path:
    return folder.with_name(folder.name + ".partial")

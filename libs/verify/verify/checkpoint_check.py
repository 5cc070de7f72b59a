"""The checkpoints of an export are the log's own, of the tree that its entries give; and which witnesses saw it.

Source: design page "Selection and notary", "Notary": head B extends head A; C2SP tlog-checkpoint and tlog-cosignature
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify import layout, note, told
from verify.checkpoint import Checkpoint, log_key, open_checkpoint
from verify.cosignature import check_cosignature
from verify.findings import Retired, Witnessed
from verify.merkle import EMPTY_ROOT
from verify.note import NoteRefusedError
from verify.tree import fold, peaks_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from verify.chronicle import Chronicle
    from verify.findings import Report
    from verify.folder import Folder
    from verify.head import SignedTreeHead
    from verify.note import Note, VerifierKey
    from verify.tree import Coordinate


@dataclass(frozen=True, slots=True)
class Opened:
    """A checkpoint that the log signed, of a tree that its entries give."""

    path: str
    note: Note
    checkpoint: Checkpoint


def check_checkpoints(
    folder: Folder,
    key: Ed25519PublicKey | None,
    newest: SignedTreeHead | None,
    nodes: Mapping[Coordinate, bytes],
    report: Report,
) -> list[Opened]:
    """The checkpoints that hold; noted where one is missing, another's, or of another history."""
    if key is None or newest is None:
        return []
    if layout.CHECKPOINT not in folder.files:
        report.add(layout.CHECKPOINT, "", "the file is missing")
    opened = []
    for path in [*folder.under(layout.CHECKPOINT)]:
        try:
            signed = note.parse(folder.files[path])
            checkpoint = open_checkpoint(signed, log_key(key))
            _require_place(path, checkpoint, newest)
            _require_history(checkpoint, newest.head.tree_size, nodes)
        except NoteRefusedError as error:
            report.add(path, "", error.rule)
        else:
            opened.append(Opened(path, signed, checkpoint))
    return opened


def _require_place(path: str, checkpoint: Checkpoint, newest: SignedTreeHead) -> None:
    if path == layout.CHECKPOINT:
        if checkpoint != Checkpoint.of(newest.head):
            raise NoteRefusedError(f"is not that of the newest head, of {newest.head.tree_size} entries")
    elif path != layout.cosigned_path(checkpoint.tree_size):
        raise NoteRefusedError(f"is of {checkpoint.tree_size} entries, and the file is named otherwise")


def _require_history(checkpoint: Checkpoint, size: int, nodes: Mapping[Coordinate, bytes]) -> None:
    """The checkpoint is of this log: the first of its entries give the root that was signed."""
    if checkpoint.tree_size > size:
        raise NoteRefusedError(f"covers {checkpoint.tree_size} entries, there are {size}")
    peaks = [nodes[node] for node in peaks_of(0, checkpoint.tree_size)]
    if (fold(peaks) if peaks else EMPTY_ROOT) != checkpoint.root_hash:
        rule = f"the log forked: it signed another history of {checkpoint.tree_size} entries than the one that is here"
        raise NoteRefusedError(rule)


def check_witnesses(
    opened: Sequence[Opened],
    witnesses: Sequence[VerifierKey],
    quorum: int | None,
    chronicle: Chronicle,
    report: Report,
) -> None:
    """Say what each of these witnesses saw last; noted where fewer than `quorum` (default: all) saw anything.

    Of one that was retired only what it cosigned of trees without the entry that says so counts: a stolen key signs
    whatever time its thief likes, but no tree that is known to have come before.
    """
    report.retired.update(_retired(witnesses, chronicle, report))
    for witness in witnesses:
        retired, seen = report.retired.get(witness.name), None
        for each in opened:
            if not any(signature.is_of(witness) for signature in each.note.signatures):
                continue
            try:
                at = check_cosignature(each.checkpoint, each.note.of(witness), witness)
            except NoteRefusedError as error:
                report.add(each.path, witness.name, error.rule)
                continue
            if retired is not None and each.checkpoint.tree_size > retired.index:
                continue
            if seen is None or each.checkpoint.tree_size > seen.tree_size:
                seen = Witnessed(witness.name, each.checkpoint.tree_size, at)
        if seen is not None:
            report.witnessed.append(seen)
    report.quorum = len(witnesses) if quorum is None else quorum
    if len(report.witnessed) < report.quorum:
        missing = sorted({witness.name for witness in witnesses} - {seen.name for seen in report.witnessed})
        rule = f"{len(report.witnessed)} of {len(witnesses)} witnesses cosigned, {report.quorum} are wanted; not seen: "
        report.add(layout.CHECKPOINT, "", rule + (", ".join(missing) or "any other"))


def _retired(witnesses: Sequence[VerifierKey], chronicle: Chronicle, report: Report) -> dict[str, Retired]:
    """Which of these witnesses the log says were retired, by name; noted where one person alone did it."""
    asked_for = {str(witness): witness.name for witness in witnesses}
    found: dict[str, Retired] = {}
    for event in chronicle.of(told.WITNESS_RETIRED):
        name = asked_for.get(event.fields.text("verifier_key"))
        if name is None or name in found:
            continue
        people = event.fields.text("requested_by"), event.fields.text("confirmed_by")
        if people[0] == people[1] or not all(people):
            report.add(*layout.entry_place(event.index), f"witness {name} was retired by one person alone")
        found[name] = Retired(event.index, *people, event.fields.text("reason"))
    return found

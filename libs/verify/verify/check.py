"""Check a whole export: `check(folder)` reads it once and says everything that does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify import layout
from verify.checkpoint_check import check_checkpoints, check_witnesses
from verify.decision_check import check_decisions, check_rule_sets
from verify.disclosure_check import check_publications
from verify.findings import Report
from verify.folder import check_manifest, read
from verify.log_check import check_entries, check_heads, check_key
from verify.opening_check import check_due
from verify.receipt_check import check_receipts
from verify.release_check import check_releases
from verify.tile_check import check_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from verify.canonical import JsonValue
    from verify.folder import Folder
    from verify.head import SignedTreeHead
    from verify.log_check import ReadLog
    from verify.note import VerifierKey


def check(
    root: Path, *, fingerprint: str | None = None, witnesses: Sequence[VerifierKey] = (), quorum: int | None = None
) -> Report:
    """Check the export in a folder; see `check_files`. Nothing but the folder is read."""
    report = Report()
    folder = read(root, report)
    return check_files(folder, report, fingerprint=fingerprint, witnesses=witnesses, quorum=quorum)


@dataclass(frozen=True, slots=True)
class Examined:
    """What of an export further questions are about."""

    key: Ed25519PublicKey | None
    log: ReadLog


def check_files(
    folder: Folder,
    report: Report,
    *,
    fingerprint: str | None = None,
    witnesses: Sequence[VerifierKey] = (),
    quorum: int | None = None,
) -> Report:
    """Check the files of an export as `examine` does; the report, with what does not hold added to it."""
    examine(folder, report, fingerprint=fingerprint, witnesses=witnesses, quorum=quorum)
    return report


def examine(
    folder: Folder,
    report: Report,
    *,
    fingerprint: str | None = None,
    witnesses: Sequence[VerifierKey] = (),
    quorum: int | None = None,
) -> Examined | None:
    """Check the files of an export, wherever they were read from; its key and log, if it is an export at all.

    It holds if and only if every file is as it is listed, every signature and proof holds, and every rule set, decision
    and receipt is the one that the log has; the notary's key is the one of this fingerprint, if one is given; and a
    quorum (default: all) of these witnesses cosigned the log.
    """
    if layout.MANIFEST not in folder.files:
        if not any(finding.path in ("", layout.MANIFEST) for finding in report.findings):
            # What else is there is not worth a list: it may be any folder.
            report.findings.clear()
            report.add(layout.MANIFEST, "", "is missing: an export is the folder that holds it")
        return None
    claimed = check_manifest(folder, report)
    key = check_key(folder, fingerprint, report)
    heads = check_heads(folder, key, report)
    newest = heads[-1] if heads else None
    _check_claimed_head(claimed, newest, report)
    log = check_entries(folder, heads, report)
    if newest is not None and newest.head.tree_size <= len(log.leaves):
        nodes = log.nodes()
        check_tiles(folder, newest.head.tree_size, nodes, report)
        opened = check_checkpoints(folder, key, newest, nodes, report)
        check_witnesses(opened, witnesses, quorum, log.chronicle, report)
    check_due(log.chronicle, report)
    check_documents(folder, log, newest, report)
    report.settle()
    return Examined(key, log)


def check_documents(folder: Folder, log: ReadLog, newest: SignedTreeHead | None, report: Report) -> None:
    """Note every rule set, decision, publication and receipt that is not what this log, up to this head, says."""
    check_rule_sets(folder, log.chronicle, report)
    check_decisions(folder, log.chronicle, report)
    check_releases(log.chronicle, report)
    check_publications(folder, log.chronicle, report)
    check_receipts(folder, log.chronicle, log.hashes, newest, report)


def _check_claimed_head(claimed: JsonValue | None, newest: SignedTreeHead | None, report: Report) -> None:
    """The manifest's head is the newest one of the folder."""
    if newest is not None and claimed != newest.document():
        report.add(layout.MANIFEST, "head", "is not the newest head of the folder")

"""Check a whole export: `check(folder)` reads it once and says everything that does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import layout
from verify.decision_check import check_decisions, check_rule_sets
from verify.findings import Report
from verify.folder import check_manifest, read
from verify.log_check import check_entries, check_heads, check_key
from verify.opening_check import check_due
from verify.receipt_check import check_receipts

if TYPE_CHECKING:
    from pathlib import Path

    from verify.canonical import JsonValue
    from verify.folder import Folder
    from verify.head import SignedTreeHead


def check(root: Path, *, fingerprint: str | None = None) -> Report:
    """Check the export in a folder, against the notary's key of this fingerprint if one is given.

    Nothing but the folder is read.
    """
    report = Report()
    folder = read(root, report)
    if layout.MANIFEST not in folder.files:
        if root.is_dir() and not root.is_symlink():
            # What else is there is not worth a list: it may be any folder.
            report.findings.clear()
            report.add(layout.MANIFEST, "", "is missing: an export is the folder that holds it")
        return report
    return check_files(folder, report, fingerprint=fingerprint)


def check_files(folder: Folder, report: Report, *, fingerprint: str | None = None) -> Report:
    """Check the files of an export, wherever they were read from; the report, with what does not hold added to it.

    It holds if and only if every file is as it is listed, every signature and proof holds, and every rule set, decision
    and receipt is the one that the log has.
    """
    claimed = check_manifest(folder, report)
    key = check_key(folder, fingerprint, report)
    heads = check_heads(folder, key, report)
    newest = heads[-1] if heads else None
    _check_claimed_head(claimed, newest, report)
    chronicle, hashes = check_entries(folder, heads, report)
    check_due(chronicle, report)
    check_rule_sets(folder, chronicle, report)
    check_decisions(folder, chronicle, report)
    check_receipts(folder, chronicle, hashes, newest, report)
    return report


def _check_claimed_head(claimed: JsonValue | None, newest: SignedTreeHead | None, report: Report) -> None:
    """The manifest's head is the newest one of the folder."""
    if newest is not None and claimed != newest.document():
        report.add(layout.MANIFEST, "head", "is not the newest head of the folder")

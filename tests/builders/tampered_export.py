"""An export of which somebody who has no key changes values, and what a check must say of it.

Whoever changes a value makes the manifest fit again, which anyone can. What is checked is then the part of the check
that reads the changed file; that the whole export holds as it is is checked once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from verify import canonical, layout
from verify.check import check_documents, check_files
from verify.checkpoint_check import check_checkpoints
from verify.export import write
from verify.findings import Finding, Report
from verify.folder import Folder, check_manifest, read
from verify.log_check import check_entries, check_heads, check_key
from verify.tile_check import check_tiles

from tests.builders.programme_record import programme_record
from tests.builders.public_record import small_record
from tests.builders.tampering import NEAR, Change, changed, fitting, names_around

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from verify.export import Record
    from verify.head import SignedTreeHead
    from verify.log_check import ReadLog

DOCUMENTS = ("rule-sets/", "inputs/", "decisions/", "receipts/")
"""Folders of documents that the log alone decides about."""
LINES = ("entries/", "openings/")
"""Folders of files with a document a line."""
GENERAL = ("its SHA-256 is", "is not the document that", "is not the decision in entry")
"""How findings begin that say only which document it is."""


@dataclass(frozen=True, slots=True)
class Export:
    """Files of an export that holds, and its log as it was read."""

    files: dict[str, bytes]
    log: ReadLog
    newest: SignedTreeHead
    key: Ed25519PublicKey

    @classmethod
    def of(cls, record: Record) -> Export:
        """The export of a record."""
        with TemporaryDirectory() as name:
            write(record, Path(name) / "export")
            folder = read(Path(name) / "export", Report())
        report = check_files(folder, Report())
        assert report.findings == []
        key = check_key(folder, None, report)
        assert key is not None
        heads = check_heads(folder, key, report)
        return cls(folder.files, check_entries(folder, heads, report), heads[-1], key)


@cache
def small() -> Export:
    """The small record's."""
    return Export.of(small_record())


@cache
def programme() -> Export:
    """The model programme's."""
    return Export.of(programme_record())


@dataclass(frozen=True, slots=True)
class Tampering:
    """A change of one value of a file, or of a line of one."""

    path: str
    change: Change
    line: int = 0
    """From 1; 0 where the file is one document."""

    def __str__(self) -> str:
        """Where, and what becomes of it."""
        return f"{self.path}{f' line {self.line}' if self.line else ''}: {self.change}"


def documents_of(export: Export, prefixes: Iterable[str] = DOCUMENTS) -> Iterator[tuple[str, object]]:
    """Path and content of each document in these folders."""
    for path in sorted(export.files):
        if path.startswith(tuple(prefixes)):
            yield path, json.loads(export.files[path])


def lines_of(export: Export, prefix: str) -> Iterator[tuple[str, int, object]]:
    """Path, number from 1 and content of each line of the files in a folder."""
    for path in sorted(export.files):
        if path.startswith(prefix):
            for number, line in enumerate(export.files[path].splitlines(), start=1):
                yield path, number, json.loads(line)


def tampered(export: Export, tamperings: Iterable[Tampering]) -> dict[str, bytes]:
    """The files with these changes, at most one of a document or line, and a manifest that fits."""
    files, lines = dict(export.files), dict[str, list[bytes]]()
    paths = set()
    for each in tamperings:
        paths.add(each.path)
        if each.line:
            found = lines.setdefault(each.path, files[each.path].splitlines())
            found[each.line - 1] = canonical.encode(changed(json.loads(found[each.line - 1]), each.change))
        else:
            files[each.path] = canonical.encode(changed(json.loads(files[each.path]), each.change))
    files |= {path: b"".join(line + b"\n" for line in found) for path, found in lines.items()}
    return files if layout.MANIFEST in paths else fitting(files, *paths)


def missed_in_document(export: Export, what: Tampering) -> list[str]:
    """Why a check does not say where a document was changed; empty where it does."""
    report = Report()
    check_documents(Folder(tampered(export, [what])), export.log, export.newest, report)
    said = [finding for finding in report.findings if finding.path == what.path]
    if not said:
        return [f"{what}: went unnoticed"]
    words = _words(json.loads(export.files[what.path]), what)
    if any(all(word in f"{each.place}: {each.rule}" for word in words) and _says_where(each) for each in said):
        return []
    return [f"{what}: {words or 'a place'} wanted, found {[str(each) for each in said][:4]}"]


def _says_where(finding: Finding) -> bool:
    return bool(finding.place) or not finding.rule.startswith(GENERAL)


def _words(document: object, what: Tampering) -> list[str]:
    """What a finding must name: assessor, team and criterion of a score; the member, and whose it is, of any other."""
    if what.change.kind != NEAR:
        return []
    steps = what.change.steps
    match (document, what.path.partition("/")[0], *steps):
        case ({"sheets": list(sheets)}, "inputs", "sheets", int(number), "cells", team, int(row), int(column)):
            table = sheets[number]
            return [str(team), table["assessors"][row], table["criteria"][column]]
        case ({"measurements": list(measured)}, "inputs", "measurements", int(number), 3):
            return [str(name) for name in measured[number][:3]]
        case (
            {"verdicts": list(verdicts)},
            "inputs",
            "verdicts",
            int(number),
            "passed" | "reason" | "evidence" | "judged_by",
            *_,
        ):
            return [verdicts[number][name] for name in ("gate", "team")]
        case (_, "rule-sets" | "decisions", *_):
            return [*names_around(document, steps), [step for step in steps if isinstance(step, str)][-1]]
    return []


def missed_in_lines(export: Export, tamperings: Iterable[Tampering]) -> list[str]:
    """Which of these changes of lines, at most one a line, a check of the whole export does not name by itself."""
    wanted = list(tamperings)
    report = check_files(Folder(tampered(export, wanted)), Report())
    return [
        f"{each}: went unnoticed" for each in wanted if not any(_names_line(found, each) for found in report.findings)
    ]


def _names_line(finding: Finding, what: Tampering) -> bool:
    """Whether a finding names this very line: by its number, or by the hash of its entry in the tiles."""
    if finding.path == what.path:
        return finding.place.split(",")[0] == f"line {what.line}"
    number = int(what.path.removeprefix("entries/").removesuffix(".jsonl")) if what.path.startswith("entries/") else -1
    index = number * layout.TILE_ENTRIES + what.line - 1
    return finding.path.startswith("tile/0/") and finding.rule.endswith(f"of entries {index} to {index} of the log")


def missed_anywhere(export: Export, what: Tampering) -> list[str]:
    """Why a check of the whole export does not name the file that was changed; empty where it does."""
    files = tampered(export, [what])
    if files == export.files:
        return [f"{what}: changes nothing"]
    report = check_files(Folder(files), Report())
    if any(finding.path in (what.path, *_listed(export, what)) for finding in report.findings):
        return []
    return [f"{what}: found {[str(each) for each in report.findings][:4]}"]


def missed_bytes(export: Export, path: str) -> list[str]:
    """Every byte of a file that is no JSON of which one changed bit is not named as this file's.

    The part of the check that reads the file is run for each: README.txt, checkpoint or a tile.
    """
    nodes, good = export.log.nodes(), export.files[path]
    missed = []
    for offset in range(len(good)):
        files = {**export.files, path: good[:offset] + bytes([good[offset] ^ 1]) + good[offset + 1 :]}
        report = Report()
        if path == layout.README:
            check_manifest(Folder(fitting(files, path)), report)
        elif path.startswith("tile/"):
            check_tiles(Folder(files), export.newest.head.tree_size, nodes, report)
        else:
            check_checkpoints(Folder(files), export.key, export.newest, nodes, report)
        if not any(finding.path == path for finding in report.findings):
            missed.append(f"{path} byte {offset}: went unnoticed")
    return missed


def _listed(export: Export, what: Tampering) -> list[str]:
    """The file that a row of the manifest lists: it may be named instead of the manifest."""
    match what.change.steps:
        case ("files", int(row), *_) if what.path == layout.MANIFEST:
            return [json.loads(export.files[layout.MANIFEST])["files"][row]["path"]]
    return []

"""The openings of an export: each is the one opening of a sealed value of the log, and none that is due is missing.

Source: design page "Selection and notary", "Notary": blind or personal content as a salted commitment that is opened
after the embargo
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify import canonical, layout
from verify.sealing import SALT_HEX, Opening, OpeningRefusedError, check_opening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.canonical import JsonValue
    from verify.chronicle import Chronicle
    from verify.entry import Entry
    from verify.findings import Report
    from verify.folder import Folder

MEMBERS = {"leaf_index", "path", "salt", "value"}


@dataclass(frozen=True, slots=True)
class Found:
    """An opening as it was found."""

    file: str
    line: int
    path: str
    opening: Opening


@dataclass(slots=True)
class Openings:
    """The openings of an export by the index of their entry; those of an entry that was met are taken out."""

    waiting: dict[int, list[Found]] = field(default_factory=dict)

    def take(self, index: int, entry: Entry, report: Report) -> dict[str, Opening]:
        """The openings of an entry by path; those that do not open it are noted."""
        good: dict[str, Opening] = {}
        for found in self.waiting.pop(index, ()):
            problem = _problem(found, entry)
            if problem:
                report.add(found.file, f"line {found.line}", f"{found.path} of entry {index}: {problem}")
            else:
                good[found.path] = found.opening
        report.opened += len(good)
        return good

    def note_the_rest(self, report: Report) -> None:
        """Note openings of entries that the log does not have."""
        for index, several in sorted(self.waiting.items()):
            for found in several:
                report.add(found.file, f"line {found.line}", f"the log has no entry {index} to open")


def read_openings(folder: Folder, report: Report) -> Openings:
    """The openings of an export, in whatever they open; a line that is none is noted."""
    openings = Openings()
    for file in folder.under("openings/"):
        before: tuple[int, str] = (-1, "")
        for number, line in _lines(file, folder, report):
            read = _read(line)
            if isinstance(read, str):
                report.add(file, f"line {number}", read)
                continue
            index, path, opening = read
            if (index, path) <= before:
                report.add(file, f"line {number}", "is there twice or out of order")
            elif file != layout.openings_path(index // layout.TILE_ENTRIES):
                report.add(file, f"line {number}", f"the opening of entry {index} belongs into another file")
            else:
                openings.waiting.setdefault(index, []).append(Found(file, number, path, opening))
            before = max(before, (index, path))
    return openings


def check_due(chronicle: Chronicle, report: Report) -> None:
    """Count what is sealed and what is erased, and note what is sealed although its embargo has ended."""
    for unopened in chronicle.unopened:
        if chronicle.is_erased(unopened):
            report.erased += 1
            continue
        report.sealed += 1
        ended = chronicle.ended.get(unopened.embargo or "")
        if unopened.seal_class.opens_by_itself and ended is not None:
            report.add(
                layout.openings_path(unopened.index // layout.TILE_ENTRIES),
                "",
                f"{unopened.path} of entry {unopened.index} is sealed, although its embargo ended with entry {ended}",
            )
    report.unreadable.extend(chronicle.unreadable)
    for index, path in chronicle.hidden:
        report.add(*layout.entry_place(index), f"{path} is sealed otherwise than the contract says, and not opened")
    for event in chronicle.unlawful_erasures():
        report.add(
            *layout.entry_place(event.index), "tells of the erasure of a value that is not personal, or is not there"
        )


def _lines(file: str, folder: Folder, report: Report) -> Iterator[tuple[int, bytes]]:
    *lines, rest = folder.files[file].split(b"\n")
    if rest or not lines:
        report.add(file, f"line {len(lines) + 1}", "the last line has no line feed")
    yield from enumerate(lines, start=1)


def _read(line: bytes) -> tuple[int, str, Opening] | str:
    """Index, path and opening of a line; what is wrong with it where it is none."""
    try:
        document = canonical.decode(line)
    except canonical.NotCanonicalError as error:
        return f"{error.reason}, at byte {error.offset}"
    if not isinstance(document, dict) or set(document) != MEMBERS:
        return f"an opening has exactly the members {', '.join(sorted(MEMBERS))}"
    return _shape(document)


def _shape(document: dict[str, JsonValue]) -> tuple[int, str, Opening] | str:
    index, path, salt = document["leaf_index"], document["path"], document["salt"]
    if type(index) is not int or index < 0:
        return "leaf_index is no count"
    if not isinstance(path, str):
        return "path is no text"
    if not isinstance(salt, str) or not SALT_HEX.fullmatch(salt):
        return "salt is not 64 digits of lower-case hex"
    return index, path, Opening(bytes.fromhex(salt), document["value"])


def _problem(found: Found, entry: Entry) -> str:
    """Why an opening does not open its entry; empty where it does."""
    if found.path not in entry.sealed:
        return "nothing is sealed there"
    try:
        check_opening(found.opening, entry.sealed[found.path], event_id=entry.event_id, path=found.path)
    except OpeningRefusedError as error:
        other = next((path for path in entry.sealed if path != found.path and _opens(found.opening, entry, path)), None)
        return error.rule if other is None else f"is the opening of {other}"
    return ""


def _opens(opening: Opening, entry: Entry, path: str) -> bool:
    try:
        check_opening(opening, entry.sealed[path], event_id=entry.event_id, path=path)
    except OpeningRefusedError:
        return False
    return True

"""Every change of every value of the model programme's export, and what looks for each in a process of its own."""

from __future__ import annotations

import os
from collections import defaultdict
from itertools import zip_longest
from typing import TYPE_CHECKING

from tests.builders import tampered_export as tampering
from tests.builders.tampered_export import Tampering, documents_of, lines_of, programme
from tests.builders.tampering import Change, near_changes, structural_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SIGNED = ("heads/", "manifest.json", "public-key.json")

Group = tuple[Tampering, ...]


def every_change(document: object) -> Iterator[Change]:
    """Each value changed twice: by the least, and otherwise. DOKPAMO_FUZZ_SEED=0 to 3 take every other way in turn."""
    yield from near_changes(document)
    yield from structural_changes(document, int(os.environ.get("DOKPAMO_FUZZ_SEED", "0")))


def of_documents(prefixes: Iterable[str] = tampering.DOCUMENTS) -> list[Tampering]:
    """Every change of the documents in these folders."""
    return [
        Tampering(path, change)
        for path, document in documents_of(programme(), prefixes)
        for change in every_change(document)
    ]


def of_lines(prefix: str) -> list[Group]:
    """Every change of the lines of these files, in groups with one change of every line: each must be named."""
    of_files: dict[str, list[list[Tampering]]] = defaultdict(list)
    for path, number, document in lines_of(programme(), prefix):
        of_files[path].append([Tampering(path, change, number) for change in every_change(document)])
    return [
        tuple(each for each in group if each is not None)
        for several in of_files.values()
        for group in zip_longest(*several)
    ]


def missed_in_document(what: Tampering) -> list[str]:
    """As `tampered_export.missed_in_document`."""
    return tampering.missed_in_document(programme(), what)


def missed_in_lines(group: Group) -> list[str]:
    """As `tampered_export.missed_in_lines`."""
    return tampering.missed_in_lines(programme(), group)


def missed_anywhere(what: Tampering) -> list[str]:
    """As `tampered_export.missed_anywhere`."""
    return tampering.missed_anywhere(programme(), what)

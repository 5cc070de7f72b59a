"""Whatever one value of a record is changed, the check fails and says which document, which team, which part.

Somebody who changes a value makes the manifest fit again, which anyone can, but has no key. Every value of every
document of a small record is changed; of the whole model programme a few always, and every value with `-m on_demand`.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest
from verify import canonical, layout
from verify.check import check_files
from verify.export import write
from verify.findings import Report
from verify.folder import Folder, read

from tests.builders.programme_record import programme_record
from tests.builders.public_record import small_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.export import Record

DOCUMENTS = ("rule-sets/", "inputs/", "decisions/", "receipts/")
Step = str | int


@dataclass(frozen=True, slots=True)
class Tampering:
    """One value of one document that is changed."""

    path: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """Where the value stands."""
        return f"{self.path}:{'.'.join(map(str, self.steps))}"


def files_of(record: Record) -> dict[str, bytes]:
    folder = Path(mkdtemp()) / "export"
    try:
        write(record, folder)
        return read(folder, Report()).files
    finally:
        shutil.rmtree(folder.parent)


@cache
def small() -> dict[str, bytes]:
    return files_of(small_record())


@cache
def programme() -> dict[str, bytes]:
    return files_of(programme_record())


def tamperings(files: dict[str, bytes]) -> Iterator[Tampering]:
    """Every value of every document."""
    for path in sorted(files):
        if path.startswith(DOCUMENTS):
            for steps in _leaves(json.loads(files[path])):
                yield Tampering(path, steps)


def _leaves(value: Any, steps: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    if isinstance(value, dict | list):
        members: Any = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in members:
            yield from _leaves(inner, (*steps, name))
    else:
        yield steps


def changed(value: Any) -> Any:
    """Another value of the same kind, as near as can be: the last digit of a number or an instant."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 1
    if value and (digits := re.search(r"\d(?=\D*$)", value)):
        return value[: digits.start()] + str((int(digits[0]) + 1) % 10) + value[digits.end() :]
    return value + "x"


def tampered(files: dict[str, bytes], what: Tampering) -> dict[str, bytes]:
    """The files with one value changed and a manifest that fits."""
    document = json.loads(files[what.path])
    target = document
    for step in what.steps[:-1]:
        target = target[step]
    target[what.steps[-1]] = changed(target[what.steps[-1]])
    data = canonical.encode(document)
    manifest = json.loads(files[layout.MANIFEST])
    row = next(row for row in manifest["files"] if row["path"] == what.path)
    row |= {"size": len(data), "sha256": canonical.sha256_hex(data)}
    return files | {what.path: data, layout.MANIFEST: canonical.encode(manifest)}


def words_of(files: dict[str, bytes], what: Tampering) -> list[str]:
    """What a finding must name: assessor, team and criterion of a score; the member, and whose it is, of any other."""
    document, steps = json.loads(files[what.path]), what.steps
    match (what.path.partition("/")[0], *steps):
        case ("inputs", "sheets", number, "cells", team, row, column):
            table = document["sheets"][number]
            return [str(team), table["assessors"][row], table["criteria"][column]]
        case ("inputs", "measurements", number, 3):
            return [str(name) for name in document["measurements"][number][:3]]
        case ("inputs", "verdicts", number, "passed" | "reason" | "evidence" | "judged_by", *_):
            return [document["verdicts"][number][name] for name in ("gate", "team")]
        case ("rule-sets" | "decisions", *_):
            return [*_names_around(document, steps), [step for step in steps if isinstance(step, str)][-1]]
    return []


def _names_around(value: Any, steps: tuple[Step, ...]) -> Iterator[str]:
    """The team, part or other name of each object of a list on the way, unless it is the name that is changed."""
    for step, following in zip(steps, (*steps[1:], ""), strict=True):
        value = value[step]
        if isinstance(step, int) and isinstance(value, dict):
            yield from (value[name] for name in ("id", "team") if name in value and name != following)


def expect_named(files: dict[str, bytes], what: Tampering) -> None:
    report = check_files(Folder(tampered(files, what)), Report())
    said = [f"{finding.place}: {finding.rule}" for finding in report.findings if finding.path == what.path]
    assert said, f"{what} went unnoticed"
    words = words_of(files, what)
    assert any(all(word in line for word in words) for line in said), (what, words, said)


def test_the_record_holds_as_it_is() -> None:
    assert check_files(Folder(small()), Report()).findings == []


@pytest.mark.parametrize("path", sorted({what.path for what in tamperings(small())}))
def test_any_one_changed_value_of_a_document_is_named_with_its_place(path: str) -> None:
    for what in tamperings(small()):
        if what.path == path:
            expect_named(small(), what)


def of_the_programme(count: int | None) -> list[Tampering]:
    """Values of the model programme's documents: all, or some of each kind."""
    everything = list(tamperings(programme()))
    if count is None:
        return everything
    return [
        what
        for prefix in DOCUMENTS
        for what in random.Random(7).sample([each for each in everything if each.path.startswith(prefix)], count)
    ]


def test_the_model_programme_is_recomputed_and_any_one_changed_value_is_named() -> None:
    report = check_files(Folder(programme()), Report())
    assert report.findings == []
    assert report.decisions == ["added-call", "presentation", "stage-1", "stage-2", "written-review"]
    for what in of_the_programme(1):
        expect_named(programme(), what)


@pytest.mark.on_demand
@pytest.mark.timeout(4 * 3600)
def test_every_one_changed_value_of_the_model_programme_is_named() -> None:
    for what in of_the_programme(None):
        expect_named(programme(), what)


@pytest.mark.parametrize("number", [0, 3, 7, 14])
def test_a_changed_byte_of_the_log_is_named_with_its_entry(number: int) -> None:
    """A rule, a score, a date in the log itself: the tile of its hashes tells which entry it was."""
    (path,) = [path for path in small() if path.startswith("entries/")]
    lines = small()[path].split(b"\n")
    lines[number] = lines[number].replace(b'"time":"2026', b'"time":"2025')
    files = small() | {path: b"\n".join(lines)}
    found = check_files(Folder(files), Report()).findings
    assert f"tile/0/000.p/15, hash {number}: is not that of entries {number} to {number} of the log" in map(str, found)

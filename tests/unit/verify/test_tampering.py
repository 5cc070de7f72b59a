"""Whatever one value of a record is changed, the check fails and says which document, which team, which part.

Somebody who changes a value makes the manifest fit again, which anyone can, but has no key. Every value of a small
record is changed here, and some of the model programme's; every value of that one in `test_every_value.py`.
"""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import zip_longest

import pytest
from verify.check import check_files
from verify.findings import Report
from verify.folder import Folder

from tests.builders.tampered_export import (
    DOCUMENTS,
    Tampering,
    documents_of,
    lines_of,
    missed_anywhere,
    missed_bytes,
    missed_in_document,
    missed_in_lines,
    programme,
    small,
)
from tests.builders.tampered_programme import SIGNED, every_change
from tests.builders.tampering import NEAR, NULL, Change, near_changes


@pytest.mark.parametrize("path", [path for path, _ in documents_of(small())])
def test_any_one_changed_value_of_a_document_is_named_with_its_place(path: str) -> None:
    (document,) = [document for each, document in documents_of(small()) if each == path]
    changes = list(every_change(document))
    assert changes
    assert [missed for change in changes for missed in missed_in_document(small(), Tampering(path, change))] == []


@pytest.mark.parametrize("folder", ["entries/", "openings/"])
def test_any_one_changed_value_of_a_line_is_named_with_its_line(folder: str) -> None:
    """The nth value of every line at once: each line must be named by itself."""
    several = [
        [Tampering(path, change, number) for change in every_change(document)]
        for path, number, document in lines_of(small(), folder)
    ]
    for group in zip_longest(*several):
        assert missed_in_lines(small(), [each for each in group if each is not None]) == []


def test_a_changed_value_of_a_head_of_the_key_or_of_the_manifest_is_named() -> None:
    changes = [Tampering(path, change) for path, document in documents_of(small(), SIGNED)
               for change in every_change(document)]  # fmt: skip
    for what in random.Random(7).sample(changes, 60):
        assert missed_anywhere(small(), what) == []


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000.p/17"])
def test_any_one_changed_byte_of_the_checkpoint_and_of_a_tile_is_named(path: str) -> None:
    assert missed_bytes(small(), path) == []


def test_the_model_programme_is_recomputed_and_any_one_changed_value_is_named() -> None:
    report = check_files(Folder(programme().files), Report())
    assert report.findings == []
    assert report.decisions == ["added-call", "presentation", "stage-1", "stage-2", "written-review"]
    for folder in DOCUMENTS:
        changes = [Tampering(path, change) for path, document in documents_of(programme(), [folder])
                   for change in near_changes(document)]  # fmt: skip
        for what in random.Random(7).sample(changes, 4):
            assert missed_in_document(programme(), what) == []


@pytest.mark.parametrize("kind", [NEAR, NULL])
def test_another_seed_of_a_lot_is_named_as_the_one_thing_that_differs(kind: str) -> None:
    what = Tampering("inputs/stage-1.json", Change(("seed",), kind))
    assert missed_in_document(programme(), what) == []


@pytest.mark.parametrize("folder", ["entries/", "openings/"])
def test_a_changed_value_of_a_line_of_the_model_programme_is_named_with_its_line(folder: str) -> None:
    of_files: dict[str, list[Tampering]] = defaultdict(list)
    chance = random.Random(7)
    for path, number, document in lines_of(programme(), folder):
        of_files[path].append(Tampering(path, chance.choice(list(near_changes(document))), number))
    some = [what for whats in of_files.values() for what in chance.sample(whats, 20)]
    assert missed_in_lines(programme(), some) == []

"""Every value of every file of the model programme's record is changed, and each change is named with its place.

Long: `make attacks` runs it on every core, with a line now and then on how far it is. Of the documents one value at a
time is changed, in every way of `tests.builders.tampering`; of the log's entries and of the openings one value of every
line, each of which must be named by itself. `test_tampering.py` has a sample of the same.
"""

from __future__ import annotations

import pytest

from tests.builders import tampered_programme as tampering
from tests.builders.in_parallel import in_parallel
from tests.builders.tampered_export import missed_bytes, programme

pytestmark = [pytest.mark.on_demand, pytest.mark.timeout(0)]


def test_every_change_of_a_rule_set_score_decision_or_receipt_is_named() -> None:
    assert in_parallel(tampering.missed_in_document, tampering.of_documents(), "documents, a change each") == []


@pytest.mark.parametrize("folder", ["openings/", "entries/"])
def test_every_change_of_a_line_is_named(folder: str) -> None:
    groups = tampering.of_lines(folder)
    print(f"{sum(map(len, groups)):,} changes of lines of {folder}")
    assert in_parallel(tampering.missed_in_lines, groups, f"{folder}, some lines at once", size=1) == []


def test_every_change_of_a_head_of_the_key_or_of_the_manifest_is_named() -> None:
    changes = tampering.of_documents(tampering.SIGNED)
    assert in_parallel(tampering.missed_anywhere, changes, "heads, key and manifest, a change each") == []


def test_every_changed_byte_of_the_checkpoint_the_tiles_and_the_readme_is_named() -> None:
    paths = [path for path in sorted(programme().files) if path.startswith(("README.txt", "checkpoint", "tile/"))]
    print(f"{sum(len(programme().files[path]) for path in paths):,} bytes of {len(paths)} files")
    assert [missed for path in paths for missed in missed_bytes(programme(), path)] == []

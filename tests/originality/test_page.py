"""The page: each run writes its own part of it, and the figures are those of the pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from originality import Finding

from tests.originality import page
from tests.originality.kinds import Truth
from tests.originality.pairs import Outcome
from tests.originality.published import TORCHANI, Pair

if TYPE_CHECKING:
    from pathlib import Path

FOUND = Outcome(-20.0, 0.0, (Finding.DERIVED,), (12,), 0.9)
NOTHING = Outcome(-0.2, 0.0, (Finding.NO_EVIDENCE,), (1, 0, 3), 0.01)


def test_a_run_writes_its_own_part_and_leaves_the_words_around_it(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("# By hand\n<!-- one -->\nold\n<!-- end of one -->\nmore\n<!-- two -->\n<!-- end of two -->\n")
    page.write("one", "| new | \\1 |\n", file)
    page.write("one", "| newer |", file)
    assert file.read_text() == (
        "# By hand\n<!-- one -->\n| newer |\n<!-- end of one -->\nmore\n<!-- two -->\n<!-- end of two -->\n"
    )
    with pytest.raises(ValueError, match="0 parts named three"):
        page.write("three", "", file)


def test_both_parts_of_the_kept_page_are_there() -> None:
    text = page.PAGE.read_text("utf-8")
    for part in ("synthetic", "published"):
        assert text.count(f"<!-- {part} -->") == text.count(f"<!-- end of {part} -->") == 1


def test_the_confusion_matrix_counts_what_is_true_and_what_was_said() -> None:
    pairs = [
        (Pair("a", "b", Truth.INDEPENDENT), NOTHING),
        (Pair("a", "c", Truth.INDEPENDENT), FOUND),
        (Pair("b", "d", Truth.DERIVED), FOUND),
    ]
    made = [(Pair("a", "fp16", Truth.DERIVED), FOUND), (Pair("b", "fp16", Truth.DERIVED), NOTHING)]
    text = page.published([(TORCHANI, pairs, made)])
    assert f"| {TORCHANI.name} | derived | 1 | 1 | 0 | – |" in text
    assert f"| {TORCHANI.name} | independent | 2 | 1 | 1 | 4, 4.000 |" in text
    assert "| **all** | independent | 2 | 1 | 1 | rate 1.26–98.74 % |" in text
    assert "| fp16 | its parent | 2 | 1 | 1.26–98.74 % |" in text
    assert "| independent models, seen | 3 | 2 | 2 | 1 | 1 | 1 | 1 |" in text

"""A report that was kept as JSON is the one that was made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from originality.folders import examine_folders
from originality.folders.page import page
from originality.folders.reading import NotAReportError, report_of

from tests.component.registry.test_examinations import model, trained_on, weights

if TYPE_CHECKING:
    from pathlib import Path


def test_a_report_that_was_kept_is_the_same_and_so_is_its_page(tmp_path: Path) -> None:
    first, second = model(tmp_path / "first", weights(1)), model(tmp_path / "second", trained_on(weights(1), 2))
    (second / "LICENSE").write_text("Apache License")
    report = examine_folders(first, second, seed=7)
    again = report_of(json.loads(json.dumps(report.to_json())))
    assert again == report
    assert page(again, "ko") == page(report, "ko")


@pytest.mark.parametrize("spoil", ["schema", "components", "first"])
def test_another_document_is_refused(tmp_path: Path, spoil: str) -> None:
    folder = model(tmp_path / "one", weights(1))
    document = json.loads(json.dumps(examine_folders(folder, folder, seed=7).to_json()))
    document[spoil] = "something else"
    with pytest.raises(NotAReportError):
        report_of(document)

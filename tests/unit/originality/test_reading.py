"""A report that was kept as JSON is the one that was made, and it is of the form that its schema tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator, ValidationError
from originality.folders import examine_against, examine_folders, write_fingerprint
from originality.folders.page import page
from originality.folders.reading import BEFORE, NotAReportError, report_of
from originality.folders.report import SCHEMA
from originality.folders.schema import report_schema

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


def test_a_report_of_the_form_before_is_read(tmp_path: Path) -> None:
    folder = model(tmp_path / "one", weights(1))
    report = examine_folders(folder, folder, seed=7)
    document = json.loads(json.dumps(report.to_json())) | {"schema": BEFORE}
    del document["axes_put_back"]
    for one in document["components"]:
        del one["first"]["heads"], one["second"]["heads"]
    assert page(report_of(document), "ko") == page(report, "ko")


def test_every_report_is_of_the_form_that_the_schema_tells(tmp_path: Path) -> None:
    told = report_schema()
    Draft202012Validator.check_schema(told)
    valid = Draft202012Validator(told)
    first, second = model(tmp_path / "first", weights(1)), model(tmp_path / "second", trained_on(weights(1), 2))
    (second / "LICENSE").write_text("Apache License")
    (tmp_path / "catalogue").mkdir()
    write_fingerprint(first, tmp_path / "catalogue/one.safetensors")
    reports = (examine_folders(first, second, seed=7), *examine_against(tmp_path / "catalogue", second, seed=7))
    documents = [json.loads(json.dumps(report.to_json())) for report in reports]
    for document in documents:
        valid.validate(document)
        assert document["schema"] == SCHEMA
    without = {name: value for name, value in documents[0].items() if name != "level"}
    for wrong in (without, documents[0] | {"schema": BEFORE}, documents[0] | {"verdict": "own"}):
        with pytest.raises(ValidationError):
            valid.validate(wrong)

"""Two model folders: each way of making one from another is found part by part, and independent ones are not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from originality import Finding
from originality.folders import examine_folders

from tests.builders.model_folder import write_model
from tests.builders.tiny_models import (
    BERT,
    GPT2,
    LLAMA,
    MIXTRAL,
    SIGLIP,
    bert,
    gpt2,
    llama,
    mixtral,
    siglip,
    trained_on,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from originality.folders import FolderReport
    from originality.folders.comparing import Told

FOUND = {Finding.IDENTICAL, Finding.DERIVED, Finding.PARTLY_DERIVED}
PARENT = llama(1)


def examined(folder: Path, first: Any, second: Any, settings: Mapping[str, Any] = LLAMA, **more: Any) -> FolderReport:
    sides = [
        write_model(folder / name, tensors, more.pop(f"settings_{name}", settings))
        for name, tensors in (("first", first), ("second", second))
    ]
    return examine_folders(sides[0], sides[1], seed=7, **more)


def findings(report: FolderReport, *kinds: str) -> Counter[Finding]:
    """How often each finding was made of the components of these kinds (all), of those that have a test."""
    made = Counter(one.found.finding for one in report.components if not kinds or one.kind.startswith(kinds))
    del made[Finding.NOT_TESTABLE]
    return made


def of_kind(report: FolderReport, kind: str, layer: int | None = None) -> Told:
    return next(one for one in report.components if one.kind == kind and one.second.layer == layer)


@pytest.mark.parametrize(
    ("family", "settings"), [(llama, LLAMA), (gpt2, GPT2), (bert, BERT), (siglip, SIGLIP), (mixtral, MIXTRAL)]
)
def test_independent_models_of_each_family_give_no_evidence_and_children_are_derived_in_every_part(
    tmp_path: Path, family: Any, settings: Mapping[str, Any]
) -> None:
    independent = examined(tmp_path / "1", family(1), family(2), settings)
    child = examined(tmp_path / "2", family(1), trained_on(family(1), 0.1, 3), settings)
    assert findings(independent).keys() == {Finding.NO_EVIDENCE}
    assert findings(child).keys() == {Finding.DERIVED}
    assert findings(child).total() >= findings(independent).total() >= 12
    # All but positions, masks and the like is in a part that has an axis to test.
    assert child.first.covered > 0.95
    assert child.first.not_examined == ()

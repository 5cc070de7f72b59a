"""What units read of tokens: no rotation of the residual axis hides it, and independent models stay so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality import Finding
from originality.folders import examine_folders
from originality.folders.images import KIND, TokenImage
from scipy.stats import ortho_group

from tests.builders.model_folder import write_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Tensors = dict[str, Array]

WIDTH, HIDDEN, TOKENS, LAYERS = 48, 96, 200, 6
CONFIGURATION = {
    "model_type": "llama",
    "hidden_size": WIDTH,
    "intermediate_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "vocab_size": TOKENS,
}


def _model(seed: int) -> Tensors:
    rng = np.random.default_rng(seed)
    shapes = {"model.embed_tokens.weight": (TOKENS, WIDTH)}
    for layer in range(LAYERS):
        start = f"model.layers.{layer}.mlp."
        shapes |= {f"{start}{part}_proj.weight": (HIDDEN, WIDTH) for part in ("gate", "up")}
        shapes[f"{start}down_proj.weight"] = (WIDTH, HIDDEN)
    return {name: rng.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}


def _turned(tensors: Tensors) -> Tensors:
    turn = ortho_group.rvs(WIDTH, random_state=1).astype(np.float32)
    return {
        name: turn.T @ tensor if name.endswith("down_proj.weight") else tensor @ turn
        for name, tensor in tensors.items()
    }


def _images(first: Tensors, second: Tensors, folder: Path) -> list[Any]:
    folders = [
        write_model(folder / name, tensors, CONFIGURATION) for name, tensors in (("first", first), ("second", second))
    ]
    report = examine_folders(*folders, seed=1)
    others = {one.found.finding for one in report.components if one.kind != KIND}
    assert second is first or Finding.DERIVED not in others
    return [one for one in report.components if one.kind == KIND]


def test_a_residual_axis_turned_by_any_rotation_does_not_hide_a_parent(tmp_path: Path) -> None:
    parent = _model(1)
    found = _images(parent, _turned(parent), tmp_path)
    assert [one.second.layer for one in found] == [0, 1, 3, 5]
    assert {(one.found.finding, one.found.test.exact) for one in found} == {(Finding.DERIVED, True)}


def test_images_of_independent_models_give_no_evidence(tmp_path: Path) -> None:
    found = _images(_model(1), _model(2), tmp_path)
    assert {one.found.finding for one in found} == {Finding.NO_EVIDENCE}


def test_images_of_equal_weights_are_identical(tmp_path: Path) -> None:
    parent = _model(1)
    assert {one.found.finding for one in _images(parent, parent, tmp_path)} == {Finding.IDENTICAL}


def test_an_image_is_weights_times_tokens_less_the_mean_in_the_part_asked_for() -> None:
    rng = np.random.default_rng(1)
    units, tokens = rng.standard_normal((7, 5), dtype=np.float32), rng.standard_normal((5, 9), dtype=np.float32)
    image, whole = TokenImage(units, tokens), units @ tokens
    whole -= whole.mean(axis=1, keepdims=True)
    assert (image.shape, image.size, len(image), image.ndim) == ((7, 9), 63, 7, 2)
    assert image[:] == pytest.approx(whole, abs=1e-5)
    assert image[np.array([2, 6]), 1:4] == pytest.approx(whole[[2, 6], 1:4], abs=1e-5)

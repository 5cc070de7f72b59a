"""What is given as the fingerprint of a known model is read strictly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from originality.folders import write_fingerprint
from registry.store.fingerprints import NotAFingerprintError, answer, read
from safetensors.numpy import load_file, save_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fingerprint of a small model."""
    folder = tmp_path_factory.mktemp("fingerprints")
    chance = np.random.default_rng(1)
    shapes = {"gate_proj": (96, 32), "up_proj": (96, 32), "down_proj": (32, 96)}
    tensors = {
        f"model.layers.0.mlp.{name}.weight": chance.normal(0, 0.02, shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    save_file(tensors, folder / "model.safetensors")
    write_fingerprint(folder / "model.safetensors", folder / "good.safetensors", "Other 7B")
    return folder / "good.safetensors"


def with_units(change: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {**arrays, "units": np.ascontiguousarray(change(arrays["units"]))}


def with_about(**changes: Any) -> Callable[[Arrays], Arrays]:
    def changed(arrays: Arrays) -> Arrays:
        about = {**json.loads(arrays["about"].tobytes()), **changes}
        return {**arrays, "about": np.frombuffer(json.dumps(about).encode(), np.uint8)}

    return changed


def test_what_the_command_makes_is_taken(good: Path) -> None:
    read(good)


@pytest.mark.parametrize(
    "change",
    [
        with_units(lambda units: np.full_like(units, np.nan)),
        with_units(lambda units: units[:-1]),
        with_units(lambda units: units[:, :32]),
        with_units(lambda units: units.reshape(-1)),
        with_about(schema="dokpamo.fingerprint/2"),
        with_about(parts=[{"key": {"tower": "x"}}]),
        with_about(described={"name": "x"}),
        lambda arrays: {"units": arrays["units"]},
        lambda arrays: {"w": arrays["units"].astype(np.float32)},
    ],
)
def test_what_it_cannot_have_made_is_refused(good: Path, tmp_path: Path, change: Callable[[Arrays], Arrays]) -> None:
    wrong = tmp_path / "wrong.safetensors"
    save_file(change(load_file(good)), wrong)
    with pytest.raises(NotAFingerprintError) as refusal:
        read(wrong)
    assert refusal.value.rule


@pytest.mark.parametrize("size", [0, 7, 100, -1])
def test_what_is_cut_short_is_refused(good: Path, tmp_path: Path, size: int) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(good.read_bytes()[:size])
    with pytest.raises(NotAFingerprintError):
        read(cut)


def test_bytes_that_are_not_those_of_the_sha256_are_told_as_damage(tmp_path: Path) -> None:
    class Elsewhere:
        def blocks(self, _piece: object) -> Iterator[bytes]:
            yield b"other bytes"

    asked = {"name": "other-7b", "size_bytes": 11, "sha256": "0" * 64, "url": "http://store/x"}
    told = answer(tmp_path, Elsewhere(), asked)  # type: ignore[arg-type]  # it reads, and no more
    assert (told["kind"], told["damaged"]["path"]) == ("differs", "other-7b")

"""A model folder is read strictly, and its tensors without a copy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from weights.folder import FolderRefusedError, ModelFolder
from weights.safetensors import CheckpointFileTruncatedError, SafetensorsRefusedError

from tests.builders.model_folder import bfloat16, write_model, write_safetensors
from tests.builders.weights import drawn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TENSORS = {f"w{number}": drawn(number, 6, 5) for number in range(5)}
INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize("shards", [1, 3])
def test_tensors_are_read_from_one_file_and_from_shards(tmp_path: Path, shards: int) -> None:
    folder = ModelFolder(write_model(tmp_path / "m", TENSORS, {"model_type": "x"}, shards))
    assert folder.tensors.keys() == TENSORS.keys()
    assert len(folder.files) == shards
    assert folder.configuration == {"model_type": "x"}
    for name, values in TENSORS.items():
        assert (folder.matrix(name)[:] == values).all()
        assert not folder.tensors[name].mapped().flags.writeable


def test_a_file_alone_is_a_model_without_a_configuration(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "a.safetensors", TENSORS)
    folder = ModelFolder(tmp_path / "a.safetensors")
    assert folder.tensors.keys() == TENSORS.keys()
    assert folder.configuration == {}


def test_what_is_in_the_headers_names_the_model(tmp_path: Path) -> None:
    one, two = (ModelFolder(write_model(tmp_path / name, TENSORS)) for name in "ab")
    other = ModelFolder(write_model(tmp_path / "c", {"v": TENSORS["w0"]}))
    assert one.headers_sha256 == two.headers_sha256 != other.headers_sha256


def _index(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        document = json.loads((folder / INDEX).read_text())
        change(document)
        (folder / INDEX).write_text(json.dumps(document))

    return changed


def _linked(folder: Path) -> None:
    shard = next(folder.glob("*.safetensors"))
    shard.rename(folder.parent / "elsewhere")
    shard.symlink_to(folder.parent / "elsewhere")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_index(lambda said: said["weight_map"].update(w0="../a.safetensors")), "SHARD_NAME"),
        (_index(lambda said: said["weight_map"].update(w0="/a.safetensors")), "SHARD_NAME"),
        (_index(lambda said: said["weight_map"].update(w0="..\\a.safetensors")), "SHARD_NAME"),
        (_index(lambda said: said["weight_map"].update(w0="pickle.bin")), "SHARD_NAME"),
        (_index(lambda said: said["weight_map"].update(w0="missing.safetensors")), "SHARD_MISSING"),
        (_index(lambda said: said["weight_map"].update(w0=said["weight_map"]["w1"])), "INDEX_DIFFERS"),
        (_index(lambda said: said["weight_map"].pop("w0")), "INDEX_DIFFERS"),
        (_index(lambda said: said["weight_map"].update(ghost=said["weight_map"]["w1"])), "INDEX_DIFFERS"),
        (_index(lambda said: said["metadata"].update(total_size=7)), "TOTAL_SIZE"),
        (_index(lambda said: said.pop("weight_map")), "INDEX"),
        (_index(lambda said: said.update(weight_map={"w0": 1})), "INDEX"),
        (lambda folder: (folder / INDEX).write_text("[]"), "NOT_JSON"),
        (lambda folder: (folder / INDEX).write_text("{"), "NOT_JSON"),
        (lambda folder: (folder / INDEX).unlink(), "NO_WEIGHTS"),
        (_linked, "FILE_OUTSIDE"),
    ],
)
def test_a_folder_that_says_what_it_does_not_hold_is_refused_by_name(
    tmp_path: Path, change: Callable[[Path], object], code: str
) -> None:
    folder = write_model(tmp_path / "m", TENSORS, shards=2)
    change(folder)
    with pytest.raises(FolderRefusedError) as refusal:
        ModelFolder(folder)
    assert refusal.value.code == code


def test_a_tensor_in_two_shards_is_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "m", TENSORS, shards=2)
    first, second = sorted(folder.glob("*.safetensors"))
    second.write_bytes(first.read_bytes())
    with pytest.raises(FolderRefusedError, match="TENSOR_TWICE"):
        ModelFolder(folder)


def test_broken_files_are_refused_by_the_strict_reader(tmp_path: Path) -> None:
    file = write_model(tmp_path / "m", TENSORS) / "model.safetensors"
    whole = file.read_bytes()
    for data, error in ((whole[:-1], CheckpointFileTruncatedError), (whole + b"x", SafetensorsRefusedError)):
        file.write_bytes(data)
        with pytest.raises(error):
            ModelFolder(file.parent)
    with pytest.raises(FolderRefusedError, match="NO_FOLDER"):
        ModelFolder(tmp_path / "nothing")


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "m", TENSORS)
    (folder / "blobs").mkdir()
    (folder / "model.safetensors").rename(folder / "blobs" / "1")
    (folder / "model.safetensors").symlink_to(folder / "blobs" / "1")
    assert ModelFolder(folder).tensors.keys() == TENSORS.keys()


def test_half_precisions_are_widened_to_the_numbers_that_they_are(tmp_path: Path) -> None:
    patterns = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    folder = ModelFolder(write_model(tmp_path / "m", {"half": patterns.view(np.float16), "brain": patterns}))
    half, brain = folder.matrix("half")[:], folder.matrix("brain")[:]
    assert np.array_equal(half, patterns.view(np.float16).astype(np.float32), equal_nan=True)
    finite = np.isfinite(brain)
    assert (bfloat16(brain)[finite] == patterns[finite]).all()
    assert brain[0x3F, 0x80] == 1


def test_eight_bit_floats_have_the_numbers_of_their_formats(tmp_path: Path) -> None:
    patterns = np.arange(256, dtype=np.uint8).reshape(16, 16)
    write_safetensors(tmp_path / "m.safetensors", {"a": patterns, "b": patterns}, {"a": "F8_E4M3", "b": "F8_E5M2"})
    folder = ModelFolder(tmp_path / "m.safetensors")
    small, wide = folder.matrix("a")[:].ravel(), folder.matrix("b")[:].ravel()
    assert (small[0x38], small[0x7E], small[0x01], small[0x08]) == (1, 448, 2**-9, 2**-6)
    assert np.isnan(small[[0x7F, 0xFF]]).all()
    assert np.isfinite(np.delete(small, [0x7F, 0xFF])).all()
    # The wider format is the upper half of half precision.
    assert np.array_equal(
        wide, (np.arange(256, dtype=np.uint16) << 8).view(np.float16).astype(np.float32), equal_nan=True
    )


def _quantised(weights: Any) -> tuple[Any, Any]:
    scale = np.abs(weights).max(axis=1, keepdims=True) / 127
    return np.rint(weights / scale).astype(np.int8), scale.astype(np.float32)


@pytest.mark.parametrize("kind", ["weight_scale", "SCB"])
def test_signed_bytes_are_told_with_the_scale_that_stands_beside_them(tmp_path: Path, kind: str) -> None:
    weights = drawn(1, 40, 30)
    stored, scale = _quantised(weights)
    beside = scale if kind == "weight_scale" else scale[:, 0] * 127
    folder = ModelFolder(write_model(tmp_path / "m", {"fc.weight": stored, f"fc.{kind}": beside}))
    read = folder.matrix("fc.weight")
    rows = np.array([3, 20, 39])
    assert read[:] == pytest.approx(weights, abs=0.02)
    assert read[rows, 5:9] == pytest.approx(weights[rows, 5:9], abs=0.02)
    assert read.T[5:9, rows] == pytest.approx(weights.T[5:9, rows], abs=0.02)
    assert read.part(slice(10, 30), slice(2, 9)).T[:] == pytest.approx(weights[10:30, 2:9].T, abs=0.02)


@pytest.mark.parametrize("rows", [256, 200])
def test_a_scale_of_squares_covers_the_elements_of_its_square(tmp_path: Path, rows: int) -> None:
    stored = np.full((rows, 384), 0x38, np.uint8)
    factors = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
    tensors: dict[str, Any] = {"fc.weight": stored, "fc.weight_scale_inv": factors}
    write_safetensors(tmp_path / "m.safetensors", tensors, {"fc.weight": "F8_E4M3"})
    read = ModelFolder(tmp_path / "m.safetensors").matrix("fc.weight")
    wanted = factors[np.arange(rows) // 128][:, np.arange(384) // 128]
    assert (read[:] == wanted).all()
    assert (read.part(slice(100, 150), slice(120, 300))[:] == wanted[100:150, 120:300]).all()


def test_some_columns_are_read_alone_whichever_way_the_matrix_lies(tmp_path: Path) -> None:
    weights = drawn(1, 40, 30)
    read = ModelFolder(write_model(tmp_path / "m", {"w": weights})).matrix("w")
    for matrix, whole in ((read, weights), (read.T, weights.T)):
        columns = np.array([2, 5, 29])
        some = matrix.with_columns(columns)
        assert (some.shape, some.size, len(some)) == ((len(whole), 3), 3 * len(whole), len(whole))
        assert (some[:] == whole[:, columns]).all()
        rows = np.array([9, 1])
        assert (some[rows, 1:] == whole[rows][:, columns[1:]]).all()
        with pytest.raises(ValueError, match="turned"):
            _ = some.T
        with pytest.raises(ValueError, match="cut further"):
            some.part(slice(0, 2))


def test_matrices_are_equal_by_their_values(tmp_path: Path) -> None:
    weights = drawn(1, 600, 30).astype(np.float16)
    other = weights.copy()
    other[599, 29] += 1
    tensors: dict[str, Any] = {
        "a": weights,
        "b": weights,
        "wide": weights.astype(np.float32),
        "other": other,
        "part": weights[:9],
    }
    folder = ModelFolder(write_model(tmp_path / "m", tensors))
    equal = {name for name in tensors if folder.matrix("a").equals(folder.matrix(name))}
    assert equal == {"a", "b", "wide"}
    assert folder.matrix("a").T.equals(folder.matrix("b").T)
    assert not folder.matrix("a").T.equals(folder.matrix("other").T)
    assert not folder.matrix("a").equals(folder.matrix("a").T)


def test_packed_whole_numbers_are_no_weights(tmp_path: Path) -> None:
    folder = ModelFolder(write_model(tmp_path / "m", {"q": np.ones((3, 3), np.int32)}))
    with pytest.raises(FolderRefusedError, match="NOT_WEIGHTS"):
        folder.matrix("q")


def test_vectors_are_one_column_and_further_axes_are_columns(tmp_path: Path) -> None:
    stack = drawn(1, 12, 5).reshape(3, 4, 5)
    folder = ModelFolder(write_model(tmp_path / "m", {"gain": stack[0, 0], "patch": stack, "one": drawn(2, 1, 1)[0]}))
    assert [folder.matrix(name).shape for name in ("gain", "patch", "one")] == [(5, 1), (3, 20), (1, 1)]
    assert [one.shape for one in folder.layers("patch")] == [(4, 5)] * 3
    assert (folder.layers("patch")[2][:] == stack[2]).all()
    with pytest.raises(FolderRefusedError, match="NOT_A_STACK"):
        folder.layers("gain")

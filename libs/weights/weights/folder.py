"""A folder of a model as consortia keep it: configuration, and safetensors in one file or in shards with an index.

Nothing is trusted: each header is read strictly, the index has to say exactly what the shards hold, and no name or
link leads out of the folder. Weights are mapped when they are asked for, and unmapped when nobody holds them.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from weights.safetensors import LENGTH_BYTES, Tensor, header_length, read_header
from weights.stored import Scale, StoredMatrix, is_weights, raw_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

INDEX: Final = "model.safetensors.index.json"
CONFIGURATION: Final = "config.json"
_ONE_FILE: Final = "model.safetensors"
_MOST_JSON_BYTES: Final = 64 * 2**20
_MATRIX: Final = 2
# What stands beside a tensor, by the name that it ends with instead of "weight"; and what its values are divided by.
_SCALES: Final = (("weight_scale_inv", 1.0), ("weight_scale", 1.0), ("SCB", 127.0))


class FolderRefusedError(Exception):
    """A folder breaks a rule: `field` says which file or tensor, `value` what it has; `code` is stable."""

    def __init__(self, code: str, field: str, value: object, rule: str) -> None:
        super().__init__(f"{field} is {value}: {rule} ({code})")
        self.code, self.field, self.value, self.rule = code, field, value, rule


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor, and where it is: its `file` and the place of its first byte in it."""

    tensor: Tensor
    file: Path
    place: int

    def mapped(self) -> NDArray[Any]:
        """Return its elements as they are stored, in its shape, read-only and mapped."""
        length = self.tensor.end - self.tensor.begin
        element = raw_type(self.tensor.dtype)
        if not length:
            return np.empty(self.tensor.shape, element)
        start = self.place - self.place % mmap.ALLOCATIONGRANULARITY
        with self.file.open("rb") as opened:
            room = mmap.mmap(opened.fileno(), self.place - start + length, access=mmap.ACCESS_READ, offset=start)
        flat = np.frombuffer(room, element, count=length // element.itemsize, offset=self.place - start)
        return flat.reshape(self.tensor.shape)


class ModelFolder:
    """A model in a folder, or in one safetensors file.

    Raises `FolderRefusedError`, `SafetensorsRefusedError` and `CheckpointFileTruncatedError` when it is opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = path if path.is_dir() else path.parent
        self.files = tuple(self._shards())
        self.tensors: dict[str, Stored] = {}
        digest = hashlib.sha256()
        for file in self.files:
            header, tensors = _read(file)
            digest.update(hashlib.sha256(header).digest())
            self._add(file, len(header), tensors)
        self.headers_sha256 = digest.hexdigest()
        if path.is_dir() and (self.root / INDEX).exists():
            self._check_index()

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """What `config.json` says; empty where there is none."""
        file = self.file(CONFIGURATION)
        return {} if file is None else _object(file)

    def file(self, name: str) -> Path | None:
        """Return a file of the folder; None where there is none. A link out of the folder is refused."""
        found = self.root / name
        if not found.is_symlink() and not found.exists():
            return None
        if not found.resolve().is_relative_to(self.root.resolve()) or not found.is_file():
            raise FolderRefusedError("FILE_OUTSIDE", name, found.resolve(), "a file, and no link out of the folder")
        return found

    def json(self, name: str) -> dict[str, Any] | None:
        """Return what a JSON file of the folder says; None where there is none."""
        file = self.file(name)
        return None if file is None else _object(file)

    def matrix(self, name: str) -> StoredMatrix:
        """Return a tensor as a matrix of float32: a vector is one column, further axes are columns.

        A scale beside it is taken into account. Raises `FolderRefusedError` for types that are no weights.
        """
        stored = self.tensors[name]
        dtype, shape = stored.tensor.dtype, stored.tensor.shape
        if not is_weights(dtype):
            raise FolderRefusedError("NOT_WEIGHTS", name, dtype, "weights are floats, or I8 by scale")
        rows = shape[0] if shape else 1
        flat = rows, math.prod(shape[1:])
        return StoredMatrix(stored.mapped().reshape(flat), dtype, self._scale(name, flat))

    def layers(self, name: str) -> tuple[StoredMatrix, ...]:
        """Return a tensor of three axes as one matrix for each place of its first."""
        stored = self.tensors[name]
        if len(stored.tensor.shape) != _MATRIX + 1 or not is_weights(stored.tensor.dtype):
            raise FolderRefusedError("NOT_A_STACK", name, stored.tensor.shape, "a stack of matrices of weights")
        return tuple(StoredMatrix(one, stored.tensor.dtype) for one in stored.mapped())

    def _scale(self, name: str, shape: tuple[int, int]) -> Scale | None:
        stem = name.removesuffix("weight")
        for ending, unit in _SCALES:
            stored = self.tensors.get(stem + ending) if stem != name else None
            if stored is None or not is_weights(stored.tensor.dtype):
                continue
            flat = self.matrix(stem + ending)[:] / np.float32(unit)
            if flat.size and flat.shape[0] <= shape[0] and flat.shape[1] <= shape[1]:
                return Scale.spread(flat, shape)
        return None

    def _shards(self) -> Iterable[Path]:
        if not self.path.exists():
            raise FolderRefusedError("NO_FOLDER", str(self.path), "missing", "a folder with a model, or its file")
        if not self.path.is_dir():
            yield self.path
            return
        names = sorted(self._weight_map().values()) if (self.root / INDEX).exists() else self._without_index()
        for name in dict.fromkeys(names):
            if not re.fullmatch(r"[^/\\\x00]+\.safetensors", name) or name.startswith("."):
                raise FolderRefusedError("SHARD_NAME", INDEX, repr(name[:80]), "shards are files of the folder itself")
            file = self.file(name)
            if file is None:
                raise FolderRefusedError("SHARD_MISSING", name, "missing", "the index names it")
            yield file

    def _without_index(self) -> list[str]:
        if (self.root / _ONE_FILE).exists():
            return [_ONE_FILE]
        found = sorted(file.name for file in self.root.glob("*.safetensors"))
        if len(found) != 1:
            raise FolderRefusedError(
                "NO_WEIGHTS", self.root.name, f"{len(found)} safetensors files without an index", f"one, or {INDEX}"
            )
        return found

    @cached_property
    def _index(self) -> Mapping[str, Any]:
        file = self.file(INDEX)
        assert file is not None
        return _object(file)

    def _weight_map(self) -> dict[str, str]:
        found = self._index.get("weight_map")
        if not isinstance(found, dict) or not found or not all(isinstance(name, str) for name in found.values()):
            raise FolderRefusedError("INDEX", INDEX, "no weight_map of names", "each tensor has the name of its shard")
        return found

    def _add(self, file: Path, header_bytes: int, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            if tensor.name in self.tensors:
                both = f"{self.tensors[tensor.name].file.name} and {file.name}"
                raise FolderRefusedError("TENSOR_TWICE", tensor.name, f"in {both}", "a tensor is in one shard")
            self.tensors[tensor.name] = Stored(tensor, file, LENGTH_BYTES + header_bytes + tensor.begin)

    def _check_index(self) -> None:
        said = self._weight_map()
        for name in sorted(said.keys() | self.tensors.keys()):
            stored = self.tensors.get(name)
            held = stored.file.name if stored else None
            if said.get(name) != held:
                raise FolderRefusedError(
                    "INDEX_DIFFERS", name[:80], f"in {held}", f"{INDEX} says that it is in {said.get(name)}"
                )
        metadata = self._index.get("metadata")
        total = metadata.get("total_size") if isinstance(metadata, dict) else None
        held_bytes = sum(stored.tensor.end - stored.tensor.begin for stored in self.tensors.values())
        if total is not None and total != held_bytes:
            raise FolderRefusedError("TOTAL_SIZE", f"{INDEX}: total_size", total, f"the shards hold {held_bytes} bytes")


def _read(file: Path) -> tuple[bytes, tuple[Tensor, ...]]:
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = header_length(file.name, opened.read(LENGTH_BYTES), size)
        header = opened.read(length)
    return header, read_header(file.name, header, size)


def _object(file: Path) -> dict[str, Any]:
    if file.stat().st_size > _MOST_JSON_BYTES:
        raise FolderRefusedError("JSON_SIZE", file.name, file.stat().st_size, f"at most {_MOST_JSON_BYTES} bytes")
    try:
        made = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FolderRefusedError("NOT_JSON", file.name, str(error), "a JSON object") from error
    if not isinstance(made, dict):
        raise FolderRefusedError("NOT_JSON", file.name, type(made).__name__, "a JSON object")
    return made

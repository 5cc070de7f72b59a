"""Tensors out of torch's pickles without torch, for tests only: all globals but those of a tensor are refused.

The platform refuses pickles altogether. These are of published packages whose weights exist in no other form. Nothing
of a pickle is run here: names stand for our own functions, and a name that is not listed raises.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.originality.network import Array, Weights

_TYPES = {
    "DoubleStorage": np.float64,
    "FloatStorage": np.float32,
    "HalfStorage": np.float16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ByteStorage": np.uint8,
    "BoolStorage": np.bool_,
}
_MAGIC = 0x1950A86A20F9469CFC6C


class RefusedPickleError(Exception):
    """A pickle asks for what is not listed, or a tensor lies outside its storage."""


class Inert:
    """Stands for an object of another library that a pickle holds beside tensors: takes anything and does nothing."""

    def __new__(cls, *_arguments: object, **_named: object) -> Inert:  # noqa: PYI034 - what is made is never used
        return super().__new__(cls)

    def __init__(self, *_arguments: object, **_named: object) -> None: ...

    def __setstate__(self, _state: object) -> None: ...

    def __setitem__(self, _key: object, _value: object) -> None: ...

    def __call__(self, *_arguments: object) -> Inert:
        return self


@dataclass(frozen=True, slots=True)
class _Stored:
    key: str
    dtype: Any
    size: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    stored: _Stored
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, storage: bytes) -> Array:
        """Return the values; raises `RefusedPickleError` where they are not all within the storage."""
        values = np.frombuffer(storage, dtype=self.stored.dtype, count=self.stored.size)
        last = self.offset + sum((size - 1) * step for size, step in zip(self.shape, self.strides, strict=True))
        if min(self.offset, *self.strides, *self.shape, 0) < 0 or (0 not in self.shape and last >= values.size):
            raise RefusedPickleError(f"a tensor of {self.shape} at {self.offset} lies outside its {values.size} values")
        steps = tuple(step * values.itemsize for step in self.strides)
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, steps).copy()


def _tensor(stored: _Stored, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_rest: object) -> _Tensor:
    return _Tensor(stored, offset, tuple(shape), tuple(strides))


class _Reader(pickle.Unpickler):
    def __init__(self, opened: Any, inert: frozenset[str]) -> None:
        super().__init__(opened)
        self._inert = inert

    def find_class(self, module: str, name: str) -> Any:
        whole = f"{module}.{name}"
        known: dict[str, Callable[..., Any]] = {
            "torch._utils._rebuild_tensor_v2": _tensor,
            "torch._utils._rebuild_parameter": lambda tensor, *_rest: tensor,
            "collections.OrderedDict": OrderedDict,
        }
        if whole in known:
            return known[whole]
        if module == "torch" and name in _TYPES:
            return name
        if whole in self._inert:
            return Inert
        raise RefusedPickleError(f"{whole} is no part of a tensor")

    def persistent_load(self, pid: Any) -> _Stored:
        kind, storage, key, _where, size = pid[:5]
        if kind != "storage" or storage not in _TYPES:
            raise RefusedPickleError(f"{kind} {storage} is no storage")
        return _Stored(str(key), _TYPES[storage], int(size))


def read(path: Path, inert: frozenset[str] = frozenset()) -> Weights:
    """Return all tensors of a file by their names, those of nested folders of names joined by dots.

    `inert` names globals of other libraries, such as a model's settings, that become objects which do nothing.
    Raises `RefusedPickleError`.
    """
    data = path.read_bytes()
    tensors, storages = _zipped(data, inert) if data[:2] == b"PK" else _in_a_row(data, inert)
    return {name: one.read(storages(one.stored)) for name, one in _named(tensors, "")}


def _zipped(data: bytes, inert: frozenset[str]) -> tuple[Any, Callable[[_Stored], bytes]]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    (described,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
    start = described.removesuffix("data.pkl")
    tensors = _Reader(io.BytesIO(archive.read(described)), inert).load()
    return tensors, lambda stored: archive.read(f"{start}data/{stored.key}")


def _in_a_row(data: bytes, inert: frozenset[str]) -> tuple[Any, Callable[[_Stored], bytes]]:
    """The older form: five pickles (a mark, a version, the machine, the tensors, the order of keys), then values."""
    opened = io.BytesIO(data)
    if _Reader(opened, inert).load() != _MAGIC:
        raise RefusedPickleError("it is not in the form of torch")
    _version, _machine, tensors, keys = (_Reader(opened, inert).load() for _ in range(4))
    sizes = {one.stored.key: np.dtype(one.stored.dtype).itemsize for _, one in _named(tensors, "")}
    kept = {}
    for key in keys:
        (count,) = struct.unpack("<q", opened.read(8))
        kept[str(key)] = opened.read(count * sizes[str(key)])
    return tensors, lambda stored: kept[stored.key]


def _named(told: Any, start: str) -> list[tuple[str, _Tensor]]:
    if isinstance(told, _Tensor):
        return [(start, told)]
    if isinstance(told, dict):
        return [pair for name, one in told.items() for pair in _named(one, f"{start}.{name}" if start else str(name))]
    return []

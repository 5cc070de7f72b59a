"""The reader of torch's pickles: tensors come out, and nothing else of a pickle has any effect."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.originality.pickles import RefusedPickleError, read

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = np.arange(12, dtype=np.float32)


class _Global:
    """Pickled as the call of a global by name, as torch's own pickles have it."""

    def __init__(self, module: str, name: str, *arguments: object) -> None:
        self.called, self.arguments = (module, name), arguments


class _Storage:
    def __init__(self, name: str, key: str, size: int) -> None:
        self.pid: tuple[Any, ...] = ("storage", _Global("torch", name), key, "cpu", size)


# The one in plain Python, because the other looks every name up.
_PLAIN: Any = pickle._Pickler


class _Writer(_PLAIN):  # type: ignore[misc]
    """Writes globals that need not exist here."""

    def persistent_id(self, thing: Any) -> Any:
        return thing.pid if isinstance(thing, _Storage) else None

    def save(self, thing: Any, save_persistent_id: bool = True) -> Any:
        if not isinstance(thing, _Global):
            return super().save(thing, save_persistent_id)
        module, name = thing.called
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        if thing.arguments:
            super().save(thing.arguments)
            self.write(pickle.REDUCE)
        return None


def _pickled(thing: object) -> bytes:
    made = io.BytesIO()
    _Writer(made, protocol=2).dump(thing)
    return made.getvalue()


def _tensor(offset: int, shape: tuple[int, ...], strides: tuple[int, ...], kind: str = "FloatStorage") -> _Global:
    rebuilt = ("torch._utils", "_rebuild_tensor_v2")
    return _Global(*rebuilt, _Storage(kind, "0", 12), offset, shape, strides, 0, {})


def _zipped(path: Path, thing: object) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", _pickled(thing))
        archive.writestr("archive/data/0", WEIGHTS.tobytes())
    return path


def test_tensors_are_read_by_offset_and_stride(tmp_path: Path) -> None:
    told = {"a": _tensor(0, (3, 4), (4, 1)), "in": {"turned": _tensor(2, (2, 3), (1, 2))}, "epoch": 7}
    found = read(_zipped(tmp_path / "model.pt", told))
    assert set(found) == {"a", "in.turned"}
    assert np.array_equal(found["a"], WEIGHTS.reshape(3, 4))
    assert np.array_equal(found["in.turned"], [[2, 4, 6], [3, 5, 7]])


def test_the_older_form_is_read(tmp_path: Path) -> None:
    parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    legacy = _Storage("FloatStorage", "0", 12)
    legacy.pid = (*legacy.pid, None)
    told = {"a": _Global("torch._utils", "_rebuild_tensor_v2", legacy, 0, (12,), (1,), 0, {})}
    data = b"".join(_pickled(part) for part in [*parts, told, ["0"]]) + struct.pack("<q", 12) + WEIGHTS.tobytes()
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    assert np.array_equal(read(path)["a"], WEIGHTS)


@pytest.mark.parametrize(
    "called",
    [
        ("os", "system", "echo > {}"),
        ("builtins", "eval", "open('{}', 'w')"),
        ("posix", "mkdir", "{}"),
        ("builtins", "getattr", "", "join"),
        ("torch", "load", "x"),
        ("torch.storage", "_load_from_bytes", b"x"),
        ("collections", "namedtuple", "a", "b"),
    ],
)
def test_any_other_global_is_refused_and_not_run(tmp_path: Path, called: tuple[Any, ...]) -> None:
    mark = tmp_path / "ran"
    arguments = [one.format(mark) if isinstance(one, str) else one for one in called[2:]]
    path = _zipped(tmp_path / "model.pt", {"a": _tensor(0, (2,), (1,)), "b": _Global(*called[:2], *arguments)})
    with pytest.raises(RefusedPickleError, match="no part of a tensor"):
        read(path)
    assert not mark.exists()


def test_a_global_that_is_named_as_inert_is_made_and_does_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path = _zipped(tmp_path / "model.pt", {"a": _tensor(0, (2,), (1,)), "b": _Global("os", "mkdir", os.fspath(mark))})
    assert list(read(path, frozenset({"os.mkdir"}))) == ["a"]
    assert not mark.exists()


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (13,), (1,)), (11, (2,), (1,)), (-1, (2,), (1,)), (0, (2, 2), (1, 12)), (4, (3,), (-2,)), (0, (-1,), (1,))],
)
def test_a_tensor_outside_its_storage_is_refused(
    tmp_path: Path, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    with pytest.raises(RefusedPickleError, match="outside"):
        read(_zipped(tmp_path / "model.pt", {"a": _tensor(offset, shape, strides)}))


def test_a_storage_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedPickleError):
        read(_zipped(tmp_path / "model.pt", {"a": _tensor(0, (2,), (1,), "QUInt8Storage")}))

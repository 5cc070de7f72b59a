"""Folders of models, as consortia write them: configuration, safetensors in one file or in shards with an index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[Any]

_NAMES = {"float32": "F32", "float16": "F16", "float64": "F64", "int8": "I8", "uint8": "U8", "int32": "I32"}


def bfloat16(values: Array) -> Array:
    """The upper 16 bits of single precision, to the nearest: as `uint16`, which is what is stored."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    made: Array = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return made


def write_safetensors(file: Path, tensors: Mapping[str, Array], dtypes: Mapping[str, str] | None = None) -> None:
    """Write tensors in the order of their names; `uint16` is BF16 unless `dtypes` says otherwise."""
    header: dict[str, Any] = {}
    end = 0
    for name, values in tensors.items():
        dtype = (dtypes or {}).get(name) or {"uint16": "BF16", **_NAMES}[values.dtype.name]
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [end, end + values.nbytes]}
        end += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(
        len(text).to_bytes(8, "little")
        + text
        + b"".join(np.ascontiguousarray(one).tobytes() for one in tensors.values())
    )


def write_model(
    folder: Path, tensors: Mapping[str, Array], configuration: Mapping[str, Any] | None = None, shards: int = 1
) -> Path:
    """Write a model folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    if configuration is not None:
        (folder / "config.json").write_text(json.dumps(configuration))
    if shards == 1:
        write_safetensors(folder / "model.safetensors", tensors)
        return folder
    names = sorted(tensors)
    weight_map: dict[str, str] = {}
    for number in range(shards):
        file = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        mine = names[number::shards]
        write_safetensors(folder / file, {name: tensors[name] for name in mine})
        weight_map |= dict.fromkeys(mine, file)
    total = sum(values.nbytes for values in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder

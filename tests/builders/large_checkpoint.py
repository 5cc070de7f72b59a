"""A checkpoint of any size, written as it is drawn: weights of a seed in shards with their index."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

MIB = 2**20
TENSOR_BYTES = 2 * MIB
SHARD_TENSORS = 256


def large_checkpoint(folder: Path, size_bytes: int, *, seed: int, changed: Collection[int] = ()) -> Path:
    """Write about `size_bytes` of float32 tensors of 2 MiB, in shards of 512 MiB; `changed` are of another seed."""
    folder.mkdir(parents=True, exist_ok=True)
    count = max(1, size_bytes // TENSOR_BYTES)
    shards = math.ceil(count / SHARD_TENSORS)
    weight_map: dict[str, str] = {}
    for shard in range(shards):
        name = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        numbers = range(shard * SHARD_TENSORS, min(count, (shard + 1) * SHARD_TENSORS))
        _write(folder / name, numbers, seed, changed)
        weight_map |= {f"layers.{number}.weight": name for number in numbers}
    index = {"metadata": {"total_size": count * TENSOR_BYTES}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps({"architecture": "test", "seed": seed}))
    (folder / "README.md").write_text(f"# a model of seed {seed}\n")
    return folder


def parameters(size_bytes: int) -> int:
    """How many parameters such a checkpoint has."""
    return max(1, size_bytes // TENSOR_BYTES) * TENSOR_BYTES // 4


def _write(path: Path, numbers: range, seed: int, changed: Collection[int]) -> None:
    fields = {
        f"layers.{number}.weight": {
            "dtype": "F32",
            "shape": [512, 1024],
            "data_offsets": [place * TENSOR_BYTES, (place + 1) * TENSOR_BYTES],
        }
        for place, number in enumerate(numbers)
    }
    header = json.dumps(fields).encode()
    header += b" " * (-len(header) % 8)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for number in numbers:
            chance = np.random.default_rng([seed, number, int(number in changed)])
            file.write(chance.random((512, 1024), dtype=np.float32).tobytes())

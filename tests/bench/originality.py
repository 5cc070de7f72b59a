"""How long it takes to compare two models of 100 layers of width 4,096, beside matching all units of a layer densely.

Ours: a process of its own opens two model folders and examines every component of them; its peak of memory is that of
the process, mapped pages of the files included. Independent models and derived ones; the slower counts.
Peer: the same test without sampling, for one matrix of a layer only (cosines of all 4,096 units in float64 and scipy's
assignment of all of them); its time for 100 layers is 50 times that of two.
What is synthetic: weights are normal noise in bfloat16. So that two models fit on a disk, a layer's tensors are windows
of tall ones, each some rows after that of the layer before: no two layers are alike, but their bytes overlap, and the
files are read from memory where the machine has enough of it. The rest is as with any folder.
Times are wall-clock times of whole processes on all cores, start-up included, the best of three; processor time and
load are told beside them, because on a machine that others use wall-clock times say more about the others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
from originality.folders import comparing, subject
from scipy.optimize import linear_sum_assignment
from weights.folder import ModelFolder, Stored

from tests.bench.ground import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.bench.ground import Ground

LAYERS, WIDTH, HIDDEN, KEYS, TOKENS = 100, 4096, 11008, 1024, 32_000
STEP = 32
"""Rows between the window of one layer and that of the next."""
TARGET_SECONDS, TARGET_MIB = 35, 1024
ROUNDS = 3
_SHAPES = {
    "self_attn.q_proj": (WIDTH, WIDTH),
    "self_attn.k_proj": (KEYS, WIDTH),
    "self_attn.v_proj": (KEYS, WIDTH),
    "self_attn.o_proj": (WIDTH, WIDTH),
    "mlp.gate_proj": (HIDDEN, WIDTH),
    "mlp.up_proj": (HIDDEN, WIDTH),
    "mlp.down_proj": (WIDTH, HIDDEN),
}
_CONFIGURATION = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": WIDTH,
    "intermediate_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": WIDTH // 128,
    "num_key_value_heads": KEYS // 128,
    "vocab_size": TOKENS,
    "tie_word_embeddings": True,
}
_AT_ONCE = 2**22  # Values that are drawn and written at once.


async def measure(ground: Ground) -> list[Verdict]:
    """Print peer and ours; the time and the memory of a whole examination."""
    folders = {name: _written(ground.folder / name, seed, parent) for name, seed, parent in _MODELS}
    size = sum(file.stat().st_size for folder in folders.values() for file in folder.iterdir())
    print(f"three models on {size / 2**30:.2f} GiB of disk, each told as of {_parameters() / 1e9:.1f} billion weights")
    peer = LAYERS / 2 * sum(_densely(seed) for seed in range(2))
    print(f"peer: one matrix a layer, all its units {peer:7.1f} s (from two layers)")
    slower = peak = 0.0
    for name in ("independent", "derived"):
        took = [_examined(folders["first"], folders[name]) for _ in range(ROUNDS)]
        best = min(took, key=lambda one: one.seconds)
        print(f"ours: {name:32} {best.seconds:7.1f} s, {best.processor:.1f} s of processor; {best.found}")
        slower, peak = max(slower, best.seconds), max(peak, *(one.mebibytes for one in took))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    return [
        Verdict(slower, "s", TARGET_SECONDS, at_least=False, name="pair"),
        Verdict(peak, "MiB at the most", TARGET_MIB, at_least=False, name="memory"),
    ]


@dataclass(frozen=True, slots=True)
class _Took:
    """What a process took: wall-clock and processor time, greatest memory, and the findings it counted."""

    seconds: float
    processor: float
    mebibytes: float
    found: dict[str, int]


_MODELS = (("first", 1, None), ("independent", 2, None), ("derived", 3, "first"))


def _parameters() -> int:
    return LAYERS * sum(rows * columns for rows, columns in _SHAPES.values()) + TOKENS * WIDTH


def _tall() -> dict[str, tuple[int, int]]:
    tall = {f"tall.{name}": (rows + STEP * LAYERS, columns) for name, (rows, columns) in _SHAPES.items()}
    return tall | {"model.embed_tokens.weight": (TOKENS, WIDTH)}


def _written(folder: Path, seed: int, parent: str | None) -> Path:
    """Write a model of noise; with a `parent`, its weights and a tenth of their size of noise."""
    folder.mkdir()
    header, end = {}, 0
    for name, shape in _tall().items():
        size = 2 * shape[0] * shape[1]
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    (folder / "config.json").write_text(json.dumps(_CONFIGURATION))
    rng = np.random.default_rng(seed)
    with (folder / "model.safetensors").open("wb") as opened:
        opened.write(len(text).to_bytes(8, "little") + text)
        for place in range(0, end // 2, _AT_ONCE):
            drawn = rng.standard_normal(min(_AT_ONCE, end // 2 - place), dtype=np.float32) * np.float32(0.02)
            if parent is not None:
                file = folder.parent / parent / "model.safetensors"
                drawn = np.float32(0.1) * drawn + _values(file, 8 + len(text), place, drawn.size)
            opened.write((drawn.view(np.uint32) >> 16).astype("<u2").tobytes())
    return folder


def _values(file: Path, start: int, place: int, count: int) -> NDArray[np.float32]:
    stored = np.fromfile(file, "<u2", count, offset=start + 2 * place)
    return (stored.astype(np.uint32) << 16).view(np.float32)


class Windows(ModelFolder):
    """A folder whose tall tensors are told as those of 100 layers."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        for name, (rows, columns) in _SHAPES.items():
            tall = self.tensors.pop(f"tall.{name}")
            for layer in range(LAYERS):
                named = f"model.layers.{layer}.{name}.weight"
                told = replace(tall.tensor, name=named, shape=(rows, columns), begin=0, end=2 * rows * columns)
                self.tensors[named] = Stored(told, tall.file, tall.place + 2 * STEP * layer * columns)


def _densely(seed: int) -> float:
    rng = np.random.default_rng(seed)
    first, second = (rng.standard_normal((WIDTH, WIDTH)) for _ in range(2))
    began = time.monotonic()
    first, second = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True) for matrix in (first, second))
    rows, columns = linear_sum_assignment(first @ second.T, maximize=True)
    matched = int((rows == columns).sum())
    assert matched < 8
    return time.monotonic() - began


def _examined(first: Path, second: Path) -> _Took:
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.originality", str(first), str(second)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - began
    if process.returncode:
        raise AssertionError(f"the examination ended with {process.returncode}")
    found = json.loads(told)
    if found.keys() - {"not testable"} != {second.name.replace("independent", "no evidence")}:
        raise AssertionError(f"{second.name}: {found}")
    return _Took(took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, found)


def main(arguments: list[str]) -> None:
    """Examine two folders and print how often each finding was made."""
    first, second = map(Path, arguments)
    with mock.patch.object(subject, "ModelFolder", Windows):
        report = comparing.examine_folders(first, second, seed=20261126, workers=os.cpu_count() or 1)
    print(json.dumps(report.counts))


if __name__ == "__main__":
    main(sys.argv[1:])

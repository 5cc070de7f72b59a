"""The process that reads takes at most 512 MiB, whatever it reads: measured at its end by the system."""

from __future__ import annotations

import json
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.builders.ranged_files import digest, served

MOST_BYTES = 512 * 2**20
SAID = {
    "licence": "MIT", "seed": "1", "period": "2025-h2", "job_id": "", "parameters": 1, "lineage": [],
    "training_log_sha256": "", "initialisation_sha256": "", "dtype": "",
}  # fmt: skip


class Reading:
    """One reader, as the registry starts it, and the most memory that it and what it starts have taken."""

    def __init__(self, *limit: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "registry.store.inspecting", *limit], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.trying = 0

    def ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        self.trying = max(self.trying, self._children())
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def _children(self) -> int:
        """While a tokenizer is tried out: how much memory that takes."""
        most = 0
        assert self.process.stdout is not None
        while not select.select([self.process.stdout], [], [], 0.01)[0]:
            for child in psutil.Process(self.process.pid).children():
                try:
                    most = max(most, peak_bytes(child.pid))
                except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                    continue
        return most

    @property
    def peak(self) -> int:
        return peak_bytes(self.process.pid)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


def peak_bytes(process: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def many_tensors(path: Path) -> Path:
    header = {
        f"model.layers.{number}.mlp.gate_proj.weight": {
            "dtype": "F32",
            "shape": [1, 1],
            "data_offsets": [4 * number, 4 * number + 4],
        }
        for number in range(100_000)
    }
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0\0\x80\x3f" * 100_000)
    return path


def large_tokenizer(path: Path, size_bytes: int = 2**26) -> Path:
    vocabulary: dict[str, int] = {}
    size = 500
    while size < size_bytes - 40:
        token = f"t{len(vocabulary):x}"
        vocabulary[token] = len(vocabulary)
        size += len(token) + len(str(len(vocabulary))) + 4
    model = {"type": "WordLevel", "unk_token": "t0", "vocab": vocabulary}
    document: dict[str, Any] = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
                "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None,
                "model": model}  # fmt: skip
    path.write_text(json.dumps(document, separators=(",", ":")))
    return path


def large_weights(path: Path, size_bytes: int = 2**31) -> Path:
    header = {"w": {"dtype": "BF16", "shape": [size_bytes // 2], "data_offsets": [0, size_bytes]}}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + size_bytes)
    return path


def read(files: dict[str, Path], *limit: str) -> tuple[list[dict[str, Any]], Reading]:
    """Have all files read whole and checked against one another by one reader."""
    reading = Reading(*limit)
    told = []
    with served(files) as address:
        gathered = []
        for path, file in files.items():
            sha256 = digest(file)
            size = file.stat().st_size
            entry = {"path": path, "size_bytes": size, "sha256": sha256}
            pieces = [[0, size, sha256, f"{address}/{path}?x=1"]]
            told.append(reading.ask({"steps": [{"file": entry, "pieces": pieces, "begins": True, "ends": True}]}))
            gathered.append({"file": entry, "pieces": pieces})
        told.append(reading.ask({"gather": gathered, "begins": True}))
        if "refused" not in told[-1]:
            told.append(reading.ask({"whole": list(files), "declared": SAID}))
    return told, reading


def names_that_swell(path: Path) -> Path:
    """Names of which one letter makes all take four times the room."""
    header = {
        f"{number:05}" + "a" * 480 + "🔥": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
        for number in range(29_000)
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    return path


def test_more_than_can_be_held_is_refused_and_the_reader_goes_on(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text("{}")
    swelling = names_that_swell(tmp_path / "m")
    files = {"config.json": config, "model.safetensors": swelling}
    told, reading = read(files, str(128 * 2**20))
    try:
        assert [each["refused"]["code"] for each in told if "refused" in each][:1] == ["CHECKPOINT_NOT_READABLE"]
        assert reading.peak <= 192 * 2**20
        assert reading.process.poll() is None
    finally:
        reading.end()


@pytest.mark.on_demand
@pytest.mark.timeout(900)
@pytest.mark.parametrize("what", ["tensors", "tokenizer", "weights"])
def test_the_reader_takes_little_memory(tmp_path: Path, what: str) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"vocab_size": 100000000}')
    files = {"config.json": config}
    match what:
        case "tensors":
            files |= {f"m{number}.safetensors": many_tensors(tmp_path / f"m{number}") for number in range(3)}
        case "tokenizer":
            files["tokenizer.json"] = large_tokenizer(tmp_path / "t")
        case "weights":
            files["model.safetensors"] = large_weights(tmp_path / "w")
    told, reading = read(files)
    try:
        mib = 2**20
        print(
            f"{what}: reader {reading.peak / mib:.0f} MiB, tokenizer {reading.trying / mib:.0f} MiB: {told[-1]}"[:400]
        )
        assert all("found" in each for each in told[:-1])
        assert max(reading.peak, reading.trying) <= MOST_BYTES
    finally:
        reading.end()

"""Tries a tokenizer out in a process of its own, within bounds of memory and time: it is a program of others.

A tokenizer holds expressions and rules that its library runs. What a hostile one costs, it costs this process.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import Final

from registry.domain.tokenizers import TEXTS, Tried

MOST_MEMORY_BYTES: Final = 448 * 2**20
MOST_CPU_SECONDS: Final = 30
# Of waiting: other processes may have the cores meanwhile.
_MOST_SECONDS: Final = 300.0
_OUT_OF_MEMORY: Final = b"memory allocation of"
_SHOWN: Final = 200


def try_out(data: bytes, *, memory_bytes: int = MOST_MEMORY_BYTES, cpu_seconds: int = MOST_CPU_SECONDS) -> Tried:
    """Return what comes of the tokenizer whose `tokenizer.json` this is, within these bounds."""
    command = [sys.executable, "-m", "registry.store.tokenizing", str(memory_bytes), str(cpu_seconds)]
    try:
        ended = subprocess.run(command, input=data, capture_output=True, timeout=_MOST_SECONDS, check=False)  # noqa: S603 - ours
    except subprocess.TimeoutExpired:
        return Tried(bound=f"it takes more than {_MOST_SECONDS:g} seconds")
    if ended.returncode == 0:
        told = json.loads(ended.stdout)
        return Tried(told["problem"], told["bound"], told["largest_id"], tuple(told["lossy"]))
    if _OUT_OF_MEMORY in ended.stderr[:_SHOWN]:
        return Tried(bound=_memory(memory_bytes))
    if ended.returncode < 0:
        # Killed: beyond its seconds of CPU, or by the system for its memory.
        return Tried(bound=f"it takes more than {cpu_seconds} seconds of a core, or memory that is not there")
    return Tried(problem=ended.stderr[-_SHOWN:].decode(errors="replace").strip() or f"it ends with {ended.returncode}")


def _memory(most: int) -> str:
    return f"it takes more than {most // 2**20} MiB"


def _tried(data: bytes, memory_bytes: int) -> Tried:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_buffer(data)
        del data
        largest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
        lossy = tuple(name for name, text in TEXTS.items() if not _comes_back(tokenizer, text))
    except MemoryError:
        return Tried(bound=_memory(memory_bytes))
    except BaseException as error:  # noqa: BLE001 - a panic of the library is no Exception, and each says what is wrong
        return Tried(problem=f"{type(error).__name__}: {error}"[:_SHOWN])
    return Tried(largest_id=largest, lossy=lossy)


def _comes_back(tokenizer: object, text: str) -> bool:
    encoded = tokenizer.encode(text, add_special_tokens=False)  # type: ignore[attr-defined] # it ships no types
    decoded = tokenizer.decode(encoded.ids, skip_special_tokens=False)  # type: ignore[attr-defined] # as above
    # Some put a space before every text by design.
    return bool(decoded.removeprefix(" ") == text)


def main() -> None:
    """Read a tokenizer from standard input and print what came of it."""
    memory_bytes, cpu_seconds = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tried = _tried(sys.stdin.buffer.read(), memory_bytes)
    told = {
        "problem": tried.problem,
        "bound": tried.bound,
        "largest_id": tried.largest_id,
        "lossy": tried.lossy,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

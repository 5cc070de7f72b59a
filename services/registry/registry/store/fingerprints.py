"""A process that reads a given fingerprint strictly: what the file does to its reader, it does to this process alone.

Asked by lines of JSON as `store/inspecting.py` is; `store/examiner.py` is the other end.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
from pathlib import Path
from typing import Any, Final

from weights.folder import FolderRefusedError
from weights.safetensors import CheckpointFileTruncatedError, SafetensorsRefusedError

from registry.store.inspecting import DamagedError, Piece, Reader, StoreAwayError, UnreadableError, told_of

_LARGEST_MEMORY_BYTES: Final = 3 * 2**29
"""Of data: what the largest fingerprint takes in single precision, and as much again to work with."""


class NotAFingerprintError(Exception):
    """A file is no fingerprint of a model."""

    def __init__(self, value: object, rule: str) -> None:
        """Keep what it is (`value`) and which `rule` that breaks."""
        super().__init__(f"{value}: {rule}")
        self.value = value
        self.rule = rule


def read(file: Path) -> None:
    """Read a fingerprint to its last unit, and use it as an examination would.

    Raises `NotAFingerprintError`.
    """
    import numpy as np
    from originality import WeightsRefusedError
    from originality.folders.comparing import compare
    from originality.folders.fingerprint import DIMENSIONS, read_fingerprint

    try:
        kept = read_fingerprint(file)
        for part in kept.parts.values():
            for block in part.read(None):
                units = block[:]
                if units.shape[1:] != (DIMENSIONS,) or not np.isfinite(units).all():
                    raise NotAFingerprintError(f"{part.key} of {units.shape}", f"units are {DIMENSIONS} finite numbers")
        # What is well-formed and senseless shows when it is compared, if only with itself.
        json.dumps(compare(kept, kept, seed=0, moved_layers=0).to_json())
    except (FolderRefusedError, WeightsRefusedError) as error:
        raise NotAFingerprintError(error.value, f"{error.rule} ({error.code})") from error
    except (SafetensorsRefusedError, CheckpointFileTruncatedError) as error:
        raise NotAFingerprintError(file.name, str(error)) from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise NotAFingerprintError(
            file.name, f"must be what `dokpamo originality fingerprint` makes: {error!r}"
        ) from error


def answer(folder: Path, reader: Reader, asked: dict[str, Any]) -> dict[str, Any]:
    """Fetch one fingerprint and read it; say what came of it."""
    file = folder / "fingerprint.safetensors"
    try:
        _fetch(reader, Piece(asked["name"], 0, asked["size_bytes"], asked["sha256"], asked["url"]), file)
        read(file)
    except (StoreAwayError, UnreadableError, DamagedError) as error:
        return told_of(error)
    except NotAFingerprintError as error:
        return _refused(str(error.value), error.rule)
    except MemoryError:
        return _refused("takes more memory", f"must be read within {_LARGEST_MEMORY_BYTES // 2**20} MiB")
    return {"found": []}


def _fetch(reader: Reader, piece: Piece, file: Path) -> None:
    digest = hashlib.sha256()
    with file.open("wb") as opened:
        for block in reader.blocks(piece):
            digest.update(block)
            opened.write(block)
    if digest.hexdigest() != piece.sha256:
        raise DamagedError(piece, "differs")


def _refused(value: str, rule: str) -> dict[str, Any]:
    return {"refused": {"code": "FINGERPRINT_REFUSED", "message": rule, "facts": {"value": value, "rule": rule}}}


def main() -> None:
    """Answer until standard input ends; the one argument is the folder."""
    resource.setrlimit(resource.RLIMIT_DATA, (_LARGEST_MEMORY_BYTES, _LARGEST_MEMORY_BYTES))
    folder, reader = Path(sys.argv[1]), Reader()
    for line in sys.stdin.buffer:
        told = answer(folder, reader, json.loads(line))
        sys.stdout.buffer.write(json.dumps(told).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

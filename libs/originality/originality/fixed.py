"""Draws that are the same for everyone and for ever: by a public hash, so that they depend on no weight."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from originality.matching import Floats, Places


@lru_cache(64)
def places(label: str, size: int, count: int) -> Places:
    """Return `count` of `size` places (all, if there are no more), ascending."""
    drawn = np.frombuffer(_bytes(f"places {label} {size}", 8 * size), dtype="<u8")
    made: Places = np.sort(np.argsort(drawn, kind="stable")[:count]).astype(np.intp)
    return made


@lru_cache(64)
def signs(label: str, rows: int, columns: int) -> Floats:
    """Return a matrix of plus and minus one, each as likely and independent of all others."""
    return _signs(_bytes(f"signs {label} {rows} {columns}", -(-rows * columns // 8)), rows * columns).reshape(
        rows, columns
    )


def signs_of(words: list[str], columns: int) -> Floats:
    """Return for each word a row of signs that it has wherever it stands."""
    return np.stack([_signs(_bytes(f"word {word}", -(-columns // 8)), columns) for word in words])


def least(words: list[str], count: int) -> list[str]:
    """Return the `count` words with the least hashes: of two lists, those that both have are mostly the same."""
    return sorted(sorted(words, key=lambda word: _bytes(f"rank {word}", 16))[:count])


def _signs(data: bytes, count: int) -> Floats:
    bits: NDArray[np.uint8] = np.unpackbits(np.frombuffer(data, dtype=np.uint8))[:count]
    return bits.astype(np.float32) * np.float32(2) - np.float32(1)


def _bytes(label: str, count: int) -> bytes:
    return hashlib.shake_256(f"dokpamo originality {label}".encode("utf-8", "surrogatepass")).digest(count)

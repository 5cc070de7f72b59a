"""The bytes that a scale model learns from, and those it never sees: texts written for this project."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXTS: Final = ("english.txt", "korean.txt")
"""Files of the package's `text` folder, in the order they are read."""

HELD_OUT_EVERY: Final = 10
"""Every tenth paragraph of each text is held out: no job trains on it, every evaluation reads it."""


@cache
def paragraphs() -> tuple[tuple[str, bool], ...]:
    """Return each paragraph of the texts with whether it is held out."""
    folder = files("scale_model") / "text"
    found: list[tuple[str, bool]] = []
    for name in TEXTS:
        parts = (folder / name).read_text("utf-8").strip().split("\n\n")
        found += [(part, number % HELD_OUT_EVERY == 0) for number, part in enumerate(parts, start=1)]
    return tuple(found)


def training_bytes() -> NDArray[np.uint8]:
    """Return the bytes to learn from."""
    return _joined(held_out=False)


def held_out_bytes() -> NDArray[np.uint8]:
    """Return the bytes to be measured on."""
    return _joined(held_out=True)


def _joined(*, held_out: bool) -> NDArray[np.uint8]:
    text = "\n\n".join(part for part, out in paragraphs() if out is held_out)
    return np.frombuffer(text.encode("utf-8"), dtype=np.uint8)


def windows(data: NDArray[np.uint8], positions: NDArray[np.int64], context: int) -> NDArray[np.int64]:
    """Return for each of `positions` the `context` bytes before it, one row each; a position is at least `context`."""
    offsets = np.arange(-context, 0)
    rows: NDArray[np.int64] = data[positions[:, None] + offsets[None, :]].astype(np.int64)
    return rows

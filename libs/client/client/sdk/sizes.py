"""Bytes as people write and read them."""

from __future__ import annotations

import re
from typing import Final

_RATE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?(?:/s)?", re.IGNORECASE)
_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_STEP: Final = 1024


class NotASizeError(ValueError):
    """A text is no number of bytes."""


def to_bytes(text: str) -> int:
    """Return the bytes of such as "200MiB", "1.5 GB/s" (thousands) or "1000000". Raises `NotASizeError`."""
    found = _RATE.fullmatch(text.strip())
    if found is None:
        raise NotASizeError(f"{text!r} is no number of bytes such as 200MiB, 1.5GB or 1000000")
    count = int(float(found[1]) * (_STEP if found[3] else 1000) ** _POWERS[found[2].lower()])
    if not count:
        raise NotASizeError(f"{text!r} is no bytes at all")
    return count


def shown(count: float) -> str:
    """Return bytes for people, such as "3.2 GiB"."""
    if abs(count) < _STEP:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        count /= _STEP
        if abs(count) < _STEP:
            return f"{count:.1f} {unit}"
    return f"{count / _STEP:.1f} TiB"

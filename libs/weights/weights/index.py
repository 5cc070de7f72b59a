"""The index of a model in shards (`model.safetensors.index.json`): which file holds which tensor.

It is read member by member like a header, so that a hostile one costs little: JSON read whole may take fifty times its
size. Source: the index that the common libraries write beside shards.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import Any, Final

MOST_INDEX_BYTES: Final = 32 * 2**20
MOST_INDEXED: Final = 300_000
"""Tensors of one model: the largest of today have about 150,000."""

_MOST_MEMBER_CHARACTERS: Final = 2**16
_MOST_TEXT_CHARACTERS: Final = 1024
_NEXT: Final = re.compile(r"[ \t\n\r]*+(.)", re.DOTALL)


class IndexRefusedError(Exception):
    """An index is not what an index is."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field` (file, and what of it), its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Index:
    """The file of each tensor, and the size of all tensors in bytes; `None` where it is not said."""

    files: dict[str, str]
    total_bytes: int | None


def read_index(path: str, data: bytes) -> Index:
    """Return the index that `data` is. Raises `IndexRefusedError`."""
    if len(data) > MOST_INDEX_BYTES:
        raise IndexRefusedError(path, f"{len(data)} bytes", f"must be at most {MOST_INDEX_BYTES}")
    try:
        return _Reader(path, data.decode("utf-8")).index()
    except (ValueError, RecursionError) as error:
        raise IndexRefusedError(path, data[:40], f"must be an index in JSON: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name is there twice")
    return made


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique)


class _Reader:
    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.place = 0

    def index(self) -> Index:
        files: dict[str, str] | None = None
        total: int | None = None
        known: set[str] = set()
        self._take("{")
        more = self._peek() != "}"
        if not more:
            self._take("}")
        while more:
            name = self._text()
            if name in known:
                raise ValueError(f"{name[:80]!r} is named twice")
            known.add(name)
            self._take(":")
            if name == "weight_map":
                files = self._weight_map()
            else:
                value = self._small()
                if name == "metadata":
                    total = self._total(value)
            more = self._take(",", "}") == ","
        if _NEXT.match(self.text, self.place):
            raise ValueError(f"nothing may follow, at character {self.place}")
        if not files:
            raise IndexRefusedError(f"{self.path}: weight_map", "nothing", "must name the file of each tensor")
        return Index(files, total)

    def _weight_map(self) -> dict[str, str]:
        files: dict[str, str] = {}
        self._take("{")
        if self._peek() == "}":
            self._take("}")
            return files
        more = True
        while more:
            name = self._text()
            if name in files:
                raise ValueError(f"{name[:80]!r} is named twice")
            if len(files) == MOST_INDEXED:
                raise IndexRefusedError(
                    f"{self.path}: weight_map", f"more than {MOST_INDEXED}", f"must be at most {MOST_INDEXED} tensors"
                )
            self._take(":")
            # A file is named once for each of its tensors: one text for all.
            files[name] = sys.intern(self._text())
            more = self._take(",", "}") == ","
        return files

    def _total(self, metadata: Any) -> int | None:
        total = metadata.get("total_size") if isinstance(metadata, dict) else None
        if isinstance(total, float) and total.is_integer():
            total = int(total)
        if total is not None and (isinstance(total, bool) or not isinstance(total, int) or total < 0):
            raise IndexRefusedError(f"{self.path}: metadata.total_size", str(total)[:40], "must be a number of bytes")
        return total

    def _small(self) -> Any:
        """Go past any value that is small, and return it."""
        self._peek()
        end = self.place + _MOST_MEMBER_CHARACTERS
        value, length = _DECODER.raw_decode(self.text[self.place : end])
        self.place += length
        return value

    def _text(self) -> str:
        if self._peek() != '"':
            raise ValueError(f"a text is wanted at character {self.place}")
        value, end = _DECODER.raw_decode(self.text, self.place)
        if end - self.place > _MOST_TEXT_CHARACTERS:
            raise ValueError(f"a text has at most {_MOST_TEXT_CHARACTERS} characters, at {self.place}")
        self.place = end
        return str(value)

    def _peek(self) -> str:
        found = _NEXT.match(self.text, self.place)
        if found is None:
            raise ValueError("it ends too soon")
        self.place = found.start(1)
        return found[1]

    def _take(self, *wanted: str) -> str:
        found = self._peek()
        if found not in wanted:
            raise ValueError(f"{' or '.join(wanted)} is wanted at character {self.place}")
        self.place += 1
        return found

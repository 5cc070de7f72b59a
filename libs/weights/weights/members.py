"""The members of a safetensors header, read one after another from its text, so that a hostile one costs little.

JSON read whole costs up to fifty times the memory of its text. Here only names and one tensor's fields are ever held.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

METADATA: Final = "__metadata__"
MOST_TENSORS: Final = 100_000
"""Of one file, and as many texts of metadata. Ours: the largest models of today have less in all of their files."""
_MOST_FIELD_CHARACTERS: Final = 4096
_SHOWN: Final = 40
_WHAT_COMES: Final = re.compile(r"[ \t\n\r]*+(.)", re.DOTALL)


class NotAsTheFormatError(ValueError):
    """A header breaks a rule: `part` names what of it, `value` is what it holds, `rule` what it must be."""

    def __init__(self, part: str, value: object, rule: str) -> None:
        super().__init__(f"{part} is {value!r}: {rule}")
        self.part, self.value, self.rule = part, value, rule


def members(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the name and the fields of each tensor of a header, in the order of the text; metadata is only checked.

    Raises `NotAsTheFormatError`; other `ValueError`s and `RecursionError` say that it is no JSON.
    """
    reader = _Reader(text)
    for name in reader.names("tensors"):
        if name != METADATA:
            yield name, reader.fields(name)
            continue
        for _ in reader.names(METADATA):
            reader.text_of_metadata()
    if reader.place != len(text):
        raise ValueError(f"nothing but spaces may follow, at character {reader.place}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"{name[:80]!r} is named twice")
        made[name] = value
    return made


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"number {text[:40]} has no place in a header")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_no_number)


class _Reader:
    """A header's text, and the place up to which it is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def names(self, part: str) -> Iterator[str]:
        """Go from member to member of an object; who asks for the next name has read the value of the one before."""
        if self._next() != "{":
            raise NotAsTheFormatError(part, self._shown(), "must be an object of texts")
        self._take("{")
        if self._next() == "}":
            self._take("}")
            return
        known: set[str] = set()
        more = True
        while more:
            name = self._string()
            if name in known:
                raise ValueError(f"{name[:80]!r} is named twice")
            if len(known) == MOST_TENSORS + (name == METADATA or METADATA in known):
                raise NotAsTheFormatError(part, f"more than {MOST_TENSORS}", f"must be at most {MOST_TENSORS}")
            known.add(name)
            self._take(":")
            yield name
            more = self._take(",", "}") == ","

    def fields(self, name: str) -> dict[str, Any]:
        """Go past a tensor's fields and return them: there is no object within, so they end with the first brace."""
        if self._next() != "{":
            raise NotAsTheFormatError(name[:80], self._shown(), "must be an object with exactly the fields of a tensor")
        end = self.text.find("}", self.place, self.place + _MOST_FIELD_CHARACTERS) + 1
        if not end:
            raise ValueError(f"a tensor's fields end within {_MOST_FIELD_CHARACTERS} characters")
        made: dict[str, Any]
        text = self.text[self.place : end]
        made, length = _DECODER.raw_decode(text)
        if "-0" in text:
            # Nothing for Python; the common library takes it for a fraction and does not load the file.
            _no_number("-0")
        self.place += length
        return made

    def text_of_metadata(self) -> None:
        """Go past a value of the metadata."""
        if self._next() != '"':
            raise NotAsTheFormatError(METADATA, self._shown(), "must be an object of texts")
        self._string()

    def _string(self) -> str:
        if self._next() != '"':
            raise ValueError(f"a name in quotes is wanted at character {self.place}")
        made, self.place = _DECODER.raw_decode(self.text, self.place)
        return str(made)

    def _next(self) -> str:
        """Return the next character that is no white space, without going past it."""
        found = _WHAT_COMES.match(self.text, self.place)
        if found is None:
            raise ValueError("it ends too soon")
        self.place = found.start(1)
        return found[1]

    def _take(self, *wanted: str) -> str:
        found = self._next()
        if found not in wanted:
            raise ValueError(f"{' or '.join(wanted)} is wanted at character {self.place}")
        self.place += 1
        return found

    def _shown(self) -> str:
        return self.text[self.place : self.place + _SHOWN]

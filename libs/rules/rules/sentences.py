"""Sentences in another language, by their English with a pair of braces for each figure in it.

What is refused or found is said once, in English, where it is noticed; in logs and in JSON it stays that. Whoever reads
another language gets the sentence from a table, whose keys a test holds against everything that can be said.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Sentences:
    """A table of sentences; with `nested` what stands for a figure may itself be one."""

    def __init__(self, words: Mapping[str, str], *, nested: bool = False) -> None:
        """Read `words`: by "at most {} bytes" the sentence, with {0} for the first figure."""
        self._words = words
        self._nested = nested

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        figured = sorted((key for key in self._words if "{}" in key), key=len, reverse=True)
        return [(re.compile("(.+?)".join(map(re.escape, key.split("{}"))), re.DOTALL), key) for key in figured]

    def __call__(self, text: str) -> str:
        """The sentence with the figures of this text; one that is not known as it stands."""
        if text in self._words:
            return self._words[text]
        for pattern, key in self._patterns:
            if match := pattern.fullmatch(text):
                figures = map(self, match.groups()) if self._nested else match.groups()
                return self._words[key].format(*figures)
        return text

"""What pages of explanations are made of: sentences by name in both languages, and figures for the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.exact import exact_text, fixed

if TYPE_CHECKING:
    from fractions import Fraction

    from rules.explaining_words import Language, Words

_POINTS_DIGITS = 2
DOCUMENTS: Words = {
    "rules": {
        "ko": "평가기준 {id} 제{version}판, SHA-256 {sha}",
        "en": "rule set {id} version {version}, SHA-256 {sha}",
    },
    "inputs": {"ko": "점수 자료 SHA-256 {sha}", "en": "scores SHA-256 {sha}"},
    "references": {"ko": "근거", "en": "references"},
}
"""What every explanation says of the documents that it is about."""


class Phrases:
    """Sentences by name, in both languages, with places for facts: what a page of explanations is made of."""

    def __init__(self, words: Words) -> None:
        self._words = DOCUMENTS | words

    def __call__(self, name: str, lang: Language, **facts: object) -> str:
        """The sentence in a language, with its facts."""
        return self._words[name][lang].format(**facts)


def about(value: Fraction) -> str:
    """A figure of a report: rounded for the eye, and exactly where it has no short decimal form."""
    exactly = exact_text(value)
    return f"{fixed(value, _POINTS_DIGITS)} ({exactly})" if "/" in exactly else exactly

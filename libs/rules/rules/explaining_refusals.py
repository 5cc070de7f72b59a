"""What is wrong or missing, a line each, in Korean or English: place, rule, what was found, and the code."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from rules.refusals_in_korean import FOUND, KOREAN, MISSING
from rules.score_file_table import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.completeness import Missing
    from rules.explaining_words import Language
    from rules.violations import Violation


class _Sentences:
    """Sentences by their English, in which a pair of braces stands for each figure."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

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
                return self._words[key].format(*match.groups())
        return text


_COLUMN = {f"line {{}}, {name}": f"{{0}}번째 줄, {korean[0]}" for name, korean in COLUMNS.items()}
rule_in_korean = _Sentences(KOREAN)
_found_in_korean = _Sentences(FOUND)
_place_in_korean = _Sentences(
    {"": "문서", "line {}": "{0}번째 줄", "line {}, column {}": "{0}번째 줄 {1}번째 글자", **_COLUMN}
)


def refusal_words(refused: Violation, lang: Language) -> str:
    """A violation for a reader; path of a field and code are the same in every language."""
    if lang == "en":
        return f"{refused.path or 'document'}: {refused.rule}; found {refused.value} [{refused.code}]"
    place, rule = _place_in_korean(refused.path), rule_in_korean(refused.rule)
    return f"{place}: {rule}; 값 {_found_in_korean(refused.value)} [{refused.code}]"


def missing_words(missing: Missing, lang: Language) -> str:
    """What has not come, for a reader."""
    if lang == "en":
        return str(missing)
    what = _Sentences(MISSING)(missing.what)
    told = (what, missing.source, missing.team, _found_in_korean(missing.assessor), _found_in_korean(missing.criterion))
    return " ".join(each for each in told if each)

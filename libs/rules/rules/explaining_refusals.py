"""What is wrong or missing, a line each, in Korean or English: place, rule, what was found, and the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.completeness import Missing
from rules.refusals_in_korean import FOUND, KOREAN, MISSING
from rules.score_file_table import COLUMNS
from rules.sentences import Sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.explaining_words import Language
    from rules.violations import Violation

_COLUMN = {f"line {{}}, {name}": f"{{0}}번째 줄, {korean[0]}" for name, korean in COLUMNS.items()}
rule_in_korean = Sentences(KOREAN)
_found_in_korean = Sentences(FOUND)
_place_in_korean = Sentences(
    {"": "문서", "line {}": "{0}번째 줄", "line {}, column {}": "{0}번째 줄 {1}번째 글자", **_COLUMN}
)


def refusal_words(refused: Violation, lang: Language) -> str:
    """A violation for a reader; path of a field and code are the same in every language."""
    if lang == "en":
        return f"{refused.path or 'document'}: {refused.rule}; found {refused.value} [{refused.code}]"
    place, rule = _place_in_korean(refused.path), rule_in_korean(refused.rule)
    return f"{place}: {rule}; 값 {_found_in_korean(refused.value)} [{refused.code}]"


def why_words(why: Iterable[Violation | Missing], lang: Language) -> str:
    """Why nothing could be decided, in one line."""
    told = (missing_words(each, lang) if isinstance(each, Missing) else refusal_words(each, lang) for each in why)
    return "; ".join(told)


def missing_words(missing: Missing, lang: Language) -> str:
    """What has not come, for a reader."""
    if lang == "en":
        return str(missing)
    between = f"({', '.join(missing.teams)})" if len(missing.teams) > 1 else "".join(missing.teams)
    count = f"{missing.have} (최소 {missing.need})" if missing.need else ""
    told = (MISSING[missing.what], missing.source, between, missing.assessor, missing.criterion, count)
    return " ".join(each for each in told if each)

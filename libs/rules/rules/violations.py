"""How a document is refused: every place that breaks a rule, at once."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_VALUE_LIMIT = 200
_SHOWN = 10


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One place that breaks one rule: where, what stands there, the rule as a sentence, and its stable code."""

    path: str
    value: str
    rule: str
    code: str

    def __str__(self) -> str:
        return f"{self.path or 'document'}: {self.rule} ({self.code}); found {self.value}"


def violation(path: str, value: object, rule: str, code: str) -> Violation:
    """A violation whose value is shown as people write it, cut to a readable length."""
    if value is None:
        text = "nothing"
    elif isinstance(value, bool | dict | list):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    text = text.encode(errors="backslashreplace").decode()  # a lone surrogate cannot be printed
    return Violation(path, text if len(text) <= _VALUE_LIMIT else text[:_VALUE_LIMIT] + "…", rule, code)


def repeated(path: str, names: Iterable[str], what: str) -> Iterator[Violation]:
    """A violation for each name that stands more than once."""
    for name, count in Counter(names).items():
        if count > 1:
            yield violation(path, f"{name}, {count} times", f"each {what} stands once", "DUPLICATE")


class DocumentRefusedError(Exception):
    """A document breaks rules; `violations` holds each of them, in the document's order, the text the first."""

    what = "document"

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        first = self.violations[0]
        self.field, self.value, self.rule, self.code = first.path, first.value, first.rule, first.code
        shown = "; ".join(str(each) for each in self.violations[:_SHOWN])
        more = f" and {len(self.violations) - _SHOWN} more" if len(self.violations) > _SHOWN else ""
        super().__init__(f"{self.what} refused: {shown}{more}")


class YamlRefusedError(DocumentRefusedError):
    """A text is not the plain YAML that the programme reads."""

    what = "text"


class RuleSetInvalidError(DocumentRefusedError):
    """A rule set cannot be used; nothing can be decided under it."""

    what = "rule set"


class InputsRefusedError(DocumentRefusedError):
    """Scores or verdicts that no rule set allows: NaN, an unknown team, a value off its scale, the same score twice."""

    what = "inputs"


class ScheduleInvalidError(DocumentRefusedError):
    """A schedule cannot be: a date without an instant, periods that overlap, a window that not everybody can have."""

    what = "schedule"

"""What changed in meaning from one rule set to another, in words, and whether it can move the order.

Elements with an id are matched by it, so that an order of listing means nothing; steps and ties by their place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from rules.differing_words import field_words, number_words, said
from rules.document import Criterion, Part, Title
from rules.exact import plain
from rules.explaining_rules import titles_of
from rules.explaining_words import (
    GATES,
    OPERATORS,
    SOURCES,
    STEPS,
    TIES,
    Language,
    Words,
    in_words,
    item_words,
    title_words,
    value_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules.document import RuleSet

_NEVER_MOVE = {
    "changes", "consequences", "dates", "disclosure", "format", "grounds", "objections", "provider", "references",
    "stage", "targets", "title", "version", "zone",
}  # fmt: skip
"""Fields, at any depth, that no total, no rank and no seat depends on. Whatever is not here can move the order."""
_LANGUAGES: tuple[Language, Language] = ("ko", "en")
_Said = dict[Language, str]
_KEYS = ("id", "criterion", "team")
_ATOMS: tuple[tuple[str, Words], ...] = (("operator", OPERATORS), ("step", STEPS), ("by", TIES))


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `old` and `new` are JSON values, None where nothing stood or stands; `words` a sentence each."""

    path: str
    old: Any
    new: Any
    can_move_order: bool
    words: _Said = field(hash=False)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the comparison stands: its path, the same in words, and whether it can move the order."""

    path: str = ""
    words: tuple[_Said, ...] = ()
    moves: bool = True

    def field(self, name: str) -> _Place:
        path = f"{self.path}.{name}" if self.path else name
        return _Place(path, (*self.words, field_words(name)), self.moves and name not in _NEVER_MOVE)

    def named(self, key: str, name: _Said) -> _Place:
        """An element of a list by its id: its name says what it is, without the name of the list."""
        return _Place(f"{self.path}[{key}]", (*self.words[:-1], name), self.moves)

    def numbered(self, number: int) -> _Place:
        return _Place(f"{self.path}[{number}]", (*self.words, number_words(number + 1)), self.moves)


class _Comparison:
    """Compares two documents and knows the titles of what they name."""

    def __init__(self, old: RuleSet, new: RuleSet) -> None:
        self._titles = {lang: titles_of(old, lang) | titles_of(new, lang) for lang in _LANGUAGES}

    def values(self, place: _Place, old: Any, new: Any) -> Iterator[Change]:
        if old == new:
            return
        if isinstance(old, tuple) and isinstance(new, tuple):
            yield from self._lists(place, old, new)
        elif isinstance(old, BaseModel) and type(old) is type(new) and not self._is_atom(old):
            for name in type(old).model_fields:
                yield from self.values(place.field(name), getattr(old, name), getattr(new, name))
        else:
            yield self._change(place, old, new)

    def _lists(self, place: _Place, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
        key = next((key for key in _KEYS if all(hasattr(each, key) for each in (*old, *new))), None)
        if key is None:
            yield from self._sequences(place, old, new)
            return
        before, after = ({getattr(each, key): each for each in values} for values in (old, new))
        for name in dict.fromkeys((*before, *after)):
            one, other = before.get(name), after.get(name)
            said_name = {lang: self._name(other or one, name, lang) for lang in _LANGUAGES}
            yield from self.values(place.named(name, said_name), one, other)

    def _sequences(self, place: _Place, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
        before, after = ([_json_text(each) for each in values] for values in (old, new))
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for tag, start, end, other_start, other_end in matcher.get_opcodes():
            if tag == "equal":
                continue
            for offset in range(max(end - start, other_end - other_start)):
                one = old[start + offset] if start + offset < end else None
                other = new[other_start + offset] if other_start + offset < other_end else None
                number = (start if other is None else other_start) + offset
                yield from self.values(place.numbered(number), one, other)

    def _is_atom(self, value: object) -> bool:
        """Steps and ties are one sentence each, whichever of their fields changed; so is a title's text."""
        return any(isinstance(getattr(value, name, None), str) for name, _ in _ATOMS)

    def _change(self, place: _Place, old: Any, new: Any) -> Change:
        words = {lang: self._sentence(place, old, new, lang) for lang in _LANGUAGES}
        path, before, after = place.path, old, new
        if isinstance(old, BaseModel) and type(old) is type(new):
            changed = [name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)]
            if len(changed) == 1:
                path, before, after = f"{path}.{changed[0]}", getattr(old, changed[0]), getattr(new, changed[0])
        return Change(path, _json(before), _json(after), place.moves, words)

    def _sentence(self, place: _Place, old: Any, new: Any, lang: Language) -> str:
        where = ", ".join(words[lang] for words in place.words)
        return said(where, self._text(old, lang), self._text(new, lang), lang)

    def _name(self, value: Any, key: str, lang: Language) -> str:
        title = getattr(value, "title", None)
        return f"{title_words(title, lang)} ({key})" if isinstance(title, Title) else key

    def _text(self, value: Any, lang: Language) -> str | None:
        if value is None:
            return None
        for name, table in (*_ATOMS, ("kind", GATES | SOURCES)):
            kind = getattr(value, name, None)
            if isinstance(kind, str) and kind in table:
                return in_words(table, kind, value, lang, self._titles[lang])
        if isinstance(value, Title | Part | Criterion):
            return item_words(value, lang)
        if isinstance(value, BaseModel | tuple):
            return _json_text(value)
        return str(_json(value)) if isinstance(value, datetime) else value_words(value, lang)


def differences(old: RuleSet, new: RuleSet) -> tuple[Change, ...]:
    """Every difference in meaning from `old` to `new`, in the document's order; none where only the listing differs."""
    return tuple(_Comparison(old, new).values(_Place(), old, new))


def _json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return plain(value)
    return value


def _json_text(value: Any) -> str:
    return json.dumps(_json(value), ensure_ascii=False, sort_keys=True)

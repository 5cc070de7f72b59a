"""Plain YAML: what people write, read without surprises.

Only mappings, lists, text, whole numbers, exact decimals, true, false and null. No anchors (and so no bombs), no
tags, no second document, no repeated key; `yes`, `0x10` and `12:30` stay text. Numbers with a point become `Decimal`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from rules.texts import check_length, text_of
from rules.violations import Violation, YamlRefusedError, violation

if TYPE_CHECKING:
    from collections.abc import Iterator

BYTES_LIMIT = 4 * 1024 * 1024
DEPTH_LIMIT = 40
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,12}")
_NOT_FINITE = re.compile(r"[-+]?\.?(nan|inf|infinity)", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


def read_yaml(text: str | bytes) -> Any:
    """The value of one plain YAML document; raises YamlRefusedError with every violation and its path."""
    if isinstance(text, bytes):
        text = text_of(text, BYTES_LIMIT, YamlRefusedError)
    check_length(text, BYTES_LIMIT, YamlRefusedError)
    reader = _Reader()
    try:
        events = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        value = reader.document(events)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # also of escapes and numbers of characters
        raise YamlRefusedError([_malformed(text, error)]) from error
    if reader.violations:
        raise YamlRefusedError(reader.violations)
    return value


class _TooDeepError(yaml.YAMLError):
    """More levels than anybody writes."""


def _malformed(text: str, error: Exception) -> Violation:
    """Where the text stops being YAML, with the line that stands there."""
    if isinstance(error, _TooDeepError):
        return violation("", f"more than {DEPTH_LIMIT} levels", f"at most {DEPTH_LIMIT} levels", "YAML_MALFORMED")
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        line, column, problem = error.problem_mark.line, error.problem_mark.column, error.problem or error.context
    elif isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        line, column, problem = before.count("\n"), len(before) - before.rfind("\n") - 1, error.reason
    else:
        return violation("", str(error), "the text is well-formed YAML", "YAML_MALFORMED")
    lines = text.splitlines()
    found = lines[line].strip() if line < len(lines) else ""
    rule = f"the text is well-formed YAML: {problem}"
    return violation(f"line {line + 1}, column {column + 1}", found or None, rule, "YAML_MALFORMED")


class _Reader:
    """Builds the value from parser events, so that nothing is expanded or constructed by a tag."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def document(self, events: Iterator[Any]) -> Any:
        value: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
            elif isinstance(event, yaml.NodeEvent):
                value = self._node(event, events, "", 0)
        if documents != 1:
            self._refuse("", f"{documents} documents", "exactly one document", "YAML_DOCUMENTS")
        return value

    def _node(self, event: Any, events: Iterator[Any], path: str, depth: int) -> Any:
        if depth > DEPTH_LIMIT:
            raise _TooDeepError
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse(path, event.anchor, "anchors and aliases are not allowed", "YAML_ANCHOR")
        if isinstance(event, yaml.AliasEvent):
            return None
        if event.tag is not None:
            self._refuse(path, event.tag, "tags are not allowed", "YAML_TAG")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path, depth)
        return self._scalar(event, path)

    def _mapping(self, events: Iterator[Any], path: str, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            if key is None or event.anchor is not None or event.tag is not None or _SURROGATE.search(key):
                self._refuse(path, "a key that is no text", "a key is plain text", "YAML_KEY")
                self._node(event, events, path, depth + 1)
                key = f"?{len(mapping)}"
            below = f"{path}.{key}" if path else key
            value = self._node(next(events), events, below, depth + 1)
            if key in mapping:
                self._refuse(below, key, "a key stands once in its mapping", "YAML_DUPLICATE_KEY")
            mapping[key] = value
        return mapping

    def _sequence(self, events: Iterator[Any], path: str, depth: int) -> list[Any]:
        values: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            values.append(self._node(event, events, f"{path}[{len(values)}]", depth + 1))
        return values

    def _scalar(self, event: Any, path: str) -> Any:
        text: str = event.value
        if _SURROGATE.search(text):
            self._refuse(path, ascii(text), "text is Unicode without lone surrogates", "TEXT_NOT_UNICODE")
            return ""
        if event.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
        if _NOT_FINITE.fullmatch(text):
            self._refuse(path, text, "a number is finite", "NUMBER_NOT_FINITE")
        return text

    def _refuse(self, path: str, value: object, rule: str, code: str) -> None:
        self.violations.append(violation(path, value, rule, code))

"""From a text to the document of a model: YAML or JSON, each violation with its path, value, rule and code."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from rules.exact import NotExactError, plain
from rules.fields import PATTERNS
from rules.plain_yaml import read_yaml
from rules.violations import Violation, YamlRefusedError, violation

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from rules.violations import DocumentRefusedError

Document = TypeVar("Document", bound=BaseModel)

_LISTS_OF_KINDS = frozenset({"sources", "steps", "gates", "procedure", "ties", "shows"})
_CODES = {
    "missing": ("FIELD_MISSING", "this field is required"),
    "extra_forbidden": ("FIELD_UNKNOWN", "no such field exists here"),
    "union_tag_invalid": ("KIND_UNKNOWN", "{discriminator} is one of {expected_tags}"),
    "union_tag_not_found": ("FIELD_MISSING", "the field that names the kind is required"),
}
_RULES = {
    "bool_type": "true or false",
    "dict_type": "fields with values",
    "enum": "one of {expected}",
    "greater_than_equal": "at least {ge}",
    "int_type": "an integer, without quotes",
    "json_invalid": "the text is well-formed JSON",
    "less_than_equal": "at most {le}",
    "literal_error": "one of {expected}",
    "model_type": "fields with values",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "string_type": "text",
    "tuple_type": "a list",
}
"""What a value should have been, by the validator's kind of error, in words of people who write documents."""


def document_of(model: type[Document], text: str | bytes, refusal: type[DocumentRefusedError]) -> Document:
    """The document of a YAML text (JSON is YAML); raises `refusal` with every violation of its shape."""
    try:
        data = read_yaml(text)
    except YamlRefusedError as error:
        raise refusal(error.violations) from error
    return document_from_json(model, json.dumps(data, default=_decimal_text, ensure_ascii=False).encode(), refusal)


def document_from_json(model: type[Document], data: bytes, refusal: type[DocumentRefusedError]) -> Document:
    """The document of JSON bytes; raises `refusal` with every violation of its shape."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise refusal(shape_violations(error)) from error


def _decimal_text(value: object) -> str:
    """A number with a point, as people wrote it; the one thing in plain YAML that JSON has no type for."""
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{value!r} is no value of plain YAML")


def shape_violations(error: ValidationError) -> list[Violation]:
    """What is wrong with the shape of a document, each with its path as people write it and a stable code."""
    found = []
    for detail in error.errors(include_url=False, include_context=True):
        code, rule = shape_rule(detail)
        value = None if code == "FIELD_MISSING" else detail.get("ctx", {}).get("tag", detail["input"])
        found.append(violation(_path(detail["loc"]), value, rule, code))
    return found


def shape_rule(detail: ErrorDetails) -> tuple[str, str]:
    """The code and the rule of one error of a validator."""
    kind, context = detail["type"], dict(detail.get("ctx", {}))
    for name in ("discriminator", "expected", "expected_tags"):
        context[name] = str(context.get(name)).replace("'", "")
    if kind in _CODES:
        code, rule = _CODES[kind]
        operator = context["discriminator"] == "operator"
        return "OPERATOR_UNKNOWN" if operator and code == "KIND_UNKNOWN" else code, rule.format(**context)
    if detail["input"] is None:
        return _CODES["missing"]
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return "VALUE_INVALID", PATTERNS.get(pattern, f"in the form {pattern}")
    if kind == "value_error":
        why = context["error"]
        exact = isinstance(why, NotExactError)
        return "NUMBER_NOT_EXACT" if exact else "VALUE_INVALID", NotExactError.rule if exact else str(why)
    return "VALUE_INVALID", _RULES[kind].format(**context) if kind in _RULES else detail["msg"]


def _path(location: tuple[int | str, ...]) -> str:
    """The place as people write it: without the kind that pydantic names after the index of a list of kinds."""
    path = ""
    for number, step in enumerate(location):
        if isinstance(step, int):
            path += f"[{step}]"
        elif number < 2 or location[number - 2] not in _LISTS_OF_KINDS or isinstance(location[number - 1], str):  # noqa: PLR2004 - list, index, kind
            path += f".{step}" if path else step
    return path

"""From a text to the document of a model: YAML or JSON, each violation with its path, value, rule and code."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from rules.exact import plain
from rules.plain_yaml import read_yaml
from rules.violations import Violation, YamlRefusedError, violation

if TYPE_CHECKING:
    from rules.violations import DocumentRefusedError

Document = TypeVar("Document", bound=BaseModel)

_LISTS_OF_KINDS = frozenset({"sources", "steps", "gates", "procedure", "ties", "shows"})
_CODES = {
    "missing": ("FIELD_MISSING", "this field is required"),
    "extra_forbidden": ("FIELD_UNKNOWN", "no such field exists here"),
    "union_tag_invalid": ("KIND_UNKNOWN", "the kind is one that the engine knows"),
    "union_tag_not_found": ("FIELD_MISSING", "the field that names the kind is required"),
}


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
        code, rule = _CODES.get(detail["type"], ("VALUE_INVALID", detail["msg"]))
        value = "nothing" if code == "FIELD_MISSING" else detail["input"]
        if code == "KIND_UNKNOWN":
            context = detail.get("ctx", {})
            value, rule = (
                context.get("tag", value),
                f"{context.get('discriminator')} is one of {context.get('expected_tags')}",
            )
            code = "OPERATOR_UNKNOWN" if context.get("discriminator") == "'operator'" else code
        found.append(violation(_path(detail["loc"]), value, rule, code))
    return found


def _path(location: tuple[int | str, ...]) -> str:
    """The place as people write it: without the kind that pydantic names after the index of a list of kinds."""
    path = ""
    for number, step in enumerate(location):
        if isinstance(step, int):
            path += f"[{step}]"
        elif number < 2 or location[number - 2] not in _LISTS_OF_KINDS or isinstance(location[number - 1], str):  # noqa: PLR2004 - list, index, kind
            path += f".{step}" if path else step
    return path

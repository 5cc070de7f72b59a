"""Reading rule sets: from people's YAML or from canonical JSON, refusing every violation at once."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from rules.canonical import canonical_document, sha256_hex
from rules.checks import check
from rules.document import RuleSet
from rules.plain_yaml import read_yaml
from rules.violations import RuleSetInvalidError, Violation, YamlRefusedError, violation

_LISTS_OF_KINDS = frozenset({"sources", "steps", "gates", "procedure", "ties", "shows"})
_CODES = {
    "missing": ("FIELD_MISSING", "this field is required"),
    "extra_forbidden": ("FIELD_UNKNOWN", "no such field exists here"),
    "union_tag_invalid": ("KIND_UNKNOWN", "the kind is one that the engine knows"),
    "union_tag_not_found": ("FIELD_MISSING", "the field that names the kind is required"),
}


def load_rule_set(text: str | bytes) -> RuleSet:
    """The rule set of a YAML document; raises RuleSetInvalidError with every violation, not only the first."""
    try:
        data = read_yaml(text)
    except YamlRefusedError as error:
        raise RuleSetInvalidError(error.violations) from error
    return _validated(json.dumps(data, default=str, ensure_ascii=False).encode())


def rule_set_from_json(data: bytes) -> RuleSet:
    """The rule set of its canonical bytes; raises RuleSetInvalidError, also where the bytes are not canonical."""
    rule_set = _validated(data)
    if canonical_bytes(rule_set) != data:
        rule = "the bytes are the document's RFC 8785 form with decimals as text"
        raise RuleSetInvalidError([violation("", f"SHA-256 {sha256_hex(data)}", rule, "NOT_CANONICAL")])
    return rule_set


def canonical_bytes(rule_set: RuleSet) -> bytes:
    """The RFC 8785 form: decimals are text without trailing zeros, instants UTC, absent fields left out."""
    return canonical_document(rule_set.model_dump(mode="json", exclude_none=True))


def sha256_of(rule_set: RuleSet) -> str:
    """The SHA-256 that scores and decisions cite, 64 hexadecimal digits."""
    return sha256_hex(canonical_bytes(rule_set))


def schema() -> dict[str, Any]:
    """The published JSON Schema (2020-12) of a rule set."""
    generated = RuleSet.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **generated}


def _validated(data: bytes) -> RuleSet:
    try:
        rule_set = RuleSet.model_validate_json(data)
    except ValidationError as error:
        raise RuleSetInvalidError(shape_violations(error)) from error
    if found := check(rule_set):
        raise RuleSetInvalidError(found)
    return rule_set


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

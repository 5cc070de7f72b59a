"""Reading rule sets: from people's YAML or from canonical JSON, refusing every violation at once."""

from __future__ import annotations

from typing import Any

from rules.canonical import canonical_document, sha256_hex
from rules.checks import check
from rules.document import RuleSet
from rules.shape import document_from_json, document_of, shape_violations
from rules.violations import RuleSetInvalidError, violation

__all__ = [
    "canonical_bytes",
    "load_rule_set",
    "rule_set_from_json",
    "schema",
    "sha256_of",
    "shape_violations",
]


def load_rule_set(text: str | bytes) -> RuleSet:
    """The rule set of a YAML document; raises RuleSetInvalidError with every violation, not only the first."""
    return _checked(document_of(RuleSet, text, RuleSetInvalidError))


def rule_set_from_json(data: bytes) -> RuleSet:
    """The rule set of its canonical bytes; raises RuleSetInvalidError, also where the bytes are not canonical."""
    rule_set = _checked(document_from_json(RuleSet, data, RuleSetInvalidError))
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


def _checked(rule_set: RuleSet) -> RuleSet:
    if found := check(rule_set):
        raise RuleSetInvalidError(found)
    return rule_set

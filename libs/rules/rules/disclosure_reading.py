"""A policy by itself, as staff add it to those of a rule set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import ValidationError

from rules.canonical import sha256_hex
from rules.disclosure import Policy, policy_bytes
from rules.disclosure_checks import check_policy
from rules.loading import shape_violations
from rules.plain_yaml import read_yaml
from rules.violations import RuleSetInvalidError, YamlRefusedError, violation

if TYPE_CHECKING:
    from rules.document import RuleSet


class PolicyInvalidError(RuleSetInvalidError):
    """A policy cannot be used with the rule set it is for."""

    what = "policy"


def load_policy(text: str | bytes, rule_set: RuleSet) -> Policy:
    """The policy of a YAML or JSON document for a stage; raises PolicyInvalidError with every violation."""
    try:
        data = read_yaml(text)
    except YamlRefusedError as error:
        raise PolicyInvalidError(error.violations) from error
    return _validated(json.dumps(data, default=str, ensure_ascii=False).encode(), rule_set)


def policy_from_json(data: bytes, rule_set: RuleSet) -> Policy:
    """The policy of its canonical bytes; raises PolicyInvalidError, also where the bytes are not canonical."""
    policy = _validated(data, rule_set)
    if policy_bytes(policy) != data:
        rule = "the bytes are the policy's RFC 8785 form"
        raise PolicyInvalidError([violation("", f"SHA-256 {sha256_hex(data)}", rule, "NOT_CANONICAL")])
    return policy


def _validated(data: bytes, rule_set: RuleSet) -> Policy:
    try:
        policy = Policy.model_validate_json(data)
    except ValidationError as error:
        raise PolicyInvalidError(shape_violations(error)) from error
    if found := list(check_policy(rule_set, policy, "")):
        raise PolicyInvalidError(found)
    return policy

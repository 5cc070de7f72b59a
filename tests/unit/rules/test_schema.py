"""The published JSON Schemas hold for every shipped document and refuse what has another shape."""

import json
from typing import Any

import pytest
import rules
from jsonschema import Draft202012Validator
from rules.scheduling import schedule_schema

from tests.unit.rules.test_other_programmes import ALL, FOLDER, rule_set
from tests.unit.rules.test_rule_set_defects import DEFECTS, TEXT

RULE_SETS, SCHEDULES = Draft202012Validator(rules.schema()), Draft202012Validator(schedule_schema())
OF_SHAPE = {"FIELD_UNKNOWN", "FIELD_MISSING", "OPERATOR_UNKNOWN", "KIND_UNKNOWN"}


@pytest.mark.parametrize("validator", [RULE_SETS, SCHEDULES])
def test_a_schema_is_one(validator: Draft202012Validator) -> None:
    Draft202012Validator.check_schema(validator.schema)


@pytest.mark.parametrize("path", ALL)
def test_every_shipped_rule_set_holds_as_written_and_in_canonical_form(path: str) -> None:
    RULE_SETS.validate(rules.read_yaml((FOLDER / path).read_bytes()))
    RULE_SETS.validate(json.loads(rules.canonical_bytes(rule_set(path))))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/schedule.yaml")), ids=lambda path: path.parent.name)
def test_every_shipped_schedule_holds(path: Any) -> None:
    SCHEDULES.validate(rules.read_yaml(path.read_bytes()))


@pytest.mark.parametrize(
    ("old", "new"), [(old, new) for code, _, old, new in DEFECTS if code in OF_SHAPE], ids=lambda part: part[:30]
)
def test_what_has_another_shape_is_refused_by_the_schema_too(old: str, new: str) -> None:
    assert not RULE_SETS.is_valid(rules.read_yaml(TEXT.replace(old, new, 1)))


def test_a_number_may_be_written_as_a_number_or_as_text_but_not_as_a_word() -> None:
    document = rules.read_yaml(TEXT)
    for points, valid in ((100, True), ("100", True), ("99.5", True), (99.5, True), ("many", False), ("1e2", False)):
        assert RULE_SETS.is_valid({**document, "points": points}) is valid

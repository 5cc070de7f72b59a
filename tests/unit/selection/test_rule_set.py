"""Rules of a rule set's life."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from rules import RuleSet, Violation, load_rule_set
from selection.domain import rule_set
from selection.domain.refusal import RuleSetSupersededError, VersionNotNewError
from selection.domain.rule_set import RuleSetRefusedError, RuleSetState

TEXT = (files("client") / "programmes" / "sovereign-ai" / "rule-sets" / "stage-2.yaml").read_text(encoding="utf-8")
RULES = load_rule_set(TEXT)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIRST = rule_set.publish(RULES, [], NOW)


def version(number: int) -> RuleSet:
    return RULES.model_copy(update={"version": number})


def test_the_identity_of_a_rule_set_is_its_hash_and_its_document_reads_back() -> None:
    assert FIRST.state is RuleSetState.PUBLISHED
    assert FIRST.rules == RULES
    assert len(FIRST.sha256) == 64


def test_the_same_document_published_again_is_the_same_rule_set() -> None:
    assert rule_set.publish(RULES, [FIRST], datetime(2026, 7, 1, tzinfo=UTC)) == FIRST


def test_a_version_must_be_above_every_earlier_one() -> None:
    second = rule_set.publish(version(3), [FIRST], NOW)
    with pytest.raises(VersionNotNewError) as refused:
        rule_set.publish(version(2), [FIRST, second], NOW)
    assert (refused.value.field, refused.value.value) == ("version", 2)


def test_a_frozen_rule_set_keeps_its_instant_and_a_superseded_one_cannot_be_frozen() -> None:
    frozen = rule_set.freeze(FIRST, NOW)
    assert rule_set.freeze(frozen, datetime(2026, 7, 1, tzinfo=UTC)).frozen_at == NOW
    with pytest.raises(RuleSetSupersededError):
        rule_set.freeze(rule_set.supersede(FIRST, NOW), NOW)


def test_a_document_whose_points_do_not_sum_is_refused_with_path_value_and_rule() -> None:
    with pytest.raises(RuleSetRefusedError) as refused:
        rule_set.read(TEXT.replace("points: 35", "points: 34", 1))
    error = refused.value
    (first, *_) = json.loads(error.violations)
    assert (first["path"], first["value"], first["rule"]) == (error.field, error.value, error.rule)
    assert all((error.field, error.value, error.rule, first["code"]))


def test_a_document_that_no_event_can_carry_is_refused() -> None:
    padded = TEXT + "".join(f'  - "{number:0490}"\n' for number in range(1100))
    with pytest.raises(RuleSetRefusedError) as refused:
        rule_set.read(padded)
    assert "DOCUMENT_TOO_LONG" in refused.value.violations


def test_more_violations_than_fit_are_counted() -> None:
    many = [Violation(f"parts[{n}]", "v" * 200, "r" * 100, "CODE") for n in range(100)]
    error = RuleSetRefusedError(many)
    assert error.violation_count == 100
    assert 1 <= len(json.loads(error.violations)) < 100
    assert len(error.violations) < 5000


def test_a_draft_is_kept_with_its_defects_and_without_them() -> None:
    wrong = rule_set.draft("next", TEXT.replace("points: 35", "points: 34", 1), NOW, "kim")
    assert wrong.violation_count == len(json.loads(wrong.violations)) > 0
    assert (rule_set.draft("next", TEXT, NOW, "kim").violations, wrong.saved_by) == ("[]", "kim")

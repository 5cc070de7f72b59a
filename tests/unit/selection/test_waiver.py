"""Waivers of objections."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rules import load_rule_set
from selection.domain.refusal import TeamUnknownError, VersionUnknownError, WaiverNotAllowedError
from selection.domain.waiver import check_waiver, still_waiting

from tests.builders.selection_cases import document
from tests.unit.selection.test_agenda import STAGE
from tests.unit.selection.test_override import DECIDED

RULES = load_rule_set(document("stage-2"))


def test_a_party_waives_what_it_could_object_to() -> None:
    check_waiver(DECIDED, RULES, "upstage", 1)
    with pytest.raises(TeamUnknownError):
        check_waiver(DECIDED, RULES, "nobody", 1)
    with pytest.raises(VersionUnknownError):
        check_waiver(replace(DECIDED, decision_version=2), RULES, "upstage", 1)
    with pytest.raises(WaiverNotAllowedError):
        check_waiver(STAGE, RULES, "upstage", 1)
    never = RULES.model_copy(update={"objections": RULES.objections.model_copy(update={"early_close": "never"})})
    with pytest.raises(WaiverNotAllowedError):
        check_waiver(DECIDED, never, "upstage", 1)


def test_the_window_waits_for_every_party() -> None:
    assert still_waiting(DECIDED, {"upstage", "sk-telecom"}) == ("lg-ai-research", "motif-technologies")
    assert still_waiting(DECIDED, set(DECIDED.entrants)) == ()

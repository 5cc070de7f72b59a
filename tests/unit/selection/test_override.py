"""Overrides by two officers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from selection.domain.override import LIFE, Proposal, ProposalState, confirm, dropped, propose
from selection.domain.refusal import (
    OverrideClosedError,
    OverrideInvalidError,
    ReasonMissingError,
    SecondOfficerError,
    StageNotDecidedError,
)
from selection.domain.stage import StageState

from tests.unit.selection.test_agenda import STAGE
from tests.unit.selection.test_versions import EVIDENCE, record

NOW = datetime(2026, 8, 19, tzinfo=UTC)
DECISION = record(EVIDENCE)
DECIDED = replace(
    STAGE,
    state=StageState.OBJECTION,
    entrants=("lg-ai-research", "motif-technologies", "sk-telecom", "upstage"),
    decision_version=1,
)


def proposed(*advanced: str, reason: str = "a court said so") -> Proposal:
    return propose("o", DECIDED, DECISION, advanced or ("upstage",), reason, ["ruling"], "kim", NOW)


def test_another_officer_confirms_what_one_proposed() -> None:
    confirmed = confirm(proposed(), DECISION, "lee", NOW + LIFE - timedelta(seconds=1))
    assert (confirmed.state, confirmed.override.proposed_by, confirmed.override.confirmed_by) == (
        ProposalState.CONFIRMED,
        "kim",
        "lee",
    )
    assert confirmed.override.decision_sha256 == DECISION.sha256


def test_one_officer_is_not_two_and_a_proposal_expires() -> None:
    with pytest.raises(SecondOfficerError):
        confirm(proposed(), DECISION, "kim", NOW)
    with pytest.raises(OverrideClosedError):
        confirm(proposed(), DECISION, "lee", NOW + LIFE)
    with pytest.raises(OverrideClosedError):
        confirm(dropped(proposed(), ProposalState.WITHDRAWN), DECISION, "lee", NOW)


def test_what_was_proposed_on_an_earlier_version_is_not_confirmed_on_a_later_one() -> None:
    with pytest.raises(OverrideClosedError):
        confirm(proposed(), replace(DECISION, version=2), "lee", NOW)


def test_an_override_names_teams_of_the_stage_and_something_else_than_was_decided() -> None:
    for wrong in (("nobody",), ("upstage", "upstage"), DECISION.advanced):
        with pytest.raises(OverrideInvalidError):
            proposed(*wrong)
    with pytest.raises(ReasonMissingError):
        proposed(reason=" ")
    with pytest.raises(StageNotDecidedError):
        propose("o", STAGE, DECISION, ["upstage"], "x", [], "kim", NOW)

"""What an elimination takes: what was given before it, of the kinds it names, from its own team."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from grants.domain.decision import AppliedDecision, DecisionChangedError, Elimination, FinalDecision
from grants.domain.entitlement import Entitlement, EntitlementChangedError, EntitlementState, SupportKind, restored
from grants.domain.ledger import TeamId

NC = TeamId("nc-ai")
GIVEN = datetime(2025, 8, 14, 15, tzinfo=UTC)
GPU = Entitlement(NC, SupportKind.GPU, 512, GIVEN, GIVEN + timedelta(days=160), "presentation", "aa" * 32, GIVEN)
OUT = Elimination(NC, frozenset({SupportKind.GPU}), "stage-1", GIVEN + timedelta(days=100))


def test_an_elimination_takes_what_an_earlier_decision_gave() -> None:
    assert OUT.takes(GPU)


def test_what_a_later_or_simultaneous_decision_gives_stays() -> None:
    assert not OUT.takes(replace(GPU, granted_at=OUT.final_at))
    assert not OUT.takes(replace(GPU, granted_at=OUT.final_at + timedelta(microseconds=1)))
    assert OUT.takes(replace(GPU, granted_at=OUT.final_at - timedelta(microseconds=1)))


def test_other_kinds_and_other_teams_are_not_touched() -> None:
    assert not OUT.takes(replace(GPU, kind=SupportKind.DATA))
    assert not OUT.takes(replace(GPU, team=TeamId("upstage")))


def test_a_decision_is_about_all_whom_it_gives_to_or_takes_from() -> None:
    upstage = replace(GPU, team=TeamId("upstage"))
    assert FinalDecision("stage-1", "bb" * 32, (upstage,), (OUT,), OUT.final_at).teams == {"nc-ai", "upstage"}


def test_of_the_versions_of_a_decision_the_highest_counts_and_each_is_told_in_one_way() -> None:
    second = FinalDecision("stage-1", "bb" * 32, (), (), OUT.final_at, 2)
    assert second.counts_after(None)
    assert second.counts_after(AppliedDecision(1, "aa" * 32))
    assert not second.counts_after(AppliedDecision(2, "bb" * 32))
    assert not second.counts_after(AppliedDecision(3, "cc" * 32))
    with pytest.raises(DecisionChangedError):
        second.counts_after(AppliedDecision(2, "cc" * 32))


def test_what_a_later_version_gives_is_the_same_or_another_and_never_half_of_it() -> None:
    later = replace(GPU, granted_at=OUT.final_at, version=2)
    assert later.takes_the_place_of(GPU)
    assert not later.takes_the_place_of(replace(GPU, kind=SupportKind.DATA))
    assert not later.takes_the_place_of(replace(GPU, valid_from=GIVEN + timedelta(days=1)))
    with pytest.raises(EntitlementChangedError):
        later.takes_the_place_of(replace(GPU, amount=768))
    data = replace(GPU, kind=SupportKind.DATA, valid_to=None)
    assert replace(data, valid_from=OUT.final_at).takes_the_place_of(data)


def test_gpus_are_given_back_for_the_rest_of_their_window_once() -> None:
    lost = replace(GPU, state=EntitlementState.FORFEITED, lost_in="stage-1")
    at = OUT.final_at
    (back,) = restored(lost, [lost], "stage-1", 2, "cc" * 32, at)
    assert (back.valid_from, back.valid_to, back.amount, back.restores) == (at, GPU.valid_to, 512, GPU.id)
    assert back.id == f"{GPU.id}/stage-1-2"
    assert restored(lost, [lost, back], "stage-1", 3, "dd" * 32, at) == []
    gone = replace(back, state=EntitlementState.FORFEITED, lost_in="stage-1")
    assert [each.id for each in restored(lost, [lost, gone], "stage-1", 4, "ee" * 32, at)] == [f"{GPU.id}/stage-1-4"]
    for other in (GPU, replace(lost, lost_in="stage-2"), replace(lost, kind=SupportKind.DATA)):
        assert restored(other, [], "stage-1", 2, "cc" * 32, at) == []
    assert restored(lost, [], "stage-1", 2, "cc" * 32, GPU.valid_to or at) == []

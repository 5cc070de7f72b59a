"""What an elimination takes: what was given before it, of the kinds it names, from its own team."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from grants.domain.decision import Elimination, FinalDecision
from grants.domain.entitlement import Entitlement, SupportKind
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
    assert FinalDecision("stage-1", "bb" * 32, (upstage,), (OUT,)).teams == {"nc-ai", "upstage"}

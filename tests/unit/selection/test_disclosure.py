"""When a publication is due, who belongs to which audience, which leaks are accepted, and what is left of a stage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dokpamo.common.v1 import provenance_pb2
from dokpamo.selection.v1 import service_pb2
from rules.decision import Eliminated
from rules.disclosure import AcceptedLeak, Moment, Policy
from rules.disclosure_leaks import AudienceLeak, Leak
from rules.disclosure_view import (
    EliminationsShown,
    OrderShown,
    PointsShown,
    RankShown,
    SummaryShown,
    View,
    WinnersShown,
)
from rules.inputs import Provenance
from selection import wire
from selection.domain.disclosure import (
    PUBLIC,
    Acceptance,
    Publication,
    Viewer,
    accept,
    asked_viewer,
    instant_of,
    viewer_of,
)
from selection.domain.disclosure_refusal import (
    AcceptanceReasonMissingError,
    AudienceForeignError,
    LeakUnknownError,
    PublicationLeaksError,
)

NOW = datetime(2026, 8, 18, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=11)
POLICY = Policy.model_validate(
    {"id": "one", "title": {"ko": "하나", "en": "One"}, "when": {"after": "decision"}, "audiences": ()}
)
NIA = AudienceLeak("public", "", Leak("alpha", "nia", "1", "1"))
USER = AudienceLeak("team", "beta", Leak("alpha", "user", "2", "2.1"))


@pytest.mark.parametrize(
    ("moment", "finalized_at", "due"),
    [
        (Moment(after="decision"), None, NOW),
        (Moment(after="decision", days=2), None, NOW + timedelta(days=2)),
        (Moment(after="final"), None, None),
        (Moment(after="final", days=1), LATER, LATER + timedelta(days=1)),
        (Moment(at=LATER), None, LATER),
    ],
)
def test_a_moment_is_counted_from_the_decision_from_its_end_or_is_an_instant(
    moment: Moment, finalized_at: datetime | None, due: datetime | None
) -> None:
    assert instant_of(moment, NOW, finalized_at) == due


@pytest.mark.parametrize(
    ("roles", "team", "viewer"),
    [
        ((), None, PUBLIC),
        (("consortium",), "alpha", Viewer("team", "alpha")),
        (("consortium",), None, PUBLIC),
        (("assessor",), None, PUBLIC),
        (("service",), None, PUBLIC),
        (("testing_body",), None, PUBLIC),
        (("staff",), None, None),
        (("auditor",), None, None),
        (("consortium", "staff"), "alpha", None),
    ],
)
def test_only_staff_and_auditors_see_all(roles: tuple[str, ...], team: str | None, viewer: Viewer | None) -> None:
    assert viewer_of(roles, team, sat=False) == viewer


def test_who_scored_in_the_stage_is_its_panel_and_no_other_assessor_is() -> None:
    assert viewer_of({"assessor"}, None, sat=True) == Viewer("panel")
    # Having sat gives nobody else anything.
    assert viewer_of((), None, sat=True) == PUBLIC
    assert viewer_of({"consortium"}, "alpha", sat=True) == Viewer("team", "alpha")


def test_who_asks_for_nothing_gets_his_own() -> None:
    assert asked_viewer(Viewer("team", "alpha"), "", "") == Viewer("team", "alpha")
    assert asked_viewer(None, "", "") == PUBLIC
    assert asked_viewer(None, "team", "alpha") == Viewer("team", "alpha")
    assert asked_viewer(Viewer("panel"), "public", "") == PUBLIC
    with pytest.raises(AudienceForeignError):
        asked_viewer(Viewer("team", "alpha"), "team", "beta")
    with pytest.raises(AudienceForeignError):
        asked_viewer(None, "public", "alpha")


def publication(*leaks: str) -> Publication:
    return Publication("s/1", "s", POLICY, "", "", NOW, leaks, "so")


def test_a_leak_is_accepted_by_name_now_or_before_or_for_its_part_by_the_policy() -> None:
    named = accept([NIA, USER], POLICY, [], Acceptance((NIA.name, USER.name), "so"))
    assert named == Acceptance(("public/alpha/nia", "team:beta/alpha/user"), "so")
    by_part = POLICY.model_copy(update={"accepts": (AcceptedLeak(part="user", reason="agreed"),)})
    assert accept([NIA, USER], by_part, [publication(NIA.name)], Acceptance()) == Acceptance((USER.name,), "agreed")
    both = accept([NIA, USER], by_part, [], Acceptance((NIA.name,), "printed"))
    assert both == Acceptance((NIA.name, USER.name), "printed; agreed")


def test_leaks_that_nobody_accepted_stop_a_publication() -> None:
    with pytest.raises(PublicationLeaksError) as refused:
        accept([NIA, USER], POLICY, [], Acceptance((NIA.name,), "so"))
    assert (refused.value.leaks, refused.value.leak_count) == ([USER.name], 1)
    with pytest.raises(LeakUnknownError):
        accept([NIA], POLICY, [], Acceptance((NIA.name, USER.name), "so"))
    with pytest.raises(AcceptanceReasonMissingError):
        accept([NIA], POLICY, [], Acceptance((NIA.name,), " "))


def stage() -> service_pb2.Stage:
    standings = [
        service_pb2.Standing(team_id=team, total=total, rank=rank, outcome=outcome, reason=reason, parts={"nia": total})
        for team, total, rank, outcome, reason in [
            ("zeta", "9.0", 1, "advanced", ""),
            ("beta", "8.0", 2, "advanced", ""),
            ("alpha", "7.0", 3, "eliminated", "rank"),
        ]
    ]  # fmt: skip
    return service_pb2.Stage(stage_id="s", state="objection", decision_sha256="d" * 64, standings=standings)


def seen(*figures: Any) -> list[tuple[str, str, int, str, str]]:
    view = View("dokpamo/view/1", "s", "", "one", "", "public", "", ("alpha", "beta", "zeta"), figures)
    kept = wire.withheld(stage(), [view.canonical_bytes()] if figures else [])
    assert (kept.decision_sha256, kept.state) == ("", "objection")
    return [(each.team_id, each.outcome, each.rank, each.total, each.reason) for each in kept.standings]


def test_a_stage_of_which_nothing_was_shown_has_teams_by_name_and_nothing_else() -> None:
    assert seen() == [(team, "entered", 0, "", "") for team in ("alpha", "beta", "zeta")]


def test_a_stage_shows_what_the_views_show_in_an_order_that_tells_no_more() -> None:
    assert seen(WinnersShown("winners", ("beta", "zeta"))) == [
        ("alpha", "eliminated", 0, "", ""), ("beta", "advanced", 0, "", ""), ("zeta", "advanced", 0, "", ""),
    ]  # fmt: skip
    assert seen(EliminationsShown("eliminations", (Eliminated("alpha", "rank"),)))[0] == (
        "alpha", "eliminated", 0, "", "rank",
    )  # fmt: skip
    assert [each[:3] for each in seen(RankShown("rank", "zeta", 1), OrderShown("order", ("zeta", "beta")))] == [
        ("zeta", "advanced", 1), ("alpha", "eliminated", 0), ("beta", "advanced", 0),
    ]  # fmt: skip
    assert seen(SummaryShown("mean", "total", "8.0", Provenance.RECORDED)) == seen()


def test_points_come_from_the_view_with_its_rounding_and_mark_and_not_from_the_decision() -> None:
    total = PointsShown("points", "beta", "total", "8", Provenance.SYNTHETIC)
    part = PointsShown("points", "beta", "nia", "8.0", Provenance.PUBLISHED)
    view = View("dokpamo/view/1", "s", "", "one", "", "team", "beta", ("alpha", "beta", "zeta"), (total, part))
    standings = {each.team_id: each for each in wire.withheld(stage(), [view.canonical_bytes()]).standings}
    assert standings["beta"].total == "8"
    assert standings["beta"].provenance == provenance_pb2.PROVENANCE_SYNTHETIC
    assert dict(standings["beta"].parts) == {"nia": "8.0"}
    assert dict(standings["beta"].part_provenances) == {"nia": provenance_pb2.PROVENANCE_PUBLISHED}
    assert dict(standings["zeta"].parts) == {}

"""Publications as they travel, and what an audience may see of a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.errors import Reason, Reasons
from common.instants import stamp
from common.provenance import value_of
from dokpamo.selection.v1 import disclosure_pb2, events_pb2, service_pb2
from grpc import StatusCode
from rules.canonical import sha256_hex
from rules.disclosure import TOTAL
from rules.disclosure_view import (
    EliminationsShown,
    FullShown,
    OrderShown,
    PointsShown,
    RankShown,
    WinnersShown,
    view_from_json,
)

from selection.domain import disclosure_refusal as refusal
from selection.domain.disclosure import ResultsPublished, ResultsReleased

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.message import Message
    from rules.disclosure import Policy
    from rules.disclosure_leaks import AudienceLeak

    from selection.domain.disclosure import Publication, Shown

DISCLOSURE_REASONS: Final[Reasons] = {
    refusal.PolicyUnknownError: Reason(StatusCode.NOT_FOUND, "POLICY_UNKNOWN"),
    refusal.PolicyRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "POLICY_INVALID"),
    refusal.PolicyOrderError: Reason(StatusCode.FAILED_PRECONDITION, "POLICY_OUT_OF_ORDER"),
    refusal.PublicationEarlyError: Reason(StatusCode.FAILED_PRECONDITION, "PUBLICATION_EARLY"),
    refusal.PublicationTakenError: Reason(StatusCode.ALREADY_EXISTS, "PUBLICATION_TAKEN"),
    refusal.PublicationLeaksError: Reason(StatusCode.FAILED_PRECONDITION, "PUBLICATION_LEAKS"),
    refusal.DecisionOverriddenError: Reason(StatusCode.FAILED_PRECONDITION, "DECISION_OVERRIDDEN"),
    refusal.LeakUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "LEAK_UNKNOWN"),
    refusal.AcceptanceReasonMissingError: Reason(StatusCode.INVALID_ARGUMENT, "REASON_MISSING"),
    refusal.NotReleasedError: Reason(StatusCode.FAILED_PRECONDITION, "NOT_RELEASED"),
    refusal.AudienceForeignError: Reason(StatusCode.PERMISSION_DENIED, "AUDIENCE_FOREIGN"),
    refusal.InstantFutureError: Reason(StatusCode.INVALID_ARGUMENT, "INSTANT_FUTURE"),
}


def disclosure_event(event: ResultsPublished | ResultsReleased) -> Message:
    """Return what has happened as others hear it."""
    if isinstance(event, ResultsReleased):
        return events_pb2.ResultsReleased(
            stage_id=event.stage, decision_sha256=event.decision_sha256, released_at=stamp(event.released_at)
        )
    made, shown = event.publication, event.shown
    public = shown.viewer.audience == "public"
    return events_pb2.ResultsPublished(
        stage_id=made.stage,
        publication_id=made.id,
        audience=shown.viewer.audience,
        team_id=shown.viewer.team,
        policy_id=made.policy.id,
        policy_sha256=made.policy_sha256,
        policy_json=made.policy_json,
        rule_set_sha256=made.rule_set_sha256,
        decision_sha256=made.decision_sha256,
        view_json=shown.document if public else b"",
        restricted_view_json=b"" if public else shown.document,
        reason=made.policy.reason_text(),
        accepted_leaks=made.accepted_leaks,
        accept_reason=made.accept_reason,
        published_at=stamp(made.published_at),
    )


def publication_message(made: Publication, public_view: bytes) -> disclosure_pb2.Publication:
    """Return a publication as it travels, with what the public was shown."""
    return disclosure_pb2.Publication(
        publication_id=made.id,
        stage_id=made.stage,
        policy_id=made.policy.id,
        policy_sha256=made.policy_sha256,
        policy_json=made.policy_json,
        rule_set_sha256=made.rule_set_sha256,
        published_at=stamp(made.published_at),
        reason=made.policy.reason_text(),
        accepted_leaks=made.accepted_leaks,
        accept_reason=made.accept_reason,
        view_json=public_view,
        title_ko=made.policy.title.ko,
        title_en=made.policy.title.en,
    )


def shown_message(shown: Shown, policy: Policy, made: Publication | None = None) -> disclosure_pb2.ShownView:
    """Return what an audience was shown, or would be where nothing was published."""
    return disclosure_pb2.ShownView(
        publication_id=made.id if made else "",
        published_at=stamp(made.published_at) if made else None,
        policy_id=policy.id,
        audience=shown.viewer.audience,
        team_id=shown.viewer.team,
        view_json=shown.document,
        view_sha256=sha256_hex(shown.document),
    )


def leak_message(found: AudienceLeak) -> disclosure_pb2.Leak:
    """Return a leak as it travels."""
    return disclosure_pb2.Leak(
        name=found.name,
        audience=found.audience,
        reader=found.reader,
        team_id=found.leak.team,
        part=found.leak.part,
        least=found.leak.least,
        most=found.leak.most,
    )


def withheld(stage: service_pb2.Stage, views: Iterable[bytes]) -> service_pb2.Stage:
    """Return a decided stage with nothing in it but what these views show: it is built from them, not cut down.

    Teams are in order of the ranks shown, and by name where none is. No hash is left to try guesses against.
    """
    kept = service_pb2.Stage()
    kept.CopyFrom(stage)
    kept.decision_sha256 = ""
    del kept.standings[:]
    standings = {
        each.team_id: service_pb2.Standing(team_id=each.team_id, outcome="entered") for each in stage.standings
    }
    for document in views:
        for figure in view_from_json(document).figures:
            match figure:
                case WinnersShown() | OrderShown():
                    _outcome(standings, figure.teams)
                case EliminationsShown():
                    for each in figure.teams:
                        standings[each.team].reason, standings[each.team].gate = each.reason, each.gate or ""
                    out = {each.team for each in figure.teams}
                    _outcome(standings, [team for team in standings if team not in out])
                case RankShown():
                    standings[figure.team].rank = figure.rank
                case PointsShown(team=team, part=part) if part == TOTAL:
                    standings[team].total, standings[team].provenance = figure.value, value_of(figure.provenance)
                case PointsShown(team=team, part=part):
                    standings[team].parts[part] = figure.value
                    standings[team].part_provenances[part] = value_of(figure.provenance)
                case FullShown():
                    return stage
                case _:  # figures of all teams together, verdicts and sheets have no place in a standing
                    pass
    kept.standings.extend(sorted(standings.values(), key=lambda each: (not each.rank, each.rank, each.team_id)))
    return kept


def _outcome(standings: dict[str, service_pb2.Standing], advanced: Iterable[str]) -> None:
    going_on = set(advanced)
    for team, standing in standings.items():
        standing.outcome = "advanced" if team in going_on else "eliminated"

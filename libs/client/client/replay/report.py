"""The outcome of a replay as JSON: decisions, publications and objections as staff see them, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from common.provenance import mark_of
from dokpamo.selection.v1 import disclosure_pb2 as disclosure
from dokpamo.selection.v1 import objections_pb2 as objections
from dokpamo.selection.v1 import service_pb2 as selection

from client.session import Caller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from client.session import Session


async def report(session: Session) -> dict[str, Any]:
    """All decided stages in order, and who is in the programme after the last of them."""
    request = selection.ListStagesRequest(page_size=500)
    answer = await session.call(Caller.staff("replay"), "selection", "ListStages", request)
    stages = [_stage(stage) for stage in answer.stages if stage.decision_sha256]
    return {
        "stages": stages,
        "final": stages[-1]["advanced"] if stages else [],
        "publications": [_publication(each) async for each in _publications(session)],
        "objections": [_proceeding(each) async for each in _proceedings(session)],
    }


async def _publications(session: Session) -> AsyncIterator[disclosure.Publication]:
    request = disclosure.ListPublicationsRequest(page_size=500)
    while True:
        page = await session.call(Caller.staff("replay"), "selection", "ListPublications", request)
        for each in page.publications:
            yield each
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


async def _proceedings(session: Session) -> AsyncIterator[objections.Proceeding]:
    request = objections.ListProceedingsRequest(page_size=500)
    while True:
        page = await session.call(Caller.staff("replay"), "selection", "ListProceedings", request)
        for each in page.proceedings:
            yield each
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def as_text(outcome: dict[str, Any]) -> str:
    """The report's text: the same outcome always gives the same bytes."""
    return json.dumps(outcome, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _publication(made: disclosure.Publication) -> dict[str, Any]:
    """When which figures were shown to the public, and by which policy."""
    return {
        "stage": made.stage_id,
        "policy": made.policy_id,
        "policy_sha256": made.policy_sha256,
        "at": made.published_at.ToDatetime(UTC).isoformat(),
        "view": json.loads(made.view_json)["figures"] if made.view_json else [],
    }


def _proceeding(found: objections.Proceeding) -> dict[str, Any]:
    """Who objected to what on which ground, and how it ended: so many members held it founded, so many did not."""
    founded = [each.remedy != objections.REMEDY_UPHOLD for each in found.findings]
    return {
        "id": found.proceeding_id,
        "stage": found.stage_id,
        "team": found.team_id,
        "ground": found.ground,
        "provenance": mark_of(found.provenance),
        "filed_at": found.filed_at.ToDatetime(UTC).isoformat(),
        "closed_at": found.closed_at.ToDatetime(UTC).isoformat() if found.HasField("closed_at") else "",
        "outcome": found.outcome,
        "founded": sum(founded),
        "unfounded": len(founded) - sum(founded),
        "result_version": found.result_version,
    }


def _stage(stage: selection.Stage) -> dict[str, Any]:
    ranked = sorted(stage.standings, key=lambda standing: (standing.rank == 0, standing.rank, standing.team_id))
    return {
        "id": stage.stage_id,
        "entered": sorted(standing.team_id for standing in ranked),
        "advanced": [standing.team_id for standing in ranked if standing.outcome == "advanced"],
        "eliminated": [_elimination(standing) for standing in ranked if standing.outcome == "eliminated"],
        "totals": {standing.team_id: standing.total for standing in ranked if standing.total},
        "rule_set_sha256": stage.rule_set_sha256,
        "decision_sha256": stage.decision_sha256,
    }


def _elimination(standing: selection.Standing) -> dict[str, str]:
    elimination = {"team": standing.team_id, "reason": standing.reason}
    return elimination | {"gate": standing.gate} if standing.gate else elimination

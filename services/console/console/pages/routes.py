"""Addresses of the console."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode

import grpc
from common.errors import Refused
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from console.domain.board import MARKS
from console.domain.facts import Scoring, periods, runs_by_team
from console.domain.lineage import drawing
from console.domain.waiting import in_words
from console.domain.words import language_of, say
from console.handlers import Sources, UnreachableError, programme
from console.pages import showing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from common.clock import Clock
    from dokpamo.selection.v1 import service_pb2 as selection
    from starlette.requests import Request

    from console.domain.lineage import Lineage
    from console.domain.released import Released
    from console.events import LiveFeed

_FEED_LENGTH = 40
_PAUSE_SECONDS = 0.5
_QUIET_SECONDS = 5.0
_LONGEST_NUMBER = 18
_STATUS = {
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
}
_LINEAGE_QUERY: Final = ("checkpoint", "team", "model")
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Documents(Sources, Protocol):
    """The sources of the page, the documents of a decision, lineage, and releases."""

    async def lineage(self, *, checkpoint_digest: str, team_id: str, model: str) -> Lineage:
        """Where a checkpoint, or the versions of a team, come from. Raises Refused, UnreachableError."""

    async def releases(self, team_id: str) -> tuple[Released, ...]:
        """What of a team is released, the last first. Raises UnreachableError."""

    async def decision(self, stage_id: str) -> selection.GetDecisionResponse:
        """A decision with its documents. Raises Refused where there is none, UnreachableError."""


class Pages:
    """The pages over a gateway and a live feed. ``embedded`` shows the development banner.

    ``downloads`` is the address at which released models are to be had; empty where nobody said.
    """

    def __init__(
        self, gateway: Documents, live: LiveFeed, clock: Clock, *, embedded: bool, virtual: bool, downloads: str = ""
    ) -> None:
        self._gateway = gateway
        self._live = live
        self._clock = clock
        self._embedded = embedded
        self._virtual = virtual
        self._downloads = downloads
        self._templates = Environment(
            loader=PackageLoader("console.pages"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.home),
                Route("/fragment", self.fragment),
                Route("/live", self.live),
                Route("/lineage", self.lineage),
                Route("/api/lineage", self.api_lineage),
                Route("/api/programme", self.api_programme),
                Route("/api/decisions/{stage_id}", self.api_decision),
                Route("/api/events", self.api_events),
                Route("/healthz", self.health),
            ]
        )

    async def home(self, request: Request) -> Response:
        """The page."""
        return await self._render("home.html", request)

    async def fragment(self, request: Request) -> Response:
        """What changes on the page, to be put in place of the old."""
        return await self._render("board.html", request)

    async def live(self, request: Request) -> Response:
        """Server-sent events: the number of events so far, whenever it grows and every few seconds."""

        async def lines() -> AsyncIterator[bytes]:
            async for total in self._live.totals(pause_seconds=_PAUSE_SECONDS, quiet_seconds=_QUIET_SECONDS):
                if await request.is_disconnected():
                    return
                yield f"event: total\ndata: {total}\n\n".encode()

        return StreamingResponse(lines(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def lineage(self, request: Request) -> Response:
        """Where a checkpoint (``?checkpoint=``) or the versions of a team (``?team=&model=``) come from."""
        try:
            found = await self._asked_lineage(request)
            released = await self._released(found)
        except (Refused, UnreachableError) as error:
            return _refused(error)
        asked = request.query_params.get("checkpoint", "")
        language = language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        names = (await programme(self._gateway, self._live.names)).names
        titles = {node.node_id: node.title for node in found.nodes}
        team = showing.name(names, request.query_params.get("team", ""), language)
        query = urlencode({key: value for key, value in request.query_params.items() if key in _LINEAGE_QUERY})
        page = self._templates.get_template("lineage.html").render(
            lineage=found,
            drawing=drawing(found),
            released=released,
            downloads=self._downloads,
            asked=asked,
            titles=titles,
            heading=titles.get(asked) or " · ".join(filter(None, (team, request.query_params.get("model", "")))),
            address=f"/lineage?{query}",
            json_address=f"/api/lineage?{query}",
            lang=language,
            say=lambda word: say(word, language),
            name=lambda each: showing.name(names, each, language),
            day=showing.day,
            minute=showing.minute,
            gibibytes=showing.gibibytes,
            embedded=self._embedded,
        )
        return HTMLResponse(page, headers={**_SAFE, "Content-Language": language, "Cache-Control": "no-store"})

    async def api_lineage(self, request: Request) -> Response:
        """The same as JSON."""
        try:
            return _json(dataclasses.asdict(await self._asked_lineage(request)))
        except (Refused, UnreachableError) as error:
            return _refused(error)

    async def _released(self, found: Lineage) -> list[Released]:
        """What of the versions in a graph is released."""
        versions = {node.node_id for node in found.nodes}
        teams = sorted({node.team_id for node in found.nodes if not node.external})
        return [
            each for team in teams for each in await self._gateway.releases(team) if each.checkpoint_digest in versions
        ]

    async def _asked_lineage(self, request: Request) -> Lineage:
        asked = request.query_params
        return await self._gateway.lineage(
            checkpoint_digest=asked.get("checkpoint", ""), team_id=asked.get("team", ""), model=asked.get("model", "")
        )

    async def api_programme(self, _request: Request) -> Response:
        """Everything on the page as JSON."""
        return _json(dataclasses.asdict(await programme(self._gateway, self._live.names)) | {"now": self._clock.now()})

    async def api_decision(self, request: Request) -> Response:
        """A decision with the rule set and inputs it follows from, as canonical JSON documents."""
        try:
            answer = await self._gateway.decision(request.path_params["stage_id"])
        except (Refused, UnreachableError) as error:
            return _refused(error)
        return _json(
            {
                "stage_id": answer.stage_id,
                "state": answer.state,
                "rule_set_sha256": answer.rule_set_sha256,
                "inputs_sha256": answer.inputs_sha256,
                "decision_sha256": answer.decision_sha256,
                "rule_set": json.loads(answer.rule_set_json),
                "inputs": json.loads(answer.inputs_json),
                "decision": json.loads(answer.decision_json),
            }
        )

    async def api_events(self, request: Request) -> Response:
        """The newest events; ``?after=N`` gives those after the N-th since the console started."""
        after = request.query_params.get("after", "")
        if after and (not after.isdecimal() or len(after) > _LONGEST_NUMBER):
            rule = f"a whole number, 0 or more, of at most {_LONGEST_NUMBER} digits"
            return _json({"code": "FIELD_INVALID", "field": "after", "value": after[:100], "rule": rule}, 400)
        items = self._live.feed.after(int(after)) if after else self._live.feed.newest(_FEED_LENGTH)
        return _json({"total": self._live.feed.total, "events": [dataclasses.asdict(item) for item in items]})

    async def health(self, _request: Request) -> Response:
        """Whether the pages are served."""
        return _json({"status": "serving"})

    async def _render(self, template: str, request: Request) -> HTMLResponse:
        language = language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        view = await programme(self._gateway, self._live.names)
        page = self._templates.get_template(template).render(
            view=view,
            lang=language,
            say=lambda word: say(word, language),
            reason=lambda each: each.reason_ko if language == "ko" else each.reason_en,
            formula=lambda stage, steps: showing.formula(stage, steps, view.scoring, language),
            title=lambda stage: stage.title_ko if language == "ko" else stage.title_en,
            name=lambda team: showing.name(view.names, team, language),
            waits=lambda wait: in_words(wait, language, lambda team: showing.name(view.names, team, language)),
            label=lambda label: showing.label(label, language),
            marks=MARKS,
            scoring=lambda stage: view.scoring.get(stage.rule_set_sha256, Scoring()),
            shown_parts=showing.shown_parts,
            part_labels=lambda stage: showing.part_labels(stage, view.scoring, language),
            stages={stage.stage_id: stage for stage in view.stages},
            day=showing.day,
            minute=showing.minute,
            now=self._clock.now(),
            feed=self._live.feed.newest(_FEED_LENGTH),
            total=self._live.feed.total,
            runs=runs_by_team(view.runs),
            periods=periods(view.runs),
            percent=showing.percent,
            gibibytes=showing.gibibytes,
            embedded=self._embedded,
            virtual=self._virtual,
        )
        return HTMLResponse(page, headers={**_SAFE, "Content-Language": language, "Cache-Control": "no-store"})


def _refused(error: Refused | UnreachableError) -> JSONResponse:
    if isinstance(error, UnreachableError):
        return _json({"code": "SERVICE_UNREACHABLE", "message": str(error), "service": error.service}, 503)
    return _json({"code": error.code, "message": error.message, **error.facts}, _STATUS.get(error.status, 502))


def _json(body: Any, status: int = 200) -> JSONResponse:
    plain = json.loads(json.dumps(body, default=_plain))
    return JSONResponse(plain, status_code=status, headers={"Cache-Control": "no-store"})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")

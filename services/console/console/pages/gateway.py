"""The console's sources: the other services by gRPC, as anyone may call them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from common.errors import Refused
from common.grpc import Client
from dokpamo.evaluation.v1 import service_pb2 as evaluation
from dokpamo.grants.v1 import service_pb2 as grants
from dokpamo.notary.v1 import service_pb2 as notary
from dokpamo.registry.v1 import integrity_pb2 as registry_integrity
from dokpamo.registry.v1 import lineage_pb2 as registry
from dokpamo.registry.v1 import releases_pb2 as registry_releases
from dokpamo.selection.v1 import disclosure_pb2 as disclosure
from dokpamo.selection.v1 import objections_pb2 as objections
from dokpamo.selection.v1 import service_pb2 as selection

from console import wire
from console.handlers import UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from common.grpc import Channel

    from console.domain.board import Stage
    from console.domain.facts import Head, Integrity, Label, Ledger, Run, Scoring, Target
    from console.domain.lineage import Lineage
    from console.domain.proceedings import Proceeding
    from console.domain.published import Published
    from console.domain.released import Released

_T = TypeVar("_T")
_AWAY = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
_TIMEOUT_SECONDS = 3.0
_PAGE = 500


class Gateway:
    """Calls the services. Answers are kept for ``fresh_seconds``, so that many open pages cost no more than one."""

    def __init__(self, channels: Mapping[str, Channel], *, fresh_seconds: float = 0.5) -> None:
        self._clients = {
            service: Client(channel, f"dokpamo.{service}.v1.{service.capitalize()}Service")
            for service, channel in channels.items()
        }
        if "selection" in channels:
            self._clients["objections"] = Client(channels["selection"], "dokpamo.selection.v1.ObjectionService")
            self._clients["disclosure"] = Client(channels["selection"], "dokpamo.selection.v1.DisclosureService")
        if "registry" in channels:
            self._clients["registry"] = Client(channels["registry"], "dokpamo.registry.v1.LineageService")
            self._clients["releases"] = Client(channels["registry"], "dokpamo.registry.v1.ReleaseService")
            self._clients["integrity"] = Client(channels["registry"], "dokpamo.registry.v1.IntegrityService")
        self._fresh_seconds = fresh_seconds
        self._kept: dict[str, tuple[float, Any]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        # A rule set is named by its hash: what was read once is so for ever.
        self._scoring: dict[str, Scoring] = {}
        # The list of grounds is closed.
        self._grounds: dict[str, Label] = {}

    async def stages(self) -> tuple[Stage, ...]:
        """All stages in order of planning."""
        return await self._once("stages", self._stages)

    async def scoring(self, rule_set_sha256: str) -> Scoring:
        """What the parts and gates of a rule set are called."""
        if rule_set_sha256 not in self._scoring:
            request = selection.GetRuleSetRequest(rule_set_sha256=rule_set_sha256)
            answer = await self._call("selection", "GetRuleSet", request)
            self._scoring[rule_set_sha256] = wire.scoring(answer.rule_set.rule_set_json)
        return self._scoring[rule_set_sha256]

    async def published(self) -> tuple[Published, ...]:
        """All publications in order."""
        return await self._once("published", self._published)

    async def proceedings(self) -> tuple[Proceeding, ...]:
        """All objections and cases in order of filing."""
        return await self._once("proceedings", self._proceedings)

    async def runs(self) -> tuple[Run, ...]:
        """Benchmark runs in order of start."""
        return await self._once("runs", self._runs)

    async def targets(self) -> tuple[Target, ...]:
        """Pinned targets in order of pinning."""
        return await self._once("targets", self._targets)

    async def ledger(self) -> Ledger:
        """Whether the ledger balances."""
        return await self._once("ledger", self._ledger)

    async def head(self) -> Head | None:
        """The latest signed tree head."""
        return await self._once("head", self._head)

    async def integrity(self) -> Integrity:
        """Whether what the registry keeps is still there."""
        return await self._once("integrity", self._integrity)

    async def decision(self, stage_id: str) -> selection.GetDecisionResponse:
        """A decision with its documents. Raises Refused where there is none."""
        request = selection.GetDecisionRequest(stage_id=stage_id)
        answer: selection.GetDecisionResponse = await self._call("selection", "GetDecision", request)
        return answer

    async def lineage(self, *, checkpoint_digest: str, team_id: str, model: str) -> Lineage:
        """Where a checkpoint, or the versions of a team, come from. Raises Refused where there is none."""
        request = registry.GetLineageRequest(checkpoint_digest=checkpoint_digest, team_id=team_id, model=model)
        return wire.lineage(await self._call("registry", "GetLineage", request))

    async def releases(self, team_id: str) -> tuple[Released, ...]:
        """What of a team is released, the last first."""
        request = registry_releases.ListReleasesRequest(team_id=team_id, page_size=_PAGE)
        pages = self._pages("registry", "ListReleases", request, client="releases")
        return tuple([wire.released(message) async for page in pages for message in page.releases])

    async def _stages(self) -> tuple[Stage, ...]:
        pages = self._pages("selection", "ListStages", selection.ListStagesRequest(page_size=_PAGE))
        return tuple([wire.stage(message) async for page in pages for message in page.stages])

    async def _published(self) -> tuple[Published, ...]:
        request = disclosure.ListPublicationsRequest(page_size=_PAGE)
        pages = self._pages("selection", "ListPublications", request, client="disclosure")
        return tuple([wire.published(message) async for page in pages for message in page.publications])

    async def _proceedings(self) -> tuple[Proceeding, ...]:
        if not self._grounds:
            answer = await self._call("selection", "ListGrounds", objections.ListGroundsRequest(), client="objections")
            self._grounds = {label.key: label for label in map(wire.ground, answer.grounds)}
        request = objections.ListProceedingsRequest(page_size=_PAGE)
        pages = self._pages("selection", "ListProceedings", request, client="objections")
        return tuple([wire.proceeding(each, self._grounds) async for page in pages for each in page.proceedings])

    async def _runs(self) -> tuple[Run, ...]:
        pages = self._pages("evaluation", "ListBenchmarkRuns", evaluation.ListBenchmarkRunsRequest(page_size=_PAGE))
        return tuple([wire.run(message) async for page in pages for message in page.runs])

    async def _targets(self) -> tuple[Target, ...]:
        pages = self._pages("evaluation", "ListTargets", evaluation.ListTargetsRequest(page_size=_PAGE))
        return tuple([wire.target(message) async for page in pages for message in page.targets])

    async def _ledger(self) -> Ledger:
        return wire.ledger(await self._call("grants", "CheckLedger", grants.CheckLedgerRequest()))

    async def _head(self) -> Head | None:
        return wire.head(await self._call("notary", "GetHead", notary.GetHeadRequest()))

    async def _integrity(self) -> Integrity:
        request = registry_integrity.GetIntegrityRequest()
        return wire.integrity(await self._call("registry", "GetIntegrity", request, client="integrity"))

    async def _pages(self, service: str, rpc: str, request: Any, client: str = "") -> AsyncIterator[Any]:
        """Every page of a list."""
        while True:
            page = await self._call(service, rpc, request, client)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def _call(self, service: str, rpc: str, request: Any, client: str = "") -> Any:
        """Call a service by its main client, or by that of another of its contracts."""
        if service not in self._clients:
            raise UnreachableError(service)
        try:
            return await getattr(self._clients[client or service], rpc)(request, timeout=_TIMEOUT_SECONDS)
        except Refused as refused:
            if refused.status in _AWAY:
                raise UnreachableError(service) from refused
            raise

    async def _once(self, what: str, ask: Callable[[], Awaitable[_T]]) -> _T:
        async with self._locks.setdefault(what, asyncio.Lock()):
            kept = self._kept.get(what)
            if kept is None or time.monotonic() - kept[0] > self._fresh_seconds:
                kept = (time.monotonic(), await ask())
                self._kept[what] = kept
            answer: _T = kept[1]
            return answer

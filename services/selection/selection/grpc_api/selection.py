"""dokpamo.selection.v1.SelectionService."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.paging import page_size, position, token
from dokpamo.selection.v1 import service_pb2 as pb

from selection import handlers, wire
from selection.domain.refusal import (
    DecisionMissingError,
    RuleSetUnknownError,
    StageUnknownError,
    VersionUnknownError,
)
from selection.grpc_api.opening import DisclosingApi

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from common.grpc import Call

    from selection.domain.events import DecisionRecord
    from selection.domain.rule_set import KeptRuleSet
    from selection.domain.stage import Stage


class Known(Protocol):
    """A version of a decision as it is known; `finalized_at` is `None` where it was not final. Instants are UTC."""

    @property
    def record(self) -> DecisionRecord:
        """What was decided."""

    @property
    def decided_at(self) -> datetime:
        """When."""

    @property
    def finalized_at(self) -> datetime | None:
        """When it became final."""

    @property
    def state(self) -> str:
        """Where it is: provisional, final or superseded."""


class Entry(Protocol):
    """An entry of a stage's history: how it stood since `at` (UTC), because of `cause`, by `actor`."""

    @property
    def stage(self) -> Stage:
        """How it stood."""

    @property
    def at(self) -> datetime:
        """Since when."""

    @property
    def cause(self) -> str:
        """What moved it."""

    @property
    def actor(self) -> str:
        """Who caused it."""


class Views(Protocol):
    """What the reading RPCs need."""

    async def rule_set(self, sha256: str) -> KeptRuleSet | None:
        """A rule set; `None` where none has this hash."""

    async def rule_sets(self, after: int, limit: int) -> tuple[list[KeptRuleSet], int | None]:
        """Up to `limit` rule sets after a position in order of publication, and where the next page begins."""

    async def stage(self, stage_id: str, as_of: datetime | None = None) -> tuple[int, Stage] | None:
        """A stage with its place in the order of planning, now or `as_of` an instant; `None` where there is none."""

    async def stages(self, after: int, limit: int) -> tuple[list[tuple[int, Stage]], int | None]:
        """Up to `limit` stages after a place in order of planning, each with its own, and where the next page is."""

    async def history(self, stage_id: str, after: int, limit: int) -> Sequence[Entry]:
        """Up to `limit` entries of a stage's history after a sequence, oldest first."""

    async def decision(self, stage_id: str, as_of: datetime | None = None, version: int = 0) -> Known | None:
        """The decision of a stage that counts now or `as_of` an instant, or this `version`; `None` before it."""


class SelectionApi(DisclosingApi[Views]):
    """One method for each RPC of the contract."""

    async def PublishRuleSet(self, request: pb.PublishRuleSetRequest, call: Call) -> pb.PublishRuleSetResponse:
        """Publish a rule set."""
        kept = await handlers.publish(request.document, request.draft_id, self._records(call.tx))
        return pb.PublishRuleSetResponse(rule_set=wire.rule_set_message(kept))

    async def FreezeRuleSet(self, request: pb.FreezeRuleSetRequest, call: Call) -> pb.FreezeRuleSetResponse:
        """Freeze a rule set."""
        kept = await handlers.freeze_rule_set(request.rule_set_sha256, self._records(call.tx))
        return pb.FreezeRuleSetResponse(rule_set=wire.rule_set_message(kept))

    async def OpenStage(self, request: pb.OpenStageRequest, call: Call) -> pb.OpenStageResponse:
        """Plan a stage."""
        planned = await handlers.plan_stage(
            request.stage_id,
            request.rule_set_sha256,
            request.from_call_id,
            list(request.from_stage_ids),
            self._records(call.tx),
            reopens=request.reopens_stage_id,
            reason=request.reason,
            triggers=wire.triggers_of(request),
        )
        return pb.OpenStageResponse(stage=await self._stage(planned.id, call))

    async def RecordGateVerdict(self, request: pb.RecordGateVerdictRequest, call: Call) -> pb.RecordGateVerdictResponse:
        """Record a gate's verdict."""
        await handlers.record_verdict(request.stage_id, wire.verdict_of(request), self._records(call.tx))
        return pb.RecordGateVerdictResponse()

    async def GetRuleSet(self, request: pb.GetRuleSetRequest, call: Call) -> pb.GetRuleSetResponse:
        """One rule set with its document."""
        kept = await self._kept(request.rule_set_sha256, call)
        return pb.GetRuleSetResponse(rule_set=wire.rule_set_message(kept))

    async def ListRuleSets(self, request: pb.ListRuleSetsRequest, call: Call) -> pb.ListRuleSetsResponse:
        """Rule sets in order of publication, without documents."""
        size = page_size(request.page_size)
        found, following = await self._views(call.tx).rule_sets(position(request.page_token), size)
        return pb.ListRuleSetsResponse(
            rule_sets=[wire.rule_set_message(kept, with_document=False) for kept in found],
            next_page_token=token(following),
        )

    async def GetStage(self, request: pb.GetStageRequest, call: Call) -> pb.GetStageResponse:
        """One stage, now or as it was known at an instant."""
        return pb.GetStageResponse(stage=await self._stage(request.stage_id, call, wire.instant_of(request, "as_of")))

    async def ListStages(self, request: pb.ListStagesRequest, call: Call) -> pb.ListStagesResponse:
        """Stages in order of planning."""
        size = page_size(request.page_size)
        views = self._views(call.tx)
        found, following = await views.stages(position(request.page_token), size)
        messages = []
        for place, stage in found:
            messages.append(await self._seen(place, stage, await views.decision(stage.id), call))
        return pb.ListStagesResponse(stages=messages, next_page_token=token(following))

    async def ListStageTransitions(
        self, request: pb.ListStageTransitionsRequest, call: Call
    ) -> pb.ListStageTransitionsResponse:
        """The history of a stage; who caused what is for staff."""
        size = page_size(request.page_size)
        await self._stage(request.stage_id, call)
        found = await self._views(call.tx).history(request.stage_id, request.after_sequence, size + 1)
        staff = "staff" in call.actor.roles
        return pb.ListStageTransitionsResponse(
            transitions=[
                wire.transition_message(each.stage, each.at, each.cause, each.actor if staff else "")
                for each in found[:size]
            ],
            more=len(found) > size,
        )

    async def GetDecision(self, request: pb.GetDecisionRequest, call: Call) -> pb.GetDecisionResponse:
        """The decision of a stage with all that is needed to compute it again."""
        views = self._views(call.tx)
        as_of = wire.instant_of(request, "as_of")
        if await views.stage(request.stage_id, as_of) is None:
            raise StageUnknownError("stage_id", request.stage_id, "must be a planned stage")
        known = await views.decision(request.stage_id, as_of, request.version)
        if known is None and request.version:
            raise VersionUnknownError("version", request.version, "the decision has no such version then")
        if known is None:
            raise DecisionMissingError("stage_id", request.stage_id, "is not decided then")
        await self._disclosed.require_open(request.stage_id, known.record.sha256, call, as_of)
        kept = await self._kept(known.record.rule_set_sha256, call)
        return wire.decision_message(known.record, known.state, known.decided_at, kept)

    async def _kept(self, sha256: str, call: Call) -> KeptRuleSet:
        kept = await self._views(call.tx).rule_set(sha256)
        if kept is None:
            raise RuleSetUnknownError("rule_set_sha256", sha256, "must be a published rule set")
        return kept

    async def _stage(self, stage_id: str, call: Call, as_of: datetime | None = None) -> pb.Stage:
        views = self._views(call.tx)
        found = await views.stage(stage_id, as_of)
        if found is None:
            raise StageUnknownError("stage_id", stage_id, "must be a planned stage")
        return await self._seen(*found, await views.decision(stage_id, as_of), call, as_of)

    async def _seen(
        self, place: int, stage: Stage, known: Known | None, call: Call, as_of: datetime | None = None
    ) -> pb.Stage:
        """A stage as the caller may see it."""
        message = wire.stage_message(place, stage, known.record if known else None)
        return await self._disclosed.stage(message, known.record.sha256 if known else "", call, as_of)

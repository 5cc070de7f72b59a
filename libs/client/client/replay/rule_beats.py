"""The beats of rule sets and gates: published, changed with everybody's consent, judged by single judges."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from common.provenance import value_of
from dokpamo.selection.v1 import gates_pb2 as gates
from dokpamo.selection.v1 import pipeline_pb2 as pipeline
from dokpamo.selection.v1 import rule_set_life_pb2 as life
from dokpamo.selection.v1 import service_pb2 as selection

from client.replay.score import Beat, request_id, side_by_side
from client.session import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules import Verdict

    from client.replay.document import Trigger
    from client.replay.programme import Programme, StagePlan
    from client.session import Session

_STAFF = Caller.staff()


class RuleBeats:
    """What staff, teams and judges do to rule sets and gates of a programme, over a session."""

    def __init__(self, programme: Programme, session: Session) -> None:
        self._programme = programme
        self._session = session

    def in_order(self) -> Iterator[Beat]:
        """Every stage planned under its rule set, moved where the teams agreed to it, and told what it waits for."""
        for stage in self._programme.stages:
            published, what = stage.rule_set.dates.published, f"rule set {stage.stage_id}"
            moved = stage.moved_from
            if moved is None:
                yield Beat(published, what, partial(self._plan, stage))
            else:
                yield Beat(moved.published, f"{what}, first dates", partial(self._plan, stage))
                yield Beat(published, what, partial(self._move, stage, moved.reason))
                yield Beat(moved.agreed_at, f"agreement {stage.stage_id}", partial(self._agree, stage))
            for trigger in stage.triggers:
                what = f"{trigger.trigger_id} for {stage.stage_id}"
                yield Beat(trigger.arrives_at, what, partial(self._bring, stage, trigger))

    async def _freeze(self, stage: StagePlan, document: str, *about: str) -> str:
        """Publish and freeze a document; return its hash."""
        published = await self._session.call(
            _STAFF,
            "selection",
            "PublishRuleSet",
            selection.PublishRuleSetRequest(
                request_id=request_id("publish", stage.stage_id, *about), document=document
            ),
        )
        digest: str = published.rule_set.rule_set_sha256
        await self._session.call(
            _STAFF,
            "selection",
            "FreezeRuleSet",
            selection.FreezeRuleSetRequest(
                request_id=request_id("freeze", stage.stage_id, *about), rule_set_sha256=digest
            ),
        )
        return digest

    async def _move(self, stage: StagePlan, reason: str) -> None:
        """Propose the version that moves the dates."""
        request = life.ProposeRuleSetChangeRequest(
            request_id=request_id("move", stage.stage_id),
            stage_id=stage.stage_id,
            rule_set_sha256=await self._freeze(stage, stage.document, "moved"),
            reason=reason,
        )
        await self._session.call(_STAFF, "selection", "ProposeRuleSetChange", request)

    async def _agree(self, stage: StagePlan) -> None:
        """Every team agrees by itself to the change that is pending."""
        listed = life.ListRuleSetChangesRequest(stage_id=stage.stage_id)
        changes = (await self._session.call(_STAFF, "selection", "ListRuleSetChanges", listed)).changes
        for team in changes[-1].team_ids:
            request = life.RecordConsentRequest(
                request_id=request_id("agree", stage.stage_id, team),
                change_id=changes[-1].change_id,
                team_id=team,
                agreed=True,
            )
            await self._session.call(Caller.consortium(team), "selection", "RecordConsent", request)

    async def _plan(self, stage: StagePlan) -> None:
        """Plan the stage under its rule set, published and frozen."""
        digest = await self._freeze(stage, stage.first_document)
        await self._session.call(
            _STAFF,
            "selection",
            "OpenStage",
            selection.OpenStageRequest(
                request_id=request_id("plan", stage.stage_id),
                stage_id=stage.stage_id,
                rule_set_sha256=digest,
                from_call_id=stage.from_call_id,
                from_stage_ids=stage.from_stage_ids,
                triggers=[
                    selection.PlannedTrigger(trigger_id=each.trigger_id, pipeline_id=each.pipeline_id)
                    for each in stage.triggers
                ],
            ),
        )

    async def _bring(self, stage: StagePlan, trigger: Trigger) -> None:
        """Say as an outside pipeline that an event has come which the stage waits for."""
        request = pipeline.TriggerStageRequest(
            request_id=request_id("trigger", stage.stage_id, trigger.trigger_id),
            stage_id=stage.stage_id,
            trigger_id=trigger.trigger_id,
            evidence=trigger.evidence,
        )
        await self._session.call(Caller.pipeline(trigger.pipeline_id), "selection", "TriggerStage", request)

    async def judge(self, stage: StagePlan) -> None:
        """Seat the judges of each gate; each finds by himself, and the verdicts follow at the decision."""
        for gate, judges in stage.judges.items():
            seating = gates.SeatGateJudgesRequest(
                request_id=request_id("judges", stage.stage_id, gate),
                stage_id=stage.stage_id,
                gate=gate,
                judge_ids=judges,
            )
            await self._session.call(_STAFF, "selection", "SeatGateJudges", seating)
        await side_by_side(
            partial(self._find, stage, verdict, judge)
            for verdict in stage.verdicts
            for judge in stage.judges[verdict.gate][: verdict.judged_by]
        )

    async def _find(self, stage: StagePlan, verdict: Verdict, judge: str) -> None:
        request = gates.RecordGateJudgementRequest(
            request_id=request_id("judgement", stage.stage_id, verdict.gate, verdict.team, judge),
            stage_id=stage.stage_id,
            gate=verdict.gate,
            team_id=verdict.team,
            judge_id=judge,
            passed=verdict.passed,
            reason=verdict.reason,
            evidence=verdict.evidence,
            provenance=value_of(verdict.provenance),
        )
        await self._session.call(Caller.assessor(judge), "selection", "RecordGateJudgement", request)

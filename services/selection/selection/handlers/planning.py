"""Use cases of plans: stages that open by themselves, events from outside that they wait for, and plans given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain import stage as stages
from selection.domain.change import ChangeState, closed
from selection.domain.events import RuleSetChangeDropped, StageCancelled, StagePlanned, StageTriggered
from selection.domain.refusal import StageTakenError
from selection.domain.stage import StageState
from selection.handlers.moving import enter, required, wake_due
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selection.domain.stage import Stage
    from selection.domain.trigger import Trigger
    from selection.handlers.records import Records


async def plan_stage(
    stage_id: str,
    sha256: str,
    from_call: str,
    from_stages: Sequence[str],
    records: Records,
    *,
    reopens: str = "",
    reason: str = "",
    triggers: Sequence[Trigger] = (),
) -> Stage:
    """Plan a stage, which then opens, is decided and becomes final at the dates of its rule set.

    It opens at its date, once its teams are known and all `triggers` have come. With `reopens` it opens, for a
    `reason`, the seats again that this stage left free. What is planned so already stays; what was cancelled is planned
    anew. Raises `RuleSetUnknownError`, `StageTakenError`, `StageUnknownError`, `ReopeningError`, `ReasonMissingError`
    and what `stages.plan` raises.
    """
    kept = await kept_rule_set(sha256, records)
    for number, each in enumerate(from_stages):
        await required(each, records, f"from_stage_ids[{number}]")
    planned = stages.plan(stage_id, kept, from_call, from_stages, reopens, triggers)
    if planned.reopens:
        before = await required(planned.reopens, records, "reopens_stage_id")
        record = await records.decision(planned.reopens)
        stages.check_reopening(before, record.computed if record else None, reason)
    if not await records.add_stage(planned):
        taken = await required(stage_id, records)
        if stages.is_same_plan(taken, planned):
            return taken
        if taken.state is not StageState.CANCELLED:
            raise StageTakenError("stage_id", stage_id, "is planned already")
        planned = stages.planned_anew(taken, planned)
    await records.publish(StagePlanned(planned, reason))
    planned = await enter(planned, "planned", records)
    await wake_due(await records.waiting_for_stage(stage_id), records)
    return planned


async def trigger_stage(
    stage_id: str, trigger_id: str, evidence: Sequence[str], records: Records, *, pipeline: str | None
) -> Stage:
    """Keep that an event has come, brought by `pipeline`, or by staff for `None`; with the last one the stage opens.

    Raises `StageUnknownError` and what `stages.triggered` raises.
    """
    stage = await required(stage_id, records)
    triggered = stages.triggered(stage, trigger_id, pipeline, records.now)
    if triggered == stage:
        return stage
    await records.publish(StageTriggered(triggered, trigger_id, tuple(evidence), records.actor))
    triggered = await enter(triggered, f"trigger:{trigger_id}", records)
    await wake_due([stage_id], records)
    return triggered


async def cancel_stage(stage_id: str, reason: str, records: Records) -> None:
    """Cancel a stage that has not opened; a change of its rule set that is pending lapses with it.

    Raises `StageUnknownError` and what `stages.cancelled` raises.
    """
    cancelled = stages.cancelled(await required(stage_id, records), reason)
    await drop_pending_change(stage_id, records)
    await records.publish(StageCancelled(cancelled))
    await enter(cancelled, "cancelled", records)
    await wake_due(await records.waiting_for_stage(stage_id), records)


async def drop_pending_change(stage_id: str, records: Records) -> None:
    """End a change of the rule set that has not got its consents: the version that governs stays."""
    change = await records.pending_change(stage_id)
    if change is not None:
        lapsed = closed(change, ChangeState.LAPSED, records.now)
        await records.save_change(lapsed)
        await records.publish(RuleSetChangeDropped(lapsed))

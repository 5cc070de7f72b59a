"""Use cases of stages: planned, then opened, decided and finished when they wake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, assert_never

from rules import decision_from_json

from selection.domain import consequences
from selection.domain import stage as stages
from selection.domain.deciding import Decided, Waiting, attempt
from selection.domain.events import (
    DecisionFinalized,
    DecisionProvisional,
    DecisionRecord,
    StageOpened,
    StagePlanned,
)
from selection.domain.refusal import StageTakenError, StageUnknownError
from selection.domain.stage import Stage, StageState
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selection.handlers.records import Records

DECISION_GRACE: Final = timedelta(days=3)
"""How long a stage may stay undecided after its date before people are told."""

FINAL_GRACE: Final = timedelta(days=1)
"""How long after the objection window a decision may stay provisional before people are told."""


async def plan_stage(stage_id: str, sha256: str, from_call: str, from_stages: Sequence[str], records: Records) -> Stage:
    """Plan a stage, which then opens, is decided and becomes final at the dates of its rule set.

    Raises `RuleSetUnknownError`, `StageTakenError`, `StageUnknownError` and what `stages.plan` raises.
    """
    kept = await kept_rule_set(sha256, records)
    for number, each in enumerate(from_stages):
        if await records.stage(each) is None:
            raise StageUnknownError(f"from_stage_ids[{number}]", each, "must be a planned stage")
    planned = stages.plan(stage_id, kept, from_call, from_stages)
    if not await records.add_stage(planned):
        raise StageTakenError("stage_id", stage_id, "is planned already")
    await records.schedule(planned, owner="selection", wake_at=planned.opens_at, deadline=planned.closes_at)
    await records.publish(StagePlanned(planned))
    return planned


async def close_call(call_id: str, teams: Sequence[str], records: Records) -> None:
    """Keep a call's applicants and wake the stages that wait for them."""
    await records.add_closed_call(call_id, teams)
    await _wake_due(await records.waiting_for_call(call_id), records)


async def step(stage_id: str, records: Records) -> None:
    """Take a stage as far as it can go at this instant; called when it wakes."""
    stage = await records.stage(stage_id)
    if stage is None:
        raise StageUnknownError("stage_id", stage_id, "must be a planned stage")
    match stage.state:
        case StageState.PLANNED:
            await _open(stage, records)
        case StageState.COLLECTING:
            await _decide(stage, records)
        case StageState.OBJECTION:
            await _finalize(stage, records)
        case StageState.FINAL:
            return
        case _:
            assert_never(stage.state)


async def _open(stage: Stage, records: Records) -> None:
    if records.now < stage.opens_at:
        await records.schedule(stage, owner="selection", wake_at=stage.opens_at, deadline=stage.closes_at)
        return
    teams, missing = await _entrants(stage, records)
    if missing:
        waiting = replace(stage, waits_for=missing)
        await records.save_stage(waiting)
        # No wake-up: what is missing wakes it.
        await records.schedule(waiting, owner="staff", wake_at=None, deadline=stage.closes_at)
        return
    opened = stages.open_with(stage, teams, records.now)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    await records.save_stage(opened)
    await records.publish(StageOpened(opened, rules))
    await records.schedule(
        opened, owner="evaluation", wake_at=stage.decides_at, deadline=stage.decides_at + DECISION_GRACE
    )


async def _entrants(stage: Stage, records: Records) -> tuple[list[str], str]:
    if stage.from_call:
        applicants = await records.closed_call(stage.from_call)
        return list(applicants or ()), "" if applicants is not None else f"call {stage.from_call} is not closed"
    teams: list[str] = []
    missing: list[str] = []
    for source in stage.from_stages:
        before = await records.stage(source)
        decision = await records.decision(source)
        if before is None or before.state is not StageState.FINAL or decision is None:
            missing.append(f"the final decision of {source}")
        else:
            teams += decision_from_json(decision.document).advanced
    return teams, "; ".join(missing)


async def _decide(stage: Stage, records: Records) -> None:
    deadline = stage.decides_at + DECISION_GRACE
    if records.now < stage.decides_at:
        await records.schedule(stage, owner="evaluation", wake_at=stage.decides_at, deadline=deadline)
        return
    kept = await kept_rule_set(stage.rule_set_sha256, records)
    rules = kept.rules
    outcome = attempt(stage, kept, rules, await records.evidence(stage.id))
    match outcome:
        case Waiting(reason):
            waiting = replace(stage, waits_for=reason)
            await records.save_stage(waiting)
            # No wake-up: the next score or verdict wakes it.
            await records.schedule(waiting, owner="staff", wake_at=None, deadline=deadline)
        case Decided(inputs, decision):
            record = DecisionRecord(
                stage.id,
                kept.sha256,
                inputs.sha256(),
                inputs.canonical_bytes(),
                decision.sha256(),
                decision.canonical_bytes(),
            )
            await _decided(stages.decided(stage, rules, records.now), record, records)
        case _:
            assert_never(outcome)


async def _decided(stage: Stage, record: DecisionRecord, records: Records) -> None:
    final_at = stage.final_at or records.now
    await records.add_decision(record)
    await records.save_stage(stage)
    await records.publish(DecisionProvisional(stage, record))
    await records.schedule(stage, owner="selection", wake_at=final_at, deadline=final_at + FINAL_GRACE)
    if final_at <= records.now:
        await _finalize(stage, records)


async def _finalize(stage: Stage, records: Records) -> None:
    final_at = stage.final_at or records.now
    record = await records.decision(stage.id)
    if record is None or records.now < final_at:
        await records.schedule(stage, owner="selection", wake_at=final_at, deadline=final_at + FINAL_GRACE)
        return
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    decision = decision_from_json(record.document)
    final = stages.finalized(stage)
    await records.save_stage(final)
    await records.schedule(final, owner="selection", wake_at=None, deadline=None)
    await records.publish(
        DecisionFinalized(
            record,
            decision.advanced,
            consequences.losses(decision, rules),
            consequences.awards(decision, rules, final_at),
        )
    )
    await _wake_due(await records.waiting_for_stage(stage.id), records)


async def _wake_due(stage_ids: Sequence[str], records: Records) -> None:
    for stage_id in stage_ids:
        stage = await records.stage(stage_id)
        if stage is not None and stage.state is StageState.PLANNED and stage.opens_at <= records.now:
            await records.wake(stage_id)

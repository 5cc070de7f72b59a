"""Use cases of stages: planned, then opened, decided and finished when they wake."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from selection.domain import stage as stages
from selection.domain.agenda import agenda
from selection.domain.eligibility import admit
from selection.domain.events import StageOpened, StagePlanned
from selection.domain.refusal import StageTakenError
from selection.domain.stage import Stage, StageState
from selection.domain.waits import Wait, WaitCode, wait
from selection.handlers import decisions
from selection.handlers.moving import enter, hold, required, wake_due
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules import RuleSet

    from selection.domain.eligibility import RefusedApplicant
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
) -> Stage:
    """Plan a stage, which then opens, is decided and becomes final at the dates of its rule set.

    With `reopens` it opens, for a `reason`, the seats again that this stage left free. Raises `RuleSetUnknownError`,
    `StageTakenError`, `StageUnknownError`, `ReopeningError`, `ReasonMissingError` and what `stages.plan` raises.
    """
    kept = await kept_rule_set(sha256, records)
    for number, each in enumerate(from_stages):
        await required(each, records, f"from_stage_ids[{number}]")
    planned = stages.plan(stage_id, kept, from_call, from_stages, reopens)
    if planned.reopens:
        before = await required(planned.reopens, records, "reopens_stage_id")
        record = await records.decision(planned.reopens)
        stages.check_reopening(before, record.computed if record else None, reason)
    if not await records.add_stage(planned):
        raise StageTakenError("stage_id", stage_id, "is planned already")
    await records.publish(StagePlanned(planned, reason))
    return await enter(planned, "planned", records)


async def close_call(call_id: str, teams: Sequence[str], records: Records) -> None:
    """Keep a call's applicants and wake the stages that wait for them."""
    await records.add_closed_call(call_id, teams)
    await wake_due(await records.waiting_for_call(call_id), records)


async def step(stage_id: str, records: Records) -> None:
    """Take a stage as far as it can go at this instant; called when it wakes."""
    stage = await required(stage_id, records)
    match stage.state:
        case StageState.PLANNED:
            await _open(stage, records)
        case StageState.COLLECTING:
            await decisions.decide(stage, records)
        case StageState.OBJECTION:
            await decisions.finalize(stage, records)
        case StageState.FINAL:
            return
        case _:
            assert_never(stage.state)


async def entitled(stage: Stage, rules: RuleSet, records: Records) -> Entitled:
    """Return who may enter a stage as far as is known now, who may not, and what is not known yet."""
    if stage.from_call:
        applicants = await records.closed_call(stage.from_call)
        if applicants is None:
            return (), (), (wait(WaitCode.CALL_OPEN, call=stage.from_call),)
        teams, refused = admit(applicants, rules, await records.final_decisions())
        return teams, refused, ()
    advanced: list[str] = []
    missing: list[Wait] = []
    for source in stage.from_stages:
        before, decision = await records.stage(source), await records.decision(source)
        if before is None or before.state is not StageState.FINAL or decision is None:
            missing.append(wait(WaitCode.STAGE_NOT_FINAL, stage=source))
        else:
            advanced += decision.advanced
    return tuple(sorted(set(advanced))), (), tuple(missing)


Entitled = tuple[tuple[str, ...], "tuple[RefusedApplicant, ...]", tuple[Wait, ...]]
"""Teams that may enter, those that may not, and what is not known yet."""


async def _open(stage: Stage, records: Records) -> None:
    if records.now < stage.opens_at:
        await records.schedule(stage, agenda(stage))
        return
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    teams, refused, missing = await entitled(stage, rules, records)
    if missing:
        await hold(stage, missing, records)
        return
    opened = stages.open_with(stage, teams, records.now, refused)
    await records.publish(StageOpened(opened, rules))
    await enter(opened, "opened", records)

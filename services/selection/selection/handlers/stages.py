"""Use cases of stages: opened, decided and finished when they wake."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from selection.domain import stage as stages
from selection.domain.agenda import agenda, trigger_waits
from selection.domain.eligibility import admit
from selection.domain.events import StageOpened
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
        case StageState.FINAL | StageState.CANCELLED:
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
        if before is not None and before.state is StageState.CANCELLED:
            missing.append(wait(WaitCode.STAGE_CANCELLED, stage=source))
        elif before is None or before.state is not StageState.FINAL or decision is None:
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
    if waits := (*missing, *trigger_waits(stage)):
        await hold(stage, waits, records)
        return
    if records.now > stage.closes_at:
        # It would take no score: its dates are moved by another version of its rule set, or it is cancelled.
        await hold(stage, [wait(WaitCode.WINDOW_MISSED, closes_at=stage.closes_at)], records)
        return
    opened = stages.open_with(stage, teams, records.now, refused)
    await records.publish(StageOpened(opened, rules))
    await enter(opened, "opened", records)

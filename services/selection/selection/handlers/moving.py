"""How a stage moves: kept, told and scheduled together, so that no state is without history, owner and deadline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from selection.domain.agenda import agenda
from selection.domain.events import StageAdvanced
from selection.domain.refusal import StageUnknownError
from selection.domain.stage import StageState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selection.domain.stage import Stage
    from selection.domain.waits import Wait
    from selection.handlers.records import Records


async def required(stage_id: str, records: Records, field: str = "stage_id") -> Stage:
    """Return a stage, locked. Raises `StageUnknownError`, naming the `field`."""
    stage = await records.stage(stage_id)
    if stage is None:
        raise StageUnknownError(field, stage_id, "must be a planned stage")
    return stage


async def enter(stage: Stage, cause: str, records: Records) -> Stage:
    """Keep a stage that moved because of `cause`; return it with its place in its history."""
    moved = replace(stage, sequence=stage.sequence + 1)
    await records.save_stage(moved, cause)
    await records.publish(StageAdvanced(moved, records.now, cause, records.actor))
    await records.schedule(moved, agenda(moved))
    return moved


async def hold(stage: Stage, waits: Sequence[Wait], records: Records) -> None:
    """Let a stage wait; what it waits for wakes it."""
    waiting = replace(stage, waits=tuple(waits))
    if waiting == stage:
        await records.schedule(stage, agenda(stage))
    else:
        await enter(waiting, "waits", records)


async def wake_due(stage_ids: Sequence[str], records: Records) -> None:
    """Wake planned stages whose opening has come, and undecided ones whose decision has."""
    for stage_id in stage_ids:
        stage = await records.stage(stage_id)
        if stage is not None and stage.state is StageState.PLANNED and stage.opens_at <= records.now:
            await records.wake(stage_id)
        elif stage is not None:
            await try_again(stage, records)


async def try_again(stage: Stage, records: Records) -> None:
    """Wake a stage whose decision may have waited for what has come now."""
    if stage.state is StageState.COLLECTING and stage.decides_at <= records.now:
        await records.wake(stage.id)

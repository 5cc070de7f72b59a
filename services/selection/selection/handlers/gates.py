"""Use cases of gates that single judges decide on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain.events import GateConflictRecorded, GateJudgementRecorded, GateJudgesSeated
from selection.domain.gates import check_conflict, check_judgement, check_seats
from selection.handlers.moving import required, try_again
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selection.domain.gates import Conflict, Judgement
    from selection.handlers.records import Records


async def seat_judges(stage_id: str, gate: str, judges: Sequence[str], records: Records) -> None:
    """Seat the judges of a gate. Raises `StageUnknownError` and what `check_seats` raises."""
    stage = await required(stage_id, records)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    bench = await records.bench(stage_id)
    check_seats(gate, judges, stage, rules, bench.judges.get(gate, ()))
    seated = tuple(sorted(judges))
    await records.add_judges(stage_id, gate, seated)
    await records.publish(GateJudgesSeated(stage_id, gate, seated))


async def record_conflict(stage_id: str, conflict: Conflict, records: Records) -> None:
    """Keep a conflict of interest, once. Raises `StageUnknownError` and what `check_conflict` raises."""
    stage = await required(stage_id, records)
    check_conflict(conflict, stage)
    if (conflict.judge, conflict.team) in (await records.bench(stage_id)).barred:
        return
    await records.add_conflict(stage_id, conflict)
    await records.publish(GateConflictRecorded(stage_id, conflict))


async def record_judgement(stage_id: str, judgement: Judgement, records: Records) -> None:
    """Keep what a judge finds. Raises `StageUnknownError` and what `check_judgement` raises."""
    stage = await required(stage_id, records)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    check_judgement(judgement, stage, rules, await records.bench(stage_id), await records.verdicts(stage_id))
    await records.add_judgement(stage_id, judgement)
    await records.publish(GateJudgementRecorded(stage_id, judgement))
    await try_again(stage, records)

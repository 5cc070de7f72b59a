"""Use cases of scores and verdicts: kept, and a decision that waited for them is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain.events import GateVerdictRecorded
from selection.domain.refusal import StageUnknownError
from selection.domain.scores import cell, check_scores, new_ones
from selection.domain.stage import Stage, StageState
from selection.domain.verdict import check_verdict
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules import Measurement, Score, Verdict

    from selection.handlers.records import Records


async def take_scores(stage_id: str, source: str, given: Sequence[Score | Measurement], records: Records) -> None:
    """Keep scores and try a decision that waited for them; those of a stage not known yet are kept all the same.

    Raises `ScoreRefusedError`, `ScoreTakenError` and `StageNotCollectingError`.
    """
    stage = await records.stage(stage_id)
    assessors = {cell(each)[0] for each in given}
    new = new_ones(given, await records.known_scores(stage_id, source, assessors))
    if not new:
        return
    if stage is not None:
        check_scores(new, stage, (await kept_rule_set(stage.rule_set_sha256, records)).rules)
    await records.add_scores(stage_id, new)
    if stage is not None:
        await _try_again(stage, records)


async def record_verdict(stage_id: str, verdict: Verdict, records: Records) -> None:
    """Keep a gate's verdict and try a decision that waited for it. Raises what `check_verdict` raises."""
    stage = await records.stage(stage_id)
    if stage is None:
        raise StageUnknownError("stage_id", stage_id, "must be a planned stage")
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    check_verdict(verdict, stage, rules, await records.verdicts(stage_id))
    await records.add_verdict(stage_id, verdict)
    await records.publish(GateVerdictRecorded(stage_id, verdict))
    await _try_again(stage, records)


async def _try_again(stage: Stage, records: Records) -> None:
    if stage.state is StageState.COLLECTING and stage.decides_at <= records.now:
        await records.wake(stage.id)

"""Use cases of scores and verdicts: kept, and a decision that waited for them is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain.events import GateVerdictRecorded
from selection.domain.scores import cell, check_in_time, check_scores, new_ones
from selection.domain.verdict import check_minute, check_verdict
from selection.handlers.moving import required, try_again
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rules import Verdict

    from selection.domain.deciding import ScoringClose
    from selection.domain.scores import Given
    from selection.handlers.records import Records


async def take_scores(stage_id: str, source: str, given: Sequence[Given], given_at: datetime, records: Records) -> None:
    """Keep scores, handed in at `given_at`, and try a decision that waited for them.

    Those of a stage not known yet are kept all the same. Raises `ScoreLateError`, `ScoreRefusedError`,
    `ScoreTakenError` and `StageNotCollectingError`.
    """
    stage = await records.stage(stage_id)
    assessors = {cell(each)[0] for each in given}
    new = new_ones(given, await records.known_scores(stage_id, source, assessors))
    if not new:
        return
    if stage is not None:
        check_in_time(stage, given_at)
        check_scores(new, stage, (await kept_rule_set(stage.rule_set_sha256, records)).rules)
    await records.add_scores(stage_id, new, given_at)
    if stage is not None:
        await try_again(stage, records)


async def close_scoring(stage_id: str, close: ScoringClose, records: Records) -> None:
    """Keep what evaluation has for a stage whose last instant for scores is over, and try its decision."""
    stage = await records.stage(stage_id)
    await records.add_scoring_close(stage_id, close)
    if stage is not None:
        await try_again(stage, records)


async def record_verdict(stage_id: str, verdict: Verdict, records: Records, proceeding: str = "") -> None:
    """Keep a gate's verdict, as a panel's minute has it, and try a decision that waited for it.

    The fresh panel of a case, which `proceeding` names, may find otherwise than the gate's own judges. Raises
    `StageUnknownError` and what `check_verdict` and `check_minute` raise.
    """
    stage = await required(stage_id, records)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    check_verdict(verdict, stage, rules, await records.verdicts(stage_id))
    if not proceeding:
        check_minute(verdict, await records.bench(stage_id))
    await records.add_verdict(stage_id, verdict)
    await records.publish(GateVerdictRecorded(stage_id, verdict, proceeding=proceeding))
    await try_again(stage, records)

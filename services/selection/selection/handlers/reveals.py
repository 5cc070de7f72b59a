"""Use cases of commit and reveal: late picks, and the seed of a lot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain.events import LatePickRevealed, LotSeedRevealed
from selection.domain.late_pick import check_seed, reveal
from selection.handlers.moving import required, try_again
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from selection.domain.stage import Stage
    from selection.handlers.records import Records


async def reveal_late_pick(stage_id: str, pick_id: str, salt: str, content: str, records: Records) -> None:
    """Reveal a late pick and try a decision that waited for it. Raises `StageUnknownError` and what `reveal` raises."""
    stage = await required(stage_id, records)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    revealed = reveal(stage, rules, pick_id, salt, content, await records.late_picks(stage_id))
    await records.add_late_pick(stage_id, revealed)
    await records.publish(LatePickRevealed(stage, revealed))
    await try_again(stage, records)


async def reveal_lot_seed(stage_id: str, seed: str, records: Records) -> Stage:
    """Reveal the seed that a stage's decision waits for. Raises `StageUnknownError` and what `check_seed` raises."""
    stage = await required(stage_id, records)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    sha256 = check_seed(stage, rules, seed)
    await records.add_seed(stage_id, sha256, seed)
    await records.publish(LotSeedRevealed(stage, sha256, seed))
    await try_again(stage, records)
    return stage

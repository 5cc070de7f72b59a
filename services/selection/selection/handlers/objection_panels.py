"""Use cases of a proceeding's panel: original assessors on record, a fresh panel seated, its findings, the remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rules import inputs_from_json

from selection.domain import objection_events as told
from selection.domain import objection_panel as panels
from selection.domain import objection_remedy as remedies
from selection.domain.objection_proceeding import Outcome, Remedy, State, closed, require_state
from selection.domain.objection_refusal import PanelInvalidError, RemedyInvalidError, SourceUnknownError
from selection.domain.refusal import RedecisionImpossibleError
from selection.domain.stage import StageState, require_decided
from selection.domain.waits import WaitCode, wait
from selection.handlers.decisions import current, redecide
from selection.handlers.moving import required
from selection.handlers.objection_bars import bars_of, known_people
from selection.handlers.objections import advance, conclude, finish, held, zone_of
from selection.handlers.rule_sets import kept_rule_set
from selection.handlers.scores import record_verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules import Inputs

    from selection.domain.objection_proceeding import Proceeding
    from selection.domain.objection_remedy import FreshScoring, FreshSheet
    from selection.domain.stage import Stage
    from selection.domain.versions import Corrections
    from selection.handlers.records import Records


async def record_original_assessors(
    stage_id: str, source: str, people: Sequence[str], records: Records
) -> tuple[str, ...]:
    """Keep who stood behind a source of measurements or a gate; return those of which nobody is known yet.

    Raises `StageUnknownError`, `SourceUnknownError` and `PanelInvalidError`.
    """
    stage = await required(stage_id, records)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    if source not in {each.id for each in (*rules.sources, *rules.gates)}:
        raise SourceUnknownError("source_id", source, "must be a source or gate of the rule set")
    if not people or not all(each.strip() for each in people):
        raise PanelInvalidError("person_ids", ", ".join(people), "must name who it was")
    named = tuple(sorted(set(people)))
    await records.add_original_assessors(stage_id, source, named)
    await records.tell(told.OriginalAssessorsRecorded(stage_id, source, named))
    return (await known_people(stage, records)).unknown


async def seat_panel(
    proceeding_id: str, members: Sequence[str], quorum: int, reason: str, records: Records
) -> Proceeding:
    """Seat a fresh panel. Raises `ProceedingUnknownError` and what `panels.seat` raises."""
    found, stage = await held(proceeding_id, records)
    bars = await bars_of(found, stage, records)
    seated = panels.seat(found, members, quorum, reason, bars, await zone_of(stage, records), records.now)
    return await advance(seated, "seated", records, lambda each: told.PanelSeated(each, reason))


async def submit_finding(proceeding_id: str, member: str, remedy: Remedy, reason: str, records: Records) -> Proceeding:
    """Keep what a member finds, and let the panel find once it can. Raises what `panels.find` raises."""
    found, stage = await held(proceeding_id, records)
    bars = await bars_of(found, stage, records)
    changed = panels.find(found, member, remedy, reason, bars, records.now)
    changed = await advance(changed, "finding", records, told.FindingSubmitted)
    over = changed.due is not None and changed.due <= records.now
    if panels.is_complete(changed, bars) or (over and panels.is_quorate(changed, bars)):
        return await conclude(changed, stage, bars, await zone_of(stage, records), records)
    return changed


async def order_recompute(proceeding_id: str, corrections: Corrections, reason: str, records: Records) -> Proceeding:
    """Order a recomputation and carry it out: the stage is decided again, or gets its verdict before its decision.

    Raises what `remedies.order_recompute`, `redecide` and `record_verdict` raise; then nothing is ordered.
    """
    found, stage = await held(proceeding_id, records)
    inputs = await _inputs(stage, records)
    ordered = remedies.order_recompute(found, corrections, reason, inputs)
    ordered = await advance(ordered, "ordered", records, told.RemedyOrdered)
    if inputs is not None:
        return await _decide_again(ordered, stage, corrections, Outcome.RECOMPUTED, records)
    for verdict in corrections.verdicts:
        await record_verdict(stage.id, verdict, records, proceeding_id)
    return await finish(closed(ordered, Outcome.RECOMPUTED, records.now), stage, records)


async def order_rescore(proceeding_id: str, fresh: Sequence[FreshScoring], reason: str, records: Records) -> Proceeding:
    """Order that fresh people score again. Raises `StageNotDecidedError` and what `remedies.order_rescore` raises."""
    found, stage = await held(proceeding_id, records)
    require_decided(stage)
    inputs = inputs_from_json((await current(stage, records)).inputs)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    bars = await bars_of(found, stage, records)
    ordered = remedies.order_rescore(found, fresh, reason, rules, inputs, bars, records.now)
    return await advance(ordered, "ordered", records, told.RemedyOrdered)


async def submit_fresh_scores(proceeding_id: str, sheet: FreshSheet, records: Records) -> Proceeding:
    """Keep what a fresh scorer hands in; with the last one the stage is decided again, or waits for what is missing.

    Raises what `remedies.hand_in` raises.
    """
    found, stage = await held(proceeding_id, records)
    inputs = inputs_from_json((await current(stage, records)).inputs)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    changed = remedies.hand_in(found, sheet, rules, inputs, await bars_of(found, stage, records))
    changed = await advance(changed, "fresh-scores", records, told.FreshScoresSubmitted)
    if not remedies.all_handed_in(changed):
        return changed
    try:
        return await carry_out(proceeding_id, records)
    except RedecisionImpossibleError as error:
        # What was handed in is kept: staff carry it out once the rest is there.
        waiting = replace(changed, waits=(wait(WaitCode.REDECISION_IMPOSSIBLE, missing=error.waits),))
        return await advance(waiting, "held", records, told.ProceedingHeld)


async def carry_out(proceeding_id: str, records: Records) -> Proceeding:
    """Decide a stage again on all that was handed in. Raises `RemedyInvalidError` and `RedecisionImpossibleError`."""
    found, stage = await held(proceeding_id, records)
    require_state(found, State.RESCORING)
    if not remedies.all_handed_in(found):
        have, need = len(found.sheets), sum(len(each.scorers) for each in found.fresh)
        raise RemedyInvalidError("proceeding_id", proceeding_id, f"has {have} of {need} fresh sheets")
    inputs = inputs_from_json((await current(stage, records)).inputs)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    corrections = remedies.fresh_corrections(found, rules, inputs)
    return await _decide_again(found, stage, corrections, Outcome.RESCORED, records)


async def _decide_again(
    found: Proceeding, stage: Stage, corrections: Corrections, outcome: Outcome, records: Records
) -> Proceeding:
    old = await current(stage, records)
    new = await redecide(
        stage.id, _REASON[found.kind.value], found.kind.value, records, cause_id=found.id, corrections=corrections
    )
    ended = closed(found, outcome, records.now)
    if new.version != old.version:
        ended = replace(ended, result_version=new.version, difference=new.difference)
    return await finish(ended, stage, records)


async def _inputs(stage: Stage, records: Records) -> Inputs | None:
    if stage.state in {StageState.OBJECTION, StageState.FINAL}:
        return inputs_from_json((await current(stage, records)).inputs)
    return None


_REASON = {
    "objection": "an objection was found justified; its remedy is carried out",
    "case": "an allegation was found true; its remedy is carried out",
}
"""Why a decision was superseded, in the open: what was said in the proceeding stays in it."""

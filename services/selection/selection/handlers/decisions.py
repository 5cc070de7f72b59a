"""Use cases of decisions: computed, decided again, final. Consequences follow from the newest final version only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from rules import carry

from selection.domain import consequences
from selection.domain import stage as stages
from selection.domain.agenda import agenda
from selection.domain.deciding import Decided, Waiting, attempt, underway
from selection.domain.events import (
    DecisionFinalized,
    DecisionProvisional,
    DecisionRecord,
    DecisionSuperseded,
    GateVerdictRecorded,
)
from selection.domain.late_pick import committed_seed
from selection.domain.objection_proceeding import holds
from selection.domain.refusal import DecisionMissingError, RedecisionImpossibleError
from selection.domain.versions import NO_CORRECTIONS, check_redecision, difference
from selection.handlers.moving import enter, hold, required, wake_due
from selection.handlers.planning import drop_pending_change
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules import RuleSet

    from selection.domain.gates import Found
    from selection.domain.rule_set import KeptRuleSet
    from selection.domain.stage import Stage
    from selection.domain.versions import Corrections
    from selection.handlers.records import Records


async def decide(stage: Stage, records: Records) -> None:
    """Decide a stage whose instant has come, or let it wait for what is missing or on its way."""
    if records.now < stage.decides_at:
        await records.schedule(stage, agenda(stage))
        return
    kept = await kept_rule_set(stage.rule_set_sha256, records)
    rules = kept.rules
    if waits := underway(stage, rules, await records.scoring_close(stage), await records.arrived(stage)):
        await hold(stage, waits, records)
        return
    outcome = await _attempt(stage, kept, rules, (), records)
    match outcome:
        case Waiting(waits):
            await hold(stage, waits, records)
        case Decided():
            await _record_found(stage, outcome.found, records)
            await drop_pending_change(stage.id, records)
            record = _record(stage, kept, outcome, 1)
            await _provisional(stage, record, rules, "decided", records)
        case _:
            assert_never(outcome)


async def redecide(
    stage_id: str,
    reason: str,
    cause: str,
    records: Records,
    *,
    cause_id: str = "",
    corrections: Corrections = NO_CORRECTIONS,
) -> DecisionRecord:
    """Decide a decided stage again for a `reason`, on what was given to it and corrected since.

    `cause` is "recompute", "correction", "objection" or "case", `cause_id` what led to it. The new version supersedes
    the one before, which stays readable, and opens an objection window of its own; an override of the one before does
    not stand beside it. Where nothing differs the version before is returned and nothing happens. Raises
    `StageUnknownError`, `StageNotDecidedError`, `ReasonMissingError`, `CorrectionInvalidError` and
    `RedecisionImpossibleError`.
    """
    stage = await required(stage_id, records)
    stages.require_decided(stage)
    check_redecision(reason, corrections)
    old = await current(stage, records)
    kept = await kept_rule_set(stage.rule_set_sha256, records)
    before = await records.corrections(stage_id)
    outcome = await _attempt(stage, kept, kept.rules, [*before, corrections], records)
    if isinstance(outcome, Waiting):
        raise RedecisionImpossibleError(stage_id, outcome.waits)
    record = _record(stage, kept, outcome, old.version + 1)
    if (record.inputs, record.document) == (old.inputs, old.document) and old.override is None:
        return old
    await _record_found(stage, outcome.found, records)
    record = replace(record, reason=reason, cause=cause, cause_id=cause_id, corrections=corrections)
    return await supersede(stage, old, record, kept.rules, records)


async def supersede(
    stage: Stage, old: DecisionRecord, new: DecisionRecord, rules: RuleSet, records: Records
) -> DecisionRecord:
    """Let `new` take the place of `old`: both are kept, and what differs is told."""
    record = replace(new, difference=difference(old, new))
    await records.publish(DecisionSuperseded(old, record))
    await _provisional(stage, record, rules, record.cause, records)
    return record


async def finalize(stage: Stage, records: Records, *, closed_early: bool = False) -> None:
    """Make a decision final whose objection window is over, or `closed_early`; it waits for open proceedings."""
    final_at = records.now if closed_early else stage.final_at or records.now
    if records.now < final_at:
        await records.schedule(stage, agenda(stage))
        return
    if waits := holds(await records.proceedings(stage.id)):
        if not closed_early:
            await hold(stage, waits, records)
        return
    record = await current(stage, records)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    advanced = record.advanced
    await records.finalize_decision(record)
    await records.publish(
        DecisionFinalized(
            record,
            advanced,
            consequences.losses(advanced, record.computed, rules),
            consequences.awards(advanced, rules, final_at),
            closed_early,
        )
    )
    final = stages.finalized(replace(stage, final_at=final_at))
    await enter(final, "closed-early" if closed_early else "final", records)
    await wake_due(await records.waiting_for_stage(stage.id), records)


async def current(stage: Stage, records: Records) -> DecisionRecord:
    """Return the version of a stage's decision that counts. Raises `DecisionMissingError`."""
    record = await records.decision(stage.id)
    if record is None:
        raise DecisionMissingError("stage_id", stage.id, "is not decided yet")
    return record


async def _attempt(
    stage: Stage, kept: KeptRuleSet, rules: RuleSet, corrections: Sequence[Corrections], records: Records
) -> Decided | Waiting:
    evidence = await records.evidence(stage, committed_seed(rules))
    earlier = {each.stage: each for each in await records.final_decisions()}
    return attempt(stage, kept, rules, replace(evidence, carried=carry(rules, stage.entrants, earlier)), corrections)


def _record(stage: Stage, kept: KeptRuleSet, outcome: Decided, version: int) -> DecisionRecord:
    return DecisionRecord(
        stage.id,
        kept.sha256,
        outcome.inputs.sha256(),
        outcome.inputs.canonical_bytes(),
        outcome.decision.sha256(),
        outcome.decision.canonical_bytes(),
        version,
    )


async def _provisional(stage: Stage, record: DecisionRecord, rules: RuleSet, cause: str, records: Records) -> None:
    decided = stages.decided(stage, rules, records.now)
    await records.add_decision(record)
    await records.publish(DecisionProvisional(decided, record))
    decided = await enter(decided, cause, records)
    if decided.final_at is not None and decided.final_at <= records.now:
        await finalize(decided, records)


async def _record_found(stage: Stage, found: Sequence[Found], records: Records) -> None:
    """Keep the verdicts that followed from single judgements: from now on they are as any other."""
    for each in found:
        await records.add_verdict(stage.id, each.verdict)
        await records.publish(GateVerdictRecorded(stage.id, each.verdict, each.judges_for))

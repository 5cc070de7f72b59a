"""Use cases of changes: proposed for a reason, consented to by the teams, and then in effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain import rule_set
from selection.domain.change import (
    Change,
    ChangeState,
    Consent,
    ConsentRule,
    check_change,
    closed,
    outcome,
    require_pending,
    who_is_asked,
    with_consent,
)
from selection.domain.events import (
    RuleSetChanged,
    RuleSetChangeDropped,
    RuleSetChangeProposed,
    RuleSetConsentRecorded,
)
from selection.domain.refusal import ChangePendingError, ChangeUnknownError, ReasonMissingError
from selection.domain.stage import governed_by
from selection.handlers.moving import enter, required
from selection.handlers.rule_sets import kept_rule_set, kept_rule_set_to_change
from selection.handlers.stages import entitled

if TYPE_CHECKING:
    from selection.domain.stage import Stage
    from selection.handlers.records import Records


async def propose_change(stage_id: str, sha256: str, reason: str, records: Records) -> Change:
    """Propose that another version governs a stage; it does at once where nobody's consent is needed.

    Raises `StageUnknownError`, `RuleSetUnknownError`, `ChangePendingError` and what `check_change` raises.
    """
    stage = await required(stage_id, records)
    old = await kept_rule_set_to_change(stage.rule_set_sha256, records)
    new = await kept_rule_set(sha256, records)
    check_change(stage, old, new, reason)
    if (pending := await records.pending_change(stage_id)) is not None:
        raise ChangePendingError("stage_id", stage_id, f"has a pending change, {pending.id}")
    rules = old.rules
    rule = ConsentRule(rules.changes.consent)
    teams, _, _ = await entitled(stage, rules, records)
    change = Change(
        id=f"{stage_id}-change-{await records.count_changes(stage_id) + 1}",
        stage=stage_id,
        old_sha256=old.sha256,
        new_sha256=new.sha256,
        reason=reason,
        proposed_by=records.actor,
        proposed_at=records.now,
        consent=rule,
        asked=who_is_asked(stage, rule, teams),
    )
    await records.add_change(change)
    await records.publish(RuleSetChangeProposed(change))
    return await _settle(change, stage, records)


async def record_consent(
    change_id: str, team: str, agreed: bool, evidence: tuple[str, ...], records: Records, *, by_team: bool
) -> Change:
    """Keep what a team says to a change, which takes effect with the last consent that it needs.

    Raises `ChangeUnknownError` and what `with_consent` raises.
    """
    change, stage = await _held(change_id, records)
    consent = Consent(team, agreed, evidence, records.actor, by_team, records.now)
    change = with_consent(change, consent)
    await records.save_change(change)
    await records.publish(RuleSetConsentRecorded(change, consent))
    return await _settle(change, stage, records)


async def withdraw_change(change_id: str, reason: str, records: Records) -> Change:
    """Take a pending change back. Raises `ChangeUnknownError`, `ChangeClosedError` and `ReasonMissingError`."""
    change, _ = await _held(change_id, records)
    require_pending(change)
    if not reason.strip():
        raise ReasonMissingError("reason", reason, "a change is withdrawn for a reason")
    return await _drop(change, ChangeState.WITHDRAWN, records, reason)


async def _held(change_id: str, records: Records) -> tuple[Change, Stage]:
    """Return a change as it is while its stage is held: nobody else changes it."""
    found = await records.change(change_id)
    if found is None:
        raise ChangeUnknownError("change_id", change_id, "must be a proposed change")
    stage = await required(found.stage, records)
    change = await records.change(change_id)
    assert change is not None
    return change, stage


async def _settle(change: Change, stage: Stage, records: Records) -> Change:
    match outcome(change):
        case ChangeState.EFFECTIVE:
            return await _take_effect(change, stage, records)
        case ChangeState.REFUSED:
            return await _drop(change, ChangeState.REFUSED, records)
        case _:
            return change


async def _take_effect(change: Change, stage: Stage, records: Records) -> Change:
    old = await kept_rule_set_to_change(change.old_sha256, records)
    new = await kept_rule_set(change.new_sha256, records)
    effective = closed(change, ChangeState.EFFECTIVE, records.now)
    await records.save_change(effective)
    await records.save_rule_set(rule_set.supersede(old, records.now))
    changed = governed_by(stage, new, change.id)
    await records.publish(RuleSetChanged(effective, changed, new.rules))
    await enter(changed, "rule-set-changed", records)
    return effective


async def _drop(change: Change, state: ChangeState, records: Records, reason: str = "") -> Change:
    dropped = closed(change, state, records.now)
    await records.save_change(dropped)
    await records.publish(RuleSetChangeDropped(dropped, reason))
    return dropped

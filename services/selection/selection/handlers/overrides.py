"""Use cases of overrides and waivers: what people decide about a decision that was computed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from selection.domain import override as overrides
from selection.domain.events import DecisionRecord, ObjectionWaived, OverrideDropped, OverrideProposed
from selection.domain.override import Proposal, ProposalState
from selection.domain.refusal import OverridePendingError, OverrideUnknownError
from selection.domain.versions import NO_CORRECTIONS
from selection.domain.waiver import check_waiver, still_waiting
from selection.handlers.decisions import current, finalize, supersede
from selection.handlers.moving import required
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selection.domain.stage import Stage
    from selection.handlers.records import Records


async def propose_override(
    stage_id: str, advanced: Sequence[str], reason: str, evidence: Sequence[str], records: Records
) -> Proposal:
    """Propose an override of the decision that counts.

    Raises `StageUnknownError`, `DecisionMissingError`, `OverridePendingError` and what `overrides.propose` raises.
    """
    stage = await required(stage_id, records)
    decision = await current(stage, records)
    if (pending := await records.pending_override(stage_id)) is not None:
        raise OverridePendingError("stage_id", stage_id, f"has a pending override, {pending.override.id}")
    override_id = f"{stage_id}-override-{await records.count_overrides(stage_id) + 1}"
    proposal = overrides.propose(override_id, stage, decision, advanced, reason, evidence, records.actor, records.now)
    await records.add_override(proposal)
    await records.publish(OverrideProposed(proposal))
    return proposal


async def confirm_override(override_id: str, records: Records) -> DecisionRecord:
    """Confirm an override, as another officer: it supersedes the decision. Raises what `overrides.confirm` raises."""
    proposal, stage = await _held(override_id, records)
    old = await current(stage, records)
    confirmed = overrides.confirm(proposal, old, records.actor, records.now)
    await records.save_override(confirmed)
    new = replace(
        old,
        version=old.version + 1,
        reason=confirmed.override.reason,
        cause="override",
        cause_id=override_id,
        override=confirmed.override,
        corrections=NO_CORRECTIONS,
    )
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    return await supersede(stage, old, new, rules, records)


async def withdraw_override(override_id: str, records: Records) -> None:
    """Take a proposed override back. Raises `OverrideUnknownError` and `OverrideClosedError`."""
    proposal, _ = await _held(override_id, records)
    await _drop(overrides.dropped(proposal, ProposalState.WITHDRAWN), records)


async def expire_override(override_id: str, records: Records) -> None:
    """End a proposed override that nobody confirmed; called when it wakes."""
    proposal, _ = await _held(override_id, records)
    if proposal.state is ProposalState.PENDING and records.now >= proposal.expires_at:
        await _drop(overrides.dropped(proposal, ProposalState.EXPIRED), records)


async def waive_objection(stage_id: str, team: str, version: int, records: Records) -> tuple[str, ...]:
    """Keep a party's waiver and close the window once all have waived; return the parties that have not.

    Raises `StageUnknownError` and what `check_waiver` raises.
    """
    stage = await required(stage_id, records)
    rules = (await kept_rule_set(stage.rule_set_sha256, records)).rules
    check_waiver(stage, rules, team, version)
    if await records.add_waiver(stage_id, version, team, records.actor):
        await records.publish(ObjectionWaived(stage_id, version, team, records.actor))
    waiting = still_waiting(stage, await records.waived(stage_id, version))
    if not waiting:
        await finalize(stage, records, closed_early=True)
    return waiting


async def _held(override_id: str, records: Records) -> tuple[Proposal, Stage]:
    """Return a proposal as it is while its stage is held: nobody else changes it."""
    found = await records.override(override_id)
    if found is None:
        raise OverrideUnknownError("override_id", override_id, "must be a proposed override")
    stage = await required(found.stage, records)
    proposal = await records.override(override_id)
    assert proposal is not None
    return proposal, stage


async def _drop(proposal: Proposal, records: Records) -> None:
    await records.save_override(proposal)
    await records.publish(OverrideDropped(proposal))

"""Use cases of objections and cases up to their panel: filed, evidence, admission, reply, withdrawal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rules import Provenance

from selection.domain import objection_events as told
from selection.domain import objection_filing, objections
from selection.domain import objection_panel as panels
from selection.domain.objection_grounds import Kind
from selection.domain.objection_proceeding import State
from selection.domain.objection_refusal import ProceedingUnknownError
from selection.domain.stage import StageState
from selection.domain.waiver import still_waiting
from selection.handlers.decisions import finalize
from selection.handlers.moving import required
from selection.handlers.objection_bars import bars_of, known_people
from selection.handlers.rule_sets import kept_rule_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from selection.domain.objection_events import ProceedingEvent
    from selection.domain.objection_proceeding import Proceeding
    from selection.domain.stage import Stage
    from selection.handlers.records import Records


async def file_objection(
    stage_id: str,
    team: str,
    version: int,
    ground: str,
    statement: str,
    records: Records,
    provenance: Provenance = Provenance.RECORDED,
) -> Proceeding:
    """File a team's objection. Raises `StageUnknownError` and what `file_objection` raises."""
    stage = await required(stage_id, records)
    filed = objection_filing.file_objection(
        stage,
        await zone_of(stage, records),
        await records.count_proceedings(stage_id, Kind.OBJECTION) + 1,
        team=team,
        version=version,
        ground=ground,
        statement=statement,
        actor=records.actor,
        now=records.now,
        waived=await records.waived(stage_id, version),
        others=await records.proceedings(stage_id),
        provenance=provenance,
    )
    await records.add_proceeding(filed)
    return await advance(filed, "filed", records, lambda found: told.ObjectionFiled(found, stage.final_at))


async def open_case(
    stage_id: str,
    team: str,
    ground: str,
    statement: str,
    assessor: str,
    records: Records,
    provenance: Provenance = Provenance.RECORDED,
) -> Proceeding:
    """Open a case about a team, as staff or as `assessor`.

    Raises `StageUnknownError` and what `open_case` raises.
    """
    stage = await required(stage_id, records)
    filed = objection_filing.open_case(
        stage,
        await zone_of(stage, records),
        await records.count_proceedings(stage_id, Kind.CASE) + 1,
        team=team,
        ground=ground,
        statement=statement,
        actor=records.actor,
        now=records.now,
        assessor=assessor,
        known=(await known_people(stage, records)).people,
        provenance=provenance,
    )
    await records.add_proceeding(filed)
    return await advance(filed, "filed", records, told.CaseOpened)


async def add_evidence(
    proceeding_id: str,
    team: str,
    reference: str,
    sha256: str,
    size_bytes: int,
    description: str,
    records: Records,
) -> Proceeding:
    """Keep a piece of evidence of a team, or of the programme (empty). Raises what `with_evidence` raises."""
    found, _ = await held(proceeding_id, records)
    party = found.party_of(team)
    changed = objections.with_evidence(
        found, party, reference, sha256, size_bytes, description, records.actor, records.now
    )
    return await advance(changed, "evidence", records, told.EvidenceAdded)


async def rule_on_admission(
    proceeding_id: str, reason: str, reply_days: int, records: Records, *, admitted: bool
) -> Proceeding:
    """Admit a proceeding or reject it. Raises `ProceedingUnknownError` and what `admit` and `reject` raise."""
    found, stage = await held(proceeding_id, records)
    if not admitted:
        return await finish(objections.reject(found, reason, records.actor, records.now), stage, records)
    zone = await zone_of(stage, records)
    changed = objections.admit(found, reason, reply_days, records.actor, zone, records.now)
    return await advance(changed, "admitted", records, told.ProceedingAdmitted)


async def reply(proceeding_id: str, team: str, text: str, records: Records) -> Proceeding:
    """Keep the other side's reply. Raises `ProceedingUnknownError` and what `objections.reply` raises."""
    found, stage = await held(proceeding_id, records)
    zone = await zone_of(stage, records)
    changed = objections.reply(found, found.party_of(team), text, records.actor, zone, records.now)
    return await advance(changed, "replied", records, told.ProceedingReplied)


async def withdraw_proceeding(proceeding_id: str, team: str, reason: str, records: Records) -> Proceeding:
    """Take a proceeding back. Raises `ProceedingUnknownError` and what `objections.withdraw` raises."""
    found, stage = await held(proceeding_id, records)
    return await finish(objections.withdraw(found, found.party_of(team), reason, records.now), stage, records)


async def expire_proceeding(proceeding_id: str, records: Records) -> None:
    """Go on where a time to reply or to find is over; called when a proceeding wakes."""
    found, stage = await held(proceeding_id, records)
    if found.wake_at is None or records.now < found.wake_at:
        return
    zone = await zone_of(stage, records)
    if found.state is State.REPLY:
        await advance(objections.fall_silent(found, zone, records.now), "silent", records, told.ProceedingReplied)
        return
    bars = await bars_of(found, stage, records)
    if panels.is_quorate(found, bars):
        await conclude(found, stage, bars, zone, records)
    else:
        await advance(panels.short(found, bars), "held", records, told.ProceedingHeld)


async def conclude(
    found: Proceeding, stage: Stage, bars: panels.Barred, zone: str, records: Records
) -> Proceeding:  # fmt: skip
    """Let the panel find, and close where nothing is to be done."""
    concluded = panels.conclude(found, bars, zone, records.now)
    founded, unfounded = panels.tally(found, bars)
    if concluded.is_open:
        return await advance(concluded, "found", records, lambda each: told.ProceedingFound(each, founded, unfounded))
    # Closed with its finding: both are told, each as a step of its own.
    heard = replace(found, remedy=concluded.remedy)
    heard = await advance(heard, "found", records, lambda each: told.ProceedingFound(each, founded, unfounded))
    return await finish(replace(concluded, sequence=heard.sequence), stage, records)


async def held(proceeding_id: str, records: Records) -> tuple[Proceeding, Stage]:
    """Return a proceeding as it is while its stage is held: nobody else changes it. Raises `ProceedingUnknownError`."""
    found = await records.proceeding(proceeding_id)
    if found is None:
        raise ProceedingUnknownError("proceeding_id", proceeding_id, "must be an objection or a case")
    stage = await required(found.stage, records)
    found = await records.proceeding(proceeding_id)
    assert found is not None
    return found, stage


async def advance(
    found: Proceeding, step: str, records: Records, event: Callable[[Proceeding], ProceedingEvent]
) -> Proceeding:
    """Keep a step of a proceeding and tell it; return the proceeding with its place in its history."""
    moved = replace(found, sequence=found.sequence + 1)
    await records.save_proceeding(moved, step)
    await records.tell(event(moved))
    return moved


async def finish(found: Proceeding, stage: Stage, records: Records) -> Proceeding:
    """Keep the end of a proceeding, and let the stage that it held go on."""
    ended = await advance(found, "closed", records, told.ProceedingClosed)
    now = await required(stage.id, records)
    if now.state is StageState.OBJECTION:
        if now.final_at is not None and now.final_at <= records.now:
            await records.wake(now.id)
        elif not still_waiting(now, await records.waived(now.id, now.decision_version)):
            await finalize(now, records, closed_early=True)
    return ended


async def zone_of(stage: Stage, records: Records) -> str:
    """Return the zone of the stage's rule set, in whose days deadlines are counted."""
    return (await kept_rule_set(stage.rule_set_sha256, records)).rules.zone

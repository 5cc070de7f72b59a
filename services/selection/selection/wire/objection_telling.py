"""What has happened in objections and cases → the events that others hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from common.instants import stamp
from dokpamo.selection.v1 import objection_events_pb2 as pb
from dokpamo.selection.v1 import objections_pb2

from selection.domain import objection_events as told
from selection.domain.objections import Outcome
from selection.domain.versions import NO_CORRECTIONS
from selection.wire.messages import wait_messages
from selection.wire.objections import (
    REMEDIES,
    correction_messages,
    fresh_judgement_messages,
    fresh_messages,
    value_messages,
    verdict_correction_messages,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from selection.domain.objections import Proceeding


def proceeding_event(event: told.ProceedingEvent) -> Message:
    """Return what has happened as others hear it."""
    match event:
        case told.ObjectionFiled() | told.CaseOpened():
            return _begun(event)
        case told.EvidenceAdded() | told.ProceedingAdmitted() | told.ProceedingReplied():
            return _before_the_panel(event)
        case told.PanelSeated() | told.FindingSubmitted() | told.ProceedingFound():
            return _of_the_panel(event)
        case told.RemedyOrdered() | told.FreshScoresSubmitted():
            return _of_the_remedy(event)
        case told.ProceedingHeld() | told.ProceedingClosed():
            return _of_the_end(event)
        case told.OriginalAssessorsRecorded(stage_id, source, people):
            return pb.OriginalAssessorsRecorded(stage_id=stage_id, source_id=source, person_ids=people)
        case _:
            assert_never(event)


def _begun(event: told.ObjectionFiled | told.CaseOpened) -> Message:
    found = event.proceeding
    match event:
        case told.ObjectionFiled(_, window_ends_at):
            return pb.ObjectionFiled(
                proceeding_id=found.id,
                stage_id=found.stage,
                ground=found.ground,
                decision_version=found.version,
                window_ends_at=stamp(window_ends_at),
                team_id=found.team,
                statement=found.statement,
                filed_by=found.filed_by,
                standing=_standing(found),
            )
        case told.CaseOpened():
            return pb.CaseOpened(
                proceeding_id=found.id,
                stage_id=found.stage,
                ground=found.ground,
                decision_version=found.version,
                team_id=found.team,
                statement=found.statement,
                alleged_by=found.filed_by,
                standing=_standing(found),
            )
        case _:
            assert_never(event)


def _before_the_panel(event: told.EvidenceAdded | told.ProceedingAdmitted | told.ProceedingReplied) -> Message:
    found = event.proceeding
    match event:
        case told.EvidenceAdded():
            item = found.evidence[-1]
            return pb.ProceedingEvidenceAdded(
                proceeding_id=found.id,
                stage_id=found.stage,
                number=item.number,
                party=item.party.value,
                reference=item.reference,
                sha256=item.sha256,
                size_bytes=item.size_bytes,
                description=item.description,
                added_by=item.added_by,
                standing=_standing(found),
            )
        case told.ProceedingAdmitted():
            return pb.ProceedingAdmitted(
                proceeding_id=found.id,
                stage_id=found.stage,
                reason=found.admission_reason,
                standing=_standing(found),
            )
        case told.ProceedingReplied():
            return pb.ProceedingReplied(
                proceeding_id=found.id,
                stage_id=found.stage,
                silent=found.silent,
                reply=found.reply,
                replied_by=found.replied_by,
                standing=_standing(found),
            )
        case _:
            assert_never(event)


def _of_the_panel(event: told.PanelSeated | told.FindingSubmitted | told.ProceedingFound) -> Message:
    found = event.proceeding
    match event:
        case told.PanelSeated(_, reason):
            return pb.ProceedingPanelSeated(
                proceeding_id=found.id,
                stage_id=found.stage,
                round=found.round,
                member_ids=found.members,
                quorum=found.quorum,
                reason=reason,
                standing=_standing(found),
            )
        case told.FindingSubmitted():
            finding = found.findings[-1]
            return pb.ProceedingFindingSubmitted(
                proceeding_id=found.id,
                stage_id=found.stage,
                round=finding.round,
                member_id=finding.member,
                remedy=REMEDIES[finding.remedy],
                reason=finding.reason,
                standing=_standing(found),
            )
        case told.ProceedingFound(_, founded, unfounded):
            return pb.ProceedingFound(
                proceeding_id=found.id,
                stage_id=found.stage,
                round=found.round,
                remedy=_remedy(found),
                founded=founded,
                unfounded=unfounded,
                standing=_standing(found),
            )
        case _:
            assert_never(event)


def _of_the_remedy(event: told.RemedyOrdered | told.FreshScoresSubmitted) -> Message:
    found = event.proceeding
    match event:
        case told.RemedyOrdered():
            corrections = found.corrections or NO_CORRECTIONS
            return pb.ProceedingRemedyOrdered(
                proceeding_id=found.id,
                stage_id=found.stage,
                remedy=_remedy(found),
                round=found.round,
                reason=found.remedy_reason,
                corrections=correction_messages(corrections, found.before),
                verdict_corrections=verdict_correction_messages(corrections, found.before),
                fresh=fresh_messages(found.fresh),
                standing=_standing(found),
            )
        case told.FreshScoresSubmitted():
            sheet = found.sheets[-1]
            return pb.ProceedingFreshScoresSubmitted(
                proceeding_id=found.id,
                stage_id=found.stage,
                source_id=sheet.source,
                gate=sheet.gate,
                scorer_id=sheet.scorer,
                values=value_messages(sheet.values),
                judgements=fresh_judgement_messages(sheet.judgements),
                standing=_standing(found),
            )
        case _:
            assert_never(event)


def _of_the_end(event: told.ProceedingHeld | told.ProceedingClosed) -> Message:
    found = event.proceeding
    if isinstance(event, told.ProceedingHeld):
        return pb.ProceedingHeld(proceeding_id=found.id, stage_id=found.stage, standing=_standing(found))
    reason = found.admission_reason if found.outcome is Outcome.INADMISSIBLE else found.withdrawal_reason
    return pb.ProceedingClosed(
        proceeding_id=found.id,
        stage_id=found.stage,
        outcome=found.outcome.value if found.outcome else "",
        reason=reason,
        result_version=found.result_version,
        difference_json=found.difference,
        standing=_standing(found),
    )


def _remedy(found: Proceeding) -> objections_pb2.Remedy.ValueType:
    return REMEDIES[found.remedy] if found.remedy else objections_pb2.REMEDY_UNSPECIFIED


def _standing(found: Proceeding) -> pb.ProceedingStanding:
    return pb.ProceedingStanding(
        sequence=found.sequence,
        state=found.state.value,
        owner=found.owner,
        deadline=stamp(found.due),
        waits=wait_messages(found.waits),
    )

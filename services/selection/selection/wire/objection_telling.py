"""What has happened in objections and cases → the events that others hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from common.instants import stamp
from common.provenance import value_of
from dokpamo.selection.v1 import objection_events_pb2 as pb

from selection.domain import objection_events as told
from selection.domain.objection_proceeding import Outcome
from selection.domain.versions import NO_CORRECTIONS
from selection.wire.messages import wait_messages
from selection.wire.objections import (
    correction_messages,
    fresh_judgement_messages,
    fresh_messages,
    remedy_number,
    value_messages,
    verdict_correction_messages,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from selection.domain.objection_proceeding import Proceeding

    _Step = (
        pb.ObjectionFiled
        | pb.CaseOpened
        | pb.ProceedingEvidenceAdded
        | pb.ProceedingAdmitted
        | pb.ProceedingReplied
        | pb.ProceedingPanelSeated
        | pb.ProceedingFindingSubmitted
        | pb.ProceedingFound
        | pb.ProceedingRemedyOrdered
        | pb.ProceedingFreshScoresSubmitted
        | pb.ProceedingHeld
        | pb.ProceedingClosed
    )


def proceeding_event(event: told.ProceedingEvent) -> Message:
    """Return what has happened as others hear it: of which proceeding, how it stands since then, and what was new."""
    if isinstance(event, told.OriginalAssessorsRecorded):
        return pb.OriginalAssessorsRecorded(
            stage_id=event.stage, source_id=event.source, person_ids=event.people
        )  # fmt: skip
    message, found = _own_fields(event), event.proceeding
    message.proceeding_id, message.stage_id = found.id, found.stage
    message.standing.CopyFrom(_standing(found))
    return message


def _own_fields(event: told.StepTaken) -> _Step:  # noqa: C901, PLR0911, PLR0912 - one case an event reads best
    found = event.proceeding
    match event:
        case told.ObjectionFiled(_, window_ends_at):
            return pb.ObjectionFiled(
                ground=found.ground,
                decision_version=found.version,
                window_ends_at=stamp(window_ends_at),
                team_id=found.team,
                statement=found.statement,
                filed_by=found.filed_by,
                provenance=value_of(found.provenance.value),
            )
        case told.CaseOpened():
            return pb.CaseOpened(
                ground=found.ground,
                decision_version=found.version,
                team_id=found.team,
                statement=found.statement,
                alleged_by=found.filed_by,
                provenance=value_of(found.provenance.value),
            )
        case told.EvidenceAdded():
            item = found.evidence[-1]
            return pb.ProceedingEvidenceAdded(
                number=item.number,
                party=item.party.value,
                reference=item.reference,
                sha256=item.sha256,
                size_bytes=item.size_bytes,
                description=item.description,
                added_by=item.added_by,
            )
        case told.ProceedingAdmitted():
            return pb.ProceedingAdmitted(reason=found.admission_reason)
        case told.ProceedingReplied():
            return pb.ProceedingReplied(silent=found.silent, reply=found.reply, replied_by=found.replied_by)
        case told.PanelSeated(_, reason):
            return pb.ProceedingPanelSeated(
                round=found.round, member_ids=found.members, quorum=found.quorum, reason=reason
            )  # fmt: skip
        case told.FindingSubmitted():
            finding = found.findings[-1]
            return pb.ProceedingFindingSubmitted(
                round=finding.round,
                member_id=finding.member,
                remedy=remedy_number(finding.remedy),
                reason=finding.reason,
            )
        case told.ProceedingFound(_, founded, unfounded):
            remedy = remedy_number(found.remedy)
            return pb.ProceedingFound(round=found.round, remedy=remedy, founded=founded, unfounded=unfounded)
        case told.RemedyOrdered():
            corrections = found.corrections or NO_CORRECTIONS
            return pb.ProceedingRemedyOrdered(
                remedy=remedy_number(found.remedy),
                round=found.round,
                reason=found.remedy_reason,
                corrections=correction_messages(corrections, found.before),
                verdict_corrections=verdict_correction_messages(corrections, found.before),
                fresh=fresh_messages(found.fresh),
            )
        case told.FreshScoresSubmitted():
            sheet = found.sheets[-1]
            return pb.ProceedingFreshScoresSubmitted(
                source_id=sheet.source,
                gate=sheet.gate,
                scorer_id=sheet.scorer,
                values=value_messages(sheet.values),
                judgements=fresh_judgement_messages(sheet.judgements),
            )
        case told.ProceedingHeld():
            return pb.ProceedingHeld()
        case told.ProceedingClosed():
            inadmissible = found.outcome is Outcome.INADMISSIBLE
            return pb.ProceedingClosed(
                outcome=found.outcome.value if found.outcome else "",
                reason=found.admission_reason if inadmissible else found.withdrawal_reason,
                result_version=found.result_version,
                difference_json=found.difference,
            )
        case _:
            assert_never(event)


def _standing(found: Proceeding) -> pb.ProceedingStanding:
    return pb.ProceedingStanding(
        sequence=found.sequence,
        state=found.state.value,
        owner=found.owner,
        deadline=stamp(found.due),
        waits=wait_messages(found.waits),
    )

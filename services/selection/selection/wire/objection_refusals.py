"""What the refusals of objections and cases look like from outside."""

from __future__ import annotations

from typing import Final

from common.errors import Reason, Reasons
from grpc import StatusCode

from selection.domain import objection_refusal as refusal

OBJECTION_REASONS: Final[Reasons] = {
    refusal.GroundUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "GROUND_UNKNOWN"),
    refusal.WindowClosedError: Reason(StatusCode.FAILED_PRECONDITION, "WINDOW_CLOSED"),
    refusal.ObjectionWaivedError: Reason(StatusCode.FAILED_PRECONDITION, "OBJECTION_WAIVED"),
    refusal.ObjectionRepeatedError: Reason(StatusCode.ALREADY_EXISTS, "OBJECTION_REPEATED"),
    refusal.AllegerUnknownError: Reason(StatusCode.PERMISSION_DENIED, "ALLEGER_UNKNOWN"),
    refusal.ProceedingUnknownError: Reason(StatusCode.NOT_FOUND, "PROCEEDING_UNKNOWN"),
    refusal.ProceedingStateError: Reason(StatusCode.FAILED_PRECONDITION, "PROCEEDING_STATE"),
    refusal.NotAPartyError: Reason(StatusCode.PERMISSION_DENIED, "NOT_A_PARTY"),
    refusal.ReplyLateError: Reason(StatusCode.FAILED_PRECONDITION, "REPLY_LATE"),
    refusal.TextInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "TEXT_INVALID"),
    refusal.ReplyDaysError: Reason(StatusCode.INVALID_ARGUMENT, "REPLY_DAYS_INVALID"),
    refusal.EvidenceInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "EVIDENCE_INVALID"),
    refusal.PanelInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "PANEL_INVALID"),
    refusal.OriginalsUnknownError: Reason(StatusCode.FAILED_PRECONDITION, "ORIGINALS_UNKNOWN"),
    refusal.SourceUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "SOURCE_UNKNOWN"),
    refusal.MemberBarredError: Reason(StatusCode.FAILED_PRECONDITION, "MEMBER_BARRED"),
    refusal.MemberNotSeatedError: Reason(StatusCode.FAILED_PRECONDITION, "MEMBER_NOT_SEATED"),
    refusal.FindingTakenError: Reason(StatusCode.ALREADY_EXISTS, "FINDING_TAKEN"),
    refusal.RemedyInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "REMEDY_INVALID"),
    refusal.ScorerNotNamedError: Reason(StatusCode.FAILED_PRECONDITION, "SCORER_NOT_NAMED"),
    refusal.FreshScoresTakenError: Reason(StatusCode.ALREADY_EXISTS, "FRESH_SCORES_TAKEN"),
    refusal.FreshScoresInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "FRESH_SCORES_INVALID"),
}

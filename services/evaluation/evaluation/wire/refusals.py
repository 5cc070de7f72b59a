"""What evaluation's refusals look like from outside."""

from __future__ import annotations

from typing import Final

from common.errors import Reason, Reasons
from grpc import StatusCode

from evaluation.domain import catalogue, comparison, number, refusal, sheet, stage, target, window

REASONS: Final[Reasons] = {
    refusal.FieldEmptyError: Reason(StatusCode.INVALID_ARGUMENT, "FIELD_EMPTY"),
    number.ScoreNotANumberError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_NOT_A_NUMBER"),
    stage.StageNotOpenError: Reason(StatusCode.FAILED_PRECONDITION, "STAGE_NOT_OPEN"),
    stage.SourceUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "SOURCE_UNKNOWN"),
    stage.SourceKindError: Reason(StatusCode.INVALID_ARGUMENT, "SOURCE_KIND_MISMATCH"),
    stage.ScoresLateError: Reason(StatusCode.FAILED_PRECONDITION, "SCORES_LATE"),
    stage.PanelSizeError: Reason(StatusCode.INVALID_ARGUMENT, "PANEL_SIZE_MISMATCH"),
    stage.AssessorRepeatedError: Reason(StatusCode.INVALID_ARGUMENT, "ASSESSOR_REPEATED"),
    stage.PanelAlreadySeatedError: Reason(StatusCode.ALREADY_EXISTS, "PANEL_ALREADY_SEATED"),
    sheet.ScoreOutOfRangeError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_OUT_OF_RANGE"),
    sheet.ScoreTooFineError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_TOO_FINE"),
    sheet.TeamUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "TEAM_UNKNOWN"),
    sheet.CriterionUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "CRITERION_UNKNOWN"),
    sheet.ScoreRepeatedError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_REPEATED"),
    sheet.SheetIncompleteError: Reason(StatusCode.INVALID_ARGUMENT, "SHEET_INCOMPLETE"),
    sheet.AssessorNotSeatedError: Reason(StatusCode.FAILED_PRECONDITION, "ASSESSOR_NOT_SEATED"),
    sheet.SheetAlreadySubmittedError: Reason(StatusCode.ALREADY_EXISTS, "SHEET_ALREADY_SUBMITTED"),
    sheet.MeasurementAlreadyRecordedError: Reason(StatusCode.ALREADY_EXISTS, "MEASUREMENT_ALREADY_RECORDED"),
    sheet.ProviderForeignError: Reason(StatusCode.PERMISSION_DENIED, "PROVIDER_FOREIGN"),
    comparison.ItemInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "ITEM_INVALID"),
    comparison.ComparedWithItselfError: Reason(StatusCode.INVALID_ARGUMENT, "COMPARED_WITH_ITSELF"),
    comparison.PreferredUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "PREFERRED_UNKNOWN"),
    comparison.TieNotAllowedError: Reason(StatusCode.INVALID_ARGUMENT, "TIE_NOT_ALLOWED"),
    comparison.ComparisonAlreadySubmittedError: Reason(StatusCode.ALREADY_EXISTS, "COMPARISON_ALREADY_SUBMITTED"),
    catalogue.ReleaseKindUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "RELEASE_KIND_UNKNOWN"),
    catalogue.ReferenceConflictError: Reason(StatusCode.FAILED_PRECONDITION, "REFERENCE_CONFLICT"),
    window.DayInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "DAY_INVALID"),
    window.WindowLengthError: Reason(StatusCode.INVALID_ARGUMENT, "WINDOW_LENGTH_INVALID"),
    target.TargetTakenError: Reason(StatusCode.ALREADY_EXISTS, "TARGET_TAKEN"),
    target.NoReferenceInWindowError: Reason(StatusCode.FAILED_PRECONDITION, "NO_REFERENCE_IN_WINDOW"),
    target.ReferenceNotPositiveError: Reason(StatusCode.FAILED_PRECONDITION, "REFERENCE_NOT_POSITIVE"),
    target.RatioError: Reason(StatusCode.INVALID_ARGUMENT, "RATIO_OUT_OF_RANGE"),
    target.CandidateRepeatedError: Reason(StatusCode.INVALID_ARGUMENT, "CANDIDATE_REPEATED"),
    target.DeclaredNotComparableError: Reason(StatusCode.FAILED_PRECONDITION, "DECLARED_TARGET_NOT_COMPARABLE"),
}
"""What evaluation's refusals look like from outside."""

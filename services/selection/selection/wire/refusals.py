"""What selection's refusals look like from outside."""

from __future__ import annotations

from typing import Final

from common.errors import Reason, Reasons
from grpc import StatusCode

from selection.domain import refusal, webhook, webhook_address
from selection.domain.rule_set import RuleSetRefusedError
from selection.wire.disclosure import DISCLOSURE_REASONS
from selection.wire.objection_refusals import OBJECTION_REASONS

REASONS: Final[Reasons] = {
    **DISCLOSURE_REASONS,
    RuleSetRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "RULE_SET_INVALID"),
    refusal.RuleSetUnknownError: Reason(StatusCode.NOT_FOUND, "RULE_SET_UNKNOWN"),
    refusal.VersionNotNewError: Reason(StatusCode.ALREADY_EXISTS, "VERSION_NOT_NEW"),
    refusal.RuleSetSupersededError: Reason(StatusCode.FAILED_PRECONDITION, "RULE_SET_SUPERSEDED"),
    refusal.RuleSetNotFrozenError: Reason(StatusCode.FAILED_PRECONDITION, "RULE_SET_NOT_FROZEN"),
    refusal.RuleSetFrozenLateError: Reason(StatusCode.FAILED_PRECONDITION, "RULE_SET_FROZEN_LATE"),
    refusal.DraftInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "DRAFT_INVALID"),
    refusal.DraftUnknownError: Reason(StatusCode.NOT_FOUND, "DRAFT_UNKNOWN"),
    refusal.DocumentSourceError: Reason(StatusCode.INVALID_ARGUMENT, "DOCUMENT_SOURCE_INVALID"),
    refusal.NotANewerVersionError: Reason(StatusCode.INVALID_ARGUMENT, "NOT_A_NEWER_VERSION"),
    refusal.ChangePendingError: Reason(StatusCode.FAILED_PRECONDITION, "CHANGE_PENDING"),
    refusal.ChangeUnknownError: Reason(StatusCode.NOT_FOUND, "CHANGE_UNKNOWN"),
    refusal.ChangeClosedError: Reason(StatusCode.FAILED_PRECONDITION, "CHANGE_CLOSED"),
    refusal.ConsentTakenError: Reason(StatusCode.ALREADY_EXISTS, "CONSENT_TAKEN"),
    refusal.ConsentNotAskedError: Reason(StatusCode.INVALID_ARGUMENT, "CONSENT_NOT_ASKED"),
    refusal.EvidenceMissingError: Reason(StatusCode.INVALID_ARGUMENT, "EVIDENCE_MISSING"),
    refusal.LatePickUnknownError: Reason(StatusCode.NOT_FOUND, "LATE_PICK_UNKNOWN"),
    refusal.LatePickRevealedError: Reason(StatusCode.ALREADY_EXISTS, "LATE_PICK_REVEALED"),
    refusal.ContentInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "CONTENT_INVALID"),
    refusal.CommitmentMismatchError: Reason(StatusCode.INVALID_ARGUMENT, "COMMITMENT_MISMATCH"),
    refusal.SeedNotNeededError: Reason(StatusCode.FAILED_PRECONDITION, "SEED_NOT_NEEDED"),
    refusal.StageTakenError: Reason(StatusCode.ALREADY_EXISTS, "STAGE_TAKEN"),
    refusal.StageMismatchError: Reason(StatusCode.INVALID_ARGUMENT, "STAGE_MISMATCH"),
    refusal.EntrantsSourceError: Reason(StatusCode.INVALID_ARGUMENT, "ENTRANTS_SOURCE_INVALID"),
    refusal.StageUnknownError: Reason(StatusCode.NOT_FOUND, "STAGE_UNKNOWN"),
    refusal.StageCancelledError: Reason(StatusCode.FAILED_PRECONDITION, "STAGE_CANCELLED"),
    refusal.StageNotPlannedError: Reason(StatusCode.FAILED_PRECONDITION, "STAGE_NOT_PLANNED"),
    refusal.TriggerInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "TRIGGER_INVALID"),
    refusal.TriggerUnknownError: Reason(StatusCode.NOT_FOUND, "TRIGGER_UNKNOWN"),
    refusal.TriggerForeignError: Reason(StatusCode.PERMISSION_DENIED, "TRIGGER_FOREIGN"),
    refusal.StageNotCollectingError: Reason(StatusCode.FAILED_PRECONDITION, "STAGE_NOT_COLLECTING"),
    refusal.StageDecidedError: Reason(StatusCode.FAILED_PRECONDITION, "STAGE_DECIDED"),
    refusal.StageNotDecidedError: Reason(StatusCode.FAILED_PRECONDITION, "STAGE_NOT_DECIDED"),
    refusal.ReopeningError: Reason(StatusCode.FAILED_PRECONDITION, "STAGE_NOT_TO_REOPEN"),
    refusal.TeamUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "TEAM_UNKNOWN"),
    refusal.GateUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "GATE_UNKNOWN"),
    refusal.ReasonMissingError: Reason(StatusCode.INVALID_ARGUMENT, "REASON_MISSING"),
    refusal.QuorumMissedError: Reason(StatusCode.FAILED_PRECONDITION, "QUORUM_MISSED"),
    refusal.VerdictTakenError: Reason(StatusCode.ALREADY_EXISTS, "VERDICT_TAKEN"),
    refusal.VerdictContradictedError: Reason(StatusCode.FAILED_PRECONDITION, "VERDICT_CONTRADICTED"),
    refusal.JudgesSeatedError: Reason(StatusCode.ALREADY_EXISTS, "JUDGES_SEATED"),
    refusal.JudgeRepeatedError: Reason(StatusCode.INVALID_ARGUMENT, "JUDGE_REPEATED"),
    refusal.JudgeNotSeatedError: Reason(StatusCode.FAILED_PRECONDITION, "JUDGE_NOT_SEATED"),
    refusal.JudgeBarredError: Reason(StatusCode.FAILED_PRECONDITION, "JUDGE_BARRED"),
    refusal.JudgementTakenError: Reason(StatusCode.ALREADY_EXISTS, "JUDGEMENT_TAKEN"),
    refusal.ScoreTakenError: Reason(StatusCode.ALREADY_EXISTS, "SCORE_TAKEN"),
    refusal.ScoreRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_REFUSED"),
    webhook.WebhookUnknownError: Reason(StatusCode.NOT_FOUND, "WEBHOOK_UNKNOWN"),
    webhook.DeliveryUnknownError: Reason(StatusCode.NOT_FOUND, "DELIVERY_UNKNOWN"),
    webhook.EventTypeUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "EVENT_TYPE_UNKNOWN"),
    webhook.WebhookFieldError: Reason(StatusCode.INVALID_ARGUMENT, "WEBHOOK_FIELD_INVALID"),
    webhook.ReplayTooLargeError: Reason(StatusCode.INVALID_ARGUMENT, "REPLAY_TOO_LARGE"),
    webhook.SigningKeyMissingError: Reason(StatusCode.FAILED_PRECONDITION, "WEBHOOKS_OFF"),
    webhook_address.WebhookUrlError: Reason(StatusCode.INVALID_ARGUMENT, "WEBHOOK_URL_INVALID"),
    refusal.ScoreLateError: Reason(StatusCode.FAILED_PRECONDITION, "SCORE_LATE"),
    refusal.DecisionMissingError: Reason(StatusCode.FAILED_PRECONDITION, "DECISION_MISSING"),
    refusal.VersionUnknownError: Reason(StatusCode.NOT_FOUND, "VERSION_UNKNOWN"),
    refusal.CorrectionInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "CORRECTION_INVALID"),
    refusal.RedecisionImpossibleError: Reason(StatusCode.FAILED_PRECONDITION, "REDECISION_IMPOSSIBLE"),
    refusal.OverrideInvalidError: Reason(StatusCode.INVALID_ARGUMENT, "OVERRIDE_INVALID"),
    refusal.OverridePendingError: Reason(StatusCode.FAILED_PRECONDITION, "OVERRIDE_PENDING"),
    refusal.OverrideUnknownError: Reason(StatusCode.NOT_FOUND, "OVERRIDE_UNKNOWN"),
    refusal.OverrideClosedError: Reason(StatusCode.FAILED_PRECONDITION, "OVERRIDE_CLOSED"),
    refusal.SecondOfficerError: Reason(StatusCode.PERMISSION_DENIED, "SECOND_OFFICER_NEEDED"),
    refusal.WaiverNotAllowedError: Reason(StatusCode.FAILED_PRECONDITION, "WAIVER_NOT_ALLOWED"),
    **OBJECTION_REASONS,
}

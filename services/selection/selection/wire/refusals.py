"""What selection's refusals look like from outside."""

from __future__ import annotations

from typing import Final

from common.errors import Reason, Reasons
from grpc import StatusCode

from selection.domain import refusal
from selection.domain.rule_set import RuleSetRefusedError

REASONS: Final[Reasons] = {
    RuleSetRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "RULE_SET_INVALID"),
    refusal.RuleSetUnknownError: Reason(StatusCode.NOT_FOUND, "RULE_SET_UNKNOWN"),
    refusal.VersionNotNewError: Reason(StatusCode.ALREADY_EXISTS, "VERSION_NOT_NEW"),
    refusal.RuleSetSupersededError: Reason(StatusCode.FAILED_PRECONDITION, "RULE_SET_SUPERSEDED"),
    refusal.RuleSetNotFrozenError: Reason(StatusCode.FAILED_PRECONDITION, "RULE_SET_NOT_FROZEN"),
    refusal.RuleSetFrozenLateError: Reason(StatusCode.FAILED_PRECONDITION, "RULE_SET_FROZEN_LATE"),
    refusal.StageTakenError: Reason(StatusCode.ALREADY_EXISTS, "STAGE_TAKEN"),
    refusal.StageMismatchError: Reason(StatusCode.INVALID_ARGUMENT, "STAGE_MISMATCH"),
    refusal.EntrantsSourceError: Reason(StatusCode.INVALID_ARGUMENT, "ENTRANTS_SOURCE_INVALID"),
    refusal.StageUnknownError: Reason(StatusCode.NOT_FOUND, "STAGE_UNKNOWN"),
    refusal.StageNotCollectingError: Reason(StatusCode.FAILED_PRECONDITION, "STAGE_NOT_COLLECTING"),
    refusal.TeamUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "TEAM_UNKNOWN"),
    refusal.GateUnknownError: Reason(StatusCode.INVALID_ARGUMENT, "GATE_UNKNOWN"),
    refusal.ReasonMissingError: Reason(StatusCode.INVALID_ARGUMENT, "REASON_MISSING"),
    refusal.QuorumMissedError: Reason(StatusCode.FAILED_PRECONDITION, "QUORUM_MISSED"),
    refusal.VerdictTakenError: Reason(StatusCode.ALREADY_EXISTS, "VERDICT_TAKEN"),
    refusal.ScoreTakenError: Reason(StatusCode.ALREADY_EXISTS, "SCORE_TAKEN"),
    refusal.ScoreRefusedError: Reason(StatusCode.INVALID_ARGUMENT, "SCORE_REFUSED"),
    refusal.DecisionMissingError: Reason(StatusCode.FAILED_PRECONDITION, "DECISION_MISSING"),
}

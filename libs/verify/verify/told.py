"""Which events a checker reads, which of their fields and of what kind, and how the contract seals these."""

from __future__ import annotations

from typing import Any, Final

from verify.sealing import SealClass

APPLICATION_SUBMITTED = "dokpamo.intake.v1.ApplicationSubmitted"
CALL_CLOSED = "dokpamo.intake.v1.CallClosed"
RULE_SET_PUBLISHED = "dokpamo.selection.v1.RuleSetPublished"
RULE_SET_FROZEN = "dokpamo.selection.v1.RuleSetFrozen"
RULE_SET_CHANGE_PROPOSED = "dokpamo.selection.v1.RuleSetChangeProposed"
RULE_SET_CONSENT_RECORDED = "dokpamo.selection.v1.RuleSetConsentRecorded"
RULE_SET_CHANGED = "dokpamo.selection.v1.RuleSetChanged"
STAGE_OPENED = "dokpamo.selection.v1.StageOpened"
GATE_JUDGEMENT_RECORDED = "dokpamo.selection.v1.GateJudgementRecorded"
GATE_CONFLICT_RECORDED = "dokpamo.selection.v1.GateConflictRecorded"
PROCEEDING_REMEDY_ORDERED = "dokpamo.selection.v1.ProceedingRemedyOrdered"
GATE_VERDICT_RECORDED = "dokpamo.selection.v1.GateVerdictRecorded"
DECISION_PROVISIONAL = "dokpamo.selection.v1.DecisionProvisional"
OBJECTION_WAIVED = "dokpamo.selection.v1.ObjectionWaived"
DECISION_SUPERSEDED = "dokpamo.selection.v1.DecisionSuperseded"
DECISION_FINALIZED = "dokpamo.selection.v1.DecisionFinalized"
OVERRIDE_PROPOSED = "dokpamo.selection.v1.OverrideProposed"
SCORE_SHEET_SUBMITTED = "dokpamo.evaluation.v1.ScoreSheetSubmitted"
COMPARISON_SUBMITTED = "dokpamo.evaluation.v1.ComparisonSubmitted"
MEASUREMENTS_RECORDED = "dokpamo.evaluation.v1.MeasurementsRecorded"
RESULTS_PUBLISHED = "dokpamo.selection.v1.ResultsPublished"
RESULTS_RELEASED = "dokpamo.selection.v1.ResultsReleased"
OPENINGS_ERASED = "dokpamo.notary.v1.OpeningsErased"
ENTRY_WITHHELD = "dokpamo.notary.v1.EntryWithheld"
ENTRY_RESTORED = "dokpamo.notary.v1.EntryRestored"
WITNESS_RETIRED = "dokpamo.notary.v1.WitnessRetired"

TEXT: Final = "text"
TEXTS: Final = "texts"
BLOB: Final = "blob"
INTEGER: Final = "integer"
FLAG: Final = "flag"
INSTANT: Final = "microseconds"

Shape = dict[str, Any]
_ACT: Shape = {
    "leaf_index": INTEGER,
    "leaf_hash": TEXT,
    "reason": TEXT,
    "requested_by": TEXT,
    "confirmed_by": TEXT,
}
_ROW: Shape = {"team_id": TEXT, "criterion": TEXT, "value": TEXT}
_OVERRIDE: Shape = {
    "override_id": TEXT,
    "on_version": INTEGER,
    "decision_sha256": TEXT,
    "advanced": TEXTS,
    "reason": TEXT,
    "proposed_by": TEXT,
    "confirmed_by": TEXT,
}
_SCORE_CHANGE: Shape = {
    "source_id": TEXT,
    "assessor_id": TEXT,
    "team_id": TEXT,
    "criterion": TEXT,
    "value": TEXT,
    "provenance": TEXT,
}
_VERDICT: Shape = {
    "team_id": TEXT,
    "gate": TEXT,
    "passed": FLAG,
    "reason": TEXT,
    "evidence": TEXTS,
    "judged_by": INTEGER,
    "provenance": TEXT,
}
READ: dict[str, Shape] = {
    APPLICATION_SUBMITTED: {
        "application_id": TEXT,
        "receipt": {
            "application_id": TEXT,
            "version": INTEGER,
            "application_sha256": TEXT,
            "received_at": INSTANT,
            "application_json": BLOB,
        },
    },
    CALL_CLOSED: {"call_id": TEXT, "team_ids": TEXTS},
    RULE_SET_PUBLISHED: {"rule_set_sha256": TEXT, "rule_set_json": BLOB},
    RULE_SET_FROZEN: {"rule_set_sha256": TEXT},
    STAGE_OPENED: {"stage_id": TEXT, "rule_set_sha256": TEXT, "team_ids": TEXTS},
    RULE_SET_CHANGE_PROPOSED: {
        "stage_id": TEXT,
        "change_id": TEXT,
        "old_sha256": TEXT,
        "new_sha256": TEXT,
        "team_ids": TEXTS,
        "reason": TEXT,
        "proposed_by": TEXT,
    },
    RULE_SET_CONSENT_RECORDED: {
        "stage_id": TEXT,
        "change_id": TEXT,
        "team_id": TEXT,
        "agreed": FLAG,
        "new_sha256": TEXT,
    },
    RULE_SET_CHANGED: {
        "stage_id": TEXT,
        "change_id": TEXT,
        "old_sha256": TEXT,
        "new_sha256": TEXT,
        "reason": TEXT,
        "proposed_by": TEXT,
        "consent": TEXT,
        "agreed_team_ids": TEXTS,
        "asked_team_ids": TEXTS,
    },
    GATE_JUDGEMENT_RECORDED: {
        "stage_id": TEXT,
        "gate": TEXT,
        "team_id": TEXT,
        "judge_id": TEXT,
        "passed": FLAG,
        "reason": TEXT,
        "evidence": TEXTS,
    },
    GATE_CONFLICT_RECORDED: {"stage_id": TEXT, "judge_id": TEXT, "team_id": TEXT},
    GATE_VERDICT_RECORDED: {"stage_id": TEXT, **_VERDICT, "judges_for": INTEGER, "proceeding_id": TEXT},
    PROCEEDING_REMEDY_ORDERED: {
        "proceeding_id": TEXT,
        "stage_id": TEXT,
        "verdict_corrections": [{"change": _VERDICT}],
    },
    DECISION_PROVISIONAL: {
        "stage_id": TEXT,
        "rule_set_sha256": TEXT,
        "inputs_sha256": TEXT,
        "decision_sha256": TEXT,
        "decision_json": BLOB,
        "final_at": INSTANT,
        "version": INTEGER,
        "override": _OVERRIDE,
    },
    OBJECTION_WAIVED: {"stage_id": TEXT, "version": INTEGER, "team_id": TEXT},
    DECISION_SUPERSEDED: {
        "stage_id": TEXT,
        "old_version": INTEGER,
        "old_decision_sha256": TEXT,
        "version": INTEGER,
        "decision_sha256": TEXT,
        "reason": TEXT,
        "cause": TEXT,
        "difference_json": BLOB,
        "score_changes": [_SCORE_CHANGE],
        "verdict_changes": [_VERDICT],
    },
    DECISION_FINALIZED: {
        "stage_id": TEXT,
        "rule_set_sha256": TEXT,
        "inputs_sha256": TEXT,
        "decision_sha256": TEXT,
        "advanced": TEXTS,
        "eliminated": [{"team_id": TEXT, "reason": TEXT, "gate": TEXT, "forfeits": TEXTS}],
        "awards": [{"team_id": TEXT, "kind": TEXT, "amount": INTEGER, "valid_from": INSTANT, "valid_to": INSTANT}],
        "closed_early": FLAG,
        "version": INTEGER,
        "override": _OVERRIDE,
    },
    OVERRIDE_PROPOSED: {"stage_id": TEXT, "override": _OVERRIDE},
    SCORE_SHEET_SUBMITTED: {
        "stage_id": TEXT,
        "source_id": TEXT,
        "assessor_id": TEXT,
        "rows": [_ROW],
        "provenance": TEXT,
    },
    COMPARISON_SUBMITTED: {
        "stage_id": TEXT,
        "source_id": TEXT,
        "assessor_id": TEXT,
        "item": TEXT,
        "team_ids": TEXTS,
        "preferred_team_id": TEXT,
        "provenance": TEXT,
    },
    MEASUREMENTS_RECORDED: {"stage_id": TEXT, "source_id": TEXT, "rows": [_ROW], "provenance": TEXT},
    RESULTS_PUBLISHED: {
        "stage_id": TEXT,
        "publication_id": TEXT,
        "audience": TEXT,
        "team_id": TEXT,
        "policy_id": TEXT,
        "policy_sha256": TEXT,
        "policy_json": BLOB,
        "reason": TEXT,
        "decision_sha256": TEXT,
        "view_json": BLOB,
        "restricted_view_json": BLOB,
    },
    RESULTS_RELEASED: {"stage_id": TEXT, "decision_sha256": TEXT},
    OPENINGS_ERASED: {"event_id": TEXT, "paths": TEXTS},
    ENTRY_WITHHELD: _ACT,
    ENTRY_RESTORED: _ACT,
    WITNESS_RETIRED: {"verifier_key": TEXT, "reason": TEXT, "requested_by": TEXT, "confirmed_by": TEXT},
}
"""The events that are read, with the kinds of the fields that are: a shape for a message, in a list where repeated."""
_SEALED_OVERRIDE = ("/payload/override/advanced", "/payload/override/decision_sha256")
SEALED: dict[str, dict[str, SealClass]] = {
    APPLICATION_SUBMITTED: {"/payload/receipt/application_json": SealClass.PERSONAL},
    GATE_JUDGEMENT_RECORDED: {
        "/payload/judge_id": SealClass.BLIND_PERSONAL,
        "/payload/passed": SealClass.BLIND,
        "/payload/reason": SealClass.BLIND_PERSONAL,
        "/payload/evidence": SealClass.BLIND,
    },
    GATE_CONFLICT_RECORDED: {"/payload/judge_id": SealClass.BLIND_PERSONAL},
    GATE_VERDICT_RECORDED: dict.fromkeys(
        ("/payload/passed", "/payload/reason", "/payload/evidence", "/payload/judged_by", "/payload/judges_for"),
        SealClass.BLIND,
    ),
    PROCEEDING_REMEDY_ORDERED: {"/payload/verdict_corrections": SealClass.BLIND},
    DECISION_PROVISIONAL: dict.fromkeys(
        ("/payload/inputs_sha256", "/payload/decision_sha256", "/payload/decision_json", *_SEALED_OVERRIDE),
        SealClass.BLIND,
    ),
    DECISION_SUPERSEDED: dict.fromkeys(
        (
            "/payload/old_decision_sha256",
            "/payload/decision_sha256",
            "/payload/difference_json",
            "/payload/score_changes",
            "/payload/verdict_changes",
        ),
        SealClass.BLIND,
    ),
    DECISION_FINALIZED: dict.fromkeys(
        ("/payload/inputs_sha256", "/payload/decision_sha256", *_SEALED_OVERRIDE), SealClass.BLIND
    ),
    OVERRIDE_PROPOSED: dict.fromkeys(_SEALED_OVERRIDE, SealClass.BLIND),
    RESULTS_PUBLISHED: dict.fromkeys(("/payload/decision_sha256", "/payload/restricted_view_json"), SealClass.BLIND),
    SCORE_SHEET_SUBMITTED: {
        "/payload/assessor_id": SealClass.BLIND_PERSONAL,
        "/payload/rows": SealClass.BLIND,
    },
    COMPARISON_SUBMITTED: {
        "/payload/assessor_id": SealClass.BLIND_PERSONAL,
        "/payload/item": SealClass.BLIND,
        "/payload/team_ids": SealClass.BLIND,
        "/payload/preferred_team_id": SealClass.BLIND,
    },
    MEASUREMENTS_RECORDED: {"/payload/rows": SealClass.BLIND},
}
"""Which of these fields the contract seals, and how; the others are open."""

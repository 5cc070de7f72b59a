"""Use cases of selection: each loads, decides by the domain, saves and says so, in one transaction of its caller."""

from selection.handlers.changes import propose_change, record_consent, withdraw_change
from selection.handlers.decisions import redecide
from selection.handlers.gates import record_conflict, record_judgement, seat_judges
from selection.handlers.objection_panels import (
    carry_out,
    order_recompute,
    order_rescore,
    record_original_assessors,
    seat_panel,
    submit_finding,
    submit_fresh_scores,
)
from selection.handlers.objections import (
    add_evidence,
    expire_proceeding,
    file_objection,
    open_case,
    reply,
    rule_on_admission,
    withdraw_proceeding,
)
from selection.handlers.overrides import (
    confirm_override,
    expire_override,
    propose_override,
    waive_objection,
    withdraw_override,
)
from selection.handlers.planning import cancel_stage, plan_stage, trigger_stage
from selection.handlers.publications import (
    PUBLICATION_GRACE,
    PUBLICATION_PROCESS,
    PublicationRecords,
    plan_publications,
    preview_publication,
    publish_due,
    publish_results,
)
from selection.handlers.records import OVERRIDE_PROCESS, PROCEEDING_PROCESS, STAGE_PROCESS, Records
from selection.handlers.reveals import reveal_late_pick, reveal_lot_seed
from selection.handlers.rule_sets import discard_draft, freeze_rule_set, publish, publish_rule_set, save_draft
from selection.handlers.scores import close_scoring, record_verdict, take_scores
from selection.handlers.stages import close_call, step

__all__ = [
    "OVERRIDE_PROCESS",
    "PROCEEDING_PROCESS",
    "PUBLICATION_GRACE",
    "PUBLICATION_PROCESS",
    "STAGE_PROCESS",
    "PublicationRecords",
    "Records",
    "add_evidence",
    "cancel_stage",
    "carry_out",
    "close_call",
    "close_scoring",
    "confirm_override",
    "discard_draft",
    "expire_override",
    "expire_proceeding",
    "file_objection",
    "freeze_rule_set",
    "open_case",
    "order_recompute",
    "order_rescore",
    "plan_publications",
    "plan_stage",
    "preview_publication",
    "propose_change",
    "propose_override",
    "publish",
    "publish_due",
    "publish_results",
    "publish_rule_set",
    "record_conflict",
    "record_consent",
    "record_judgement",
    "record_original_assessors",
    "record_verdict",
    "redecide",
    "reply",
    "reveal_late_pick",
    "reveal_lot_seed",
    "rule_on_admission",
    "save_draft",
    "seat_judges",
    "seat_panel",
    "step",
    "submit_finding",
    "submit_fresh_scores",
    "take_scores",
    "trigger_stage",
    "waive_objection",
    "withdraw_change",
    "withdraw_override",
    "withdraw_proceeding",
]

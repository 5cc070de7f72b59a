"""Use cases of selection: each loads, decides by the domain, saves and says so, in one transaction of its caller."""

from selection.handlers.records import STAGE_PROCESS, Records
from selection.handlers.rule_sets import freeze_rule_set, publish_rule_set
from selection.handlers.scores import record_verdict, take_scores
from selection.handlers.stages import DECISION_GRACE, FINAL_GRACE, close_call, plan_stage, step

__all__ = [
    "DECISION_GRACE",
    "FINAL_GRACE",
    "STAGE_PROCESS",
    "Records",
    "close_call",
    "freeze_rule_set",
    "plan_stage",
    "publish_rule_set",
    "record_verdict",
    "step",
    "take_scores",
]

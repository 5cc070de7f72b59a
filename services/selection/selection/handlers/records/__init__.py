"""What the use cases need to remember, and how they tell others."""

from __future__ import annotations

from typing import Protocol

from selection.handlers.records.decisions import OVERRIDE_PROCESS, DecisionRecords
from selection.handlers.records.evidence import EvidenceRecords
from selection.handlers.records.objections import PROCEEDING_PROCESS, ObjectionRecords
from selection.handlers.records.rule_sets import RuleSetRecords
from selection.handlers.records.stages import STAGE_PROCESS, StageRecords

__all__ = ["OVERRIDE_PROCESS", "PROCEEDING_PROCESS", "STAGE_PROCESS", "Records"]


class Records(RuleSetRecords, StageRecords, EvidenceRecords, DecisionRecords, ObjectionRecords, Protocol):
    """All of it, in one transaction."""

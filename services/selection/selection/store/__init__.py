"""The records of selection in PostgreSQL: what the use cases remember, and what is read only."""

from __future__ import annotations

from selection.store.decisions import DecisionStore
from selection.store.evidence import EvidenceStore
from selection.store.objections import ObjectionStore, ObjectionViews
from selection.store.publications import PublicationStore
from selection.store.rule_sets import RuleSetStore
from selection.store.stages import StageStore
from selection.store.views import SelectionViews

__all__ = ["ObjectionViews", "PublicationStore", "SelectionStore", "SelectionViews"]


class SelectionStore(RuleSetStore, StageStore, EvidenceStore, DecisionStore, ObjectionStore):
    """What the use cases remember, in one database transaction."""

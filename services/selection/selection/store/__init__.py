"""The records of selection in PostgreSQL: what the use cases remember, and what is read only."""

from selection.store.records import SelectionStore
from selection.store.views import SelectionViews

__all__ = ["SelectionStore", "SelectionViews"]

"""The books of grants in PostgreSQL: what the use cases remember, and what is read only."""

from grants.store.books import GrantsStore
from grants.store.views import GrantsViews

__all__ = ["GrantsStore", "GrantsViews"]

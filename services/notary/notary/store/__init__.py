"""What the notary keeps, in PostgreSQL."""

from notary.store.log import LogStore
from notary.store.openings import OpeningStore

__all__ = ["LogStore", "OpeningStore"]

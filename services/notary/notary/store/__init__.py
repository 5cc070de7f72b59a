"""What the notary keeps, in PostgreSQL."""

from notary.store.log import LogStore

__all__ = ["LogStore"]

"""What the notary keeps, in PostgreSQL."""

from notary.store.log import LogStore
from notary.store.openings import OpeningStore
from notary.store.withholdings import WithholdingStore
from notary.store.witnesses import WitnessStore

__all__ = ["LogStore", "OpeningStore", "WithholdingStore", "WitnessStore"]

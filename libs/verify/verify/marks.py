"""Where values come from: the contract's names of marks, and how weak each is."""

from __future__ import annotations

from rules import Provenance

MARKS = ("PROVENANCE_UNSPECIFIED", *(f"PROVENANCE_{mark.name}" for mark in Provenance))
"""The contract's names of marks, from the firmest to the weakest."""


def weakness(mark: str) -> int:
    """How weak a mark is: the contract names its marks from the firmest to the weakest; an unknown one is weaker."""
    return MARKS.index(mark or MARKS[0]) if (mark or MARKS[0]) in MARKS else len(MARKS)


def name_of(mark: str) -> str:
    """The mark of an enum value of the contract, in which what is not set is taken as recorded."""
    return str(mark_of(mark)) if weakness(mark) < len(MARKS) else f"unknown mark {mark}"


def mark_of(mark: str) -> Provenance:
    """The mark; the weakest for one that the contract does not have, and with which nothing is decided."""
    marks: tuple[Provenance, ...] = (Provenance.RECORDED, *Provenance, Provenance.SYNTHETIC)
    return marks[weakness(mark)]

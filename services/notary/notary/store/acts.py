"""Acts of two people, as the rows of their tables have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notary.domain.two_person import Act

if TYPE_CHECKING:
    from asyncpg import Record


def act_of(row: Record, id_column: str) -> Act:
    """The act of a row, whose id is in this column."""
    return Act(
        act_id=str(row[id_column]),
        reason=row["reason"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        confirmed_by=row["confirmed_by"] or "",
        confirmed_at=row["confirmed_at"],
    )

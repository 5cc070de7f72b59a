"""Moves of stages in the order in which they were committed, read from selection's own outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dokpamo.selection.v1.events_pb2 import StageAdvanced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.database import Transaction

_TYPE: Final = StageAdvanced.DESCRIPTOR.full_name


class Move(NamedTuple):
    """A move and its place among all that selection says."""

    place: int
    told: StageAdvanced


async def moves(tx: Transaction, stages: Sequence[str], after: int, limit: int) -> tuple[list[Move], int]:
    """Return up to `limit` moves of `stages` (of all for none) after a place, and the place that was looked up to."""
    rows = await tx.fetch(
        "SELECT seq, payload FROM outbox WHERE seq > $1 AND type = $2 AND ($3 OR aggregateid = ANY($4::text[]))"
        " ORDER BY seq LIMIT $5",
        after,
        _TYPE,
        not stages,
        list(stages),
        limit,
    )
    found = [Move(row["seq"], StageAdvanced.FromString(row["payload"])) for row in rows]
    if len(found) == limit:
        return found, found[-1].place
    # Places are in the order of commit: below the highest that is seen nothing comes any more.
    return found, await tx.fetchval("SELECT max(seq) FROM outbox") or 0

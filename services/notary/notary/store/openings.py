"""Openings in PostgreSQL, apart from the log."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from verify import canonical
from verify.export import Opened
from verify.sealing import Opening, SealClass

from notary import wire
from notary.domain.erasing import Erasure, KeptOpening
from notary.store.acts import act_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncpg import Record
    from common.database import Transaction

    from notary.domain.sealing import Recorded

_RELEASED = "opening.salt IS NOT NULL AND (opening.released_at IS NOT NULL OR embargo_end.embargo IS NOT NULL)"


class OpeningStore:
    """`handlers.Openings` over one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in this transaction."""
        self._tx = tx

    async def keep(self, recorded: Sequence[Recorded]) -> None:
        """Keep what opens new entries."""
        rows = [
            (UUID(each.entry.event_id), path, seal.seal_class, each.embargo, each.openings[path])
            for each in recorded
            for path, seal in each.entry.sealed.items()
        ]
        if not rows:
            return
        await self._tx.execute(
            "INSERT INTO opening (event_id, path, class, embargo, salt, value)"
            " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[])",
            [event_id for event_id, *_ in rows],
            [path for _, path, *_ in rows],
            [str(seal_class) for _, _, seal_class, *_ in rows],
            [embargo if seal_class.opens_by_itself else None for _, _, seal_class, embargo, _ in rows],
            [opening.salt for *_, opening in rows],
            [canonical.encode(opening.value) for *_, opening in rows],
        )

    async def end(self, embargoes: Mapping[str, str]) -> None:
        """Keep that embargoes have ended, each by this event; the first one counts."""
        if embargoes:
            await self._tx.execute(
                "INSERT INTO embargo_end (embargo, event_id, ended_at)"
                " SELECT embargo, event_id, $3 FROM unnest($1::text[], $2::uuid[]) AS ended (embargo, event_id)"
                " ON CONFLICT (embargo) DO NOTHING",
                list(embargoes.keys()),
                [UUID(event_id) for event_id in embargoes.values()],
                self._tx.now,
            )

    async def of(self, event_id: str, *, lock: bool = False) -> dict[str, KeptOpening]:
        """All that is known of the sealed values of an entry, by path; with `lock` nobody else may change it."""
        locking = " FOR UPDATE OF opening" if lock else ""
        rows = await self._tx.fetch(
            f"SELECT opening.*, {_RELEASED} AS released FROM opening"
            f" LEFT JOIN embargo_end USING (embargo) WHERE opening.event_id = $1{locking}",
            UUID(event_id),
        )
        return {
            row["path"]: KeptOpening(row["path"], SealClass(row["class"]), _opening(row), released=row["released"])
            for row in rows
        }

    async def released(self, start: int, end: int) -> list[Opened]:
        """Openings that everyone may read, of the entries from `start` up to and without `end`, by entry and path."""
        rows = await self._tx.fetch(
            "SELECT entry.leaf_index, opening.path, opening.salt, opening.value FROM entry"
            " JOIN opening USING (event_id) LEFT JOIN embargo_end USING (embargo)"
            " LEFT JOIN withheld ON withheld.leaf_index = entry.leaf_index"
            f" WHERE withheld.leaf_index IS NULL AND entry.leaf_index >= $1 AND entry.leaf_index < $2 AND {_RELEASED}"
            " ORDER BY entry.leaf_index, opening.path",
            start,
            end,
        )
        return [Opened(row["leaf_index"], row["path"], Opening(row["salt"], _value(row))) for row in rows]

    async def release(self, event_id: str, paths: Sequence[str]) -> None:
        """Let everyone read these openings."""
        await self._tx.execute(
            "UPDATE opening SET released_at = $3 WHERE event_id = $1 AND path = ANY ($2) AND released_at IS NULL",
            UUID(event_id),
            list(paths),
            self._tx.now,
        )

    async def tell_release(self, event_id: str, paths: Sequence[str], reason: str) -> None:
        """Say in an event that openings were released."""
        await self._tx.publish(wire.release_event(event_id, paths, reason, self._tx.actor))

    async def request(self, erasure: Erasure) -> None:
        """Keep an erasure that was asked for."""
        await self._tx.execute(
            "INSERT INTO erasure (erasure_id, event_id, paths, reason, requested_by, requested_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            UUID(erasure.act.act_id),
            UUID(erasure.event_id),
            list(erasure.paths),
            erasure.act.reason,
            erasure.act.requested_by,
            erasure.act.requested_at,
        )

    async def erasure(self, erasure_id: str) -> Erasure | None:
        """An erasure, locked until the transaction ends; `None` where none has this id."""
        row = await self._tx.fetchrow("SELECT * FROM erasure WHERE erasure_id = $1 FOR UPDATE", UUID(erasure_id))
        return _erasure(row) if row else None

    async def erase(self, erasure: Erasure) -> None:
        """Erase what a confirmed erasure names, for good."""
        await self._tx.execute(
            "UPDATE erasure SET confirmed_by = $2, confirmed_at = $3 WHERE erasure_id = $1",
            UUID(erasure.act.act_id),
            erasure.act.confirmed_by,
            erasure.act.confirmed_at,
        )
        await self._tx.execute(
            "UPDATE opening SET salt = NULL, value = NULL, erasure_id = $3 WHERE event_id = $1 AND path = ANY ($2)",
            UUID(erasure.event_id),
            list(erasure.paths),
            UUID(erasure.act.act_id),
        )

    async def tell_erasure(self, erasure: Erasure) -> None:
        """Say in an event that openings were erased."""
        await self._tx.publish(wire.erasure_event(erasure))

    async def erasures(self, before: int, limit: int) -> tuple[list[Erasure], int | None]:
        """Up to `limit` erasures before a position (0: all), newest first, and the position of the next page."""
        rows = await self._tx.fetch(
            "SELECT * FROM erasure WHERE $1 = 0 OR number < $1 ORDER BY number DESC LIMIT $2", before, limit + 1
        )
        following = rows[limit - 1]["number"] if len(rows) > limit else None
        return [_erasure(row) for row in rows[:limit]], following


def _opening(row: Record) -> Opening | None:
    return None if row["salt"] is None else Opening(row["salt"], _value(row))


def _value(row: Record) -> canonical.JsonValue:
    return canonical.parse(row["value"])


def _erasure(row: Record) -> Erasure:
    return Erasure(act_of(row, "erasure_id"), str(row["event_id"]), tuple(row["paths"]))

"""Witnesses and their cosignatures in PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from uuid import UUID

from verify.note import KeyKind, NoteSignature, VerifierKey

from notary import wire
from notary.domain.two_person import LAPSES_AFTER
from notary.domain.witness import Retirement, Witness
from notary.store.acts import act_of
from notary.store.log import head_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from asyncpg import Record
    from common.database import Transaction
    from verify.head import SignedTreeHead


_RETIREMENTS = (
    "SELECT asked.*, witness.name, witness.public_key FROM witness_retirement AS asked"
    " JOIN witness ON witness.name = asked.witness"
)


class WitnessStore:
    """`handlers.Witnesses` over one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in this transaction."""
        self._tx = tx

    async def head(self, size: int) -> SignedTreeHead | None:
        """The signed head of this size, for 0 the newest."""
        row = await self._tx.fetchrow(
            "SELECT * FROM head WHERE tree_size = $1 OR $1 = 0 ORDER BY tree_size DESC LIMIT 1", size
        )
        return head_of(row) if row else None

    async def lock(self) -> None:
        """Let nobody else register or retire a witness before this transaction ends."""
        await self._tx.execute("LOCK TABLE witness IN SHARE ROW EXCLUSIVE MODE")

    async def register(self, witness: Witness) -> None:
        """Keep a new witness."""
        await self._tx.execute(
            "INSERT INTO witness (name, public_key, operator, registered_by, registered_at)"
            " VALUES ($1, $2, $3, $4, $5)",
            witness.key.name,
            witness.key.public_key,
            witness.operator,
            witness.registered_by,
            witness.registered_at,
        )

    async def all(self) -> list[Witness]:
        """All witnesses in order of their registration."""
        return [
            Witness(_key(row), row["operator"], row["registered_by"], row["registered_at"], row["retired_at"])
            for row in await self._tx.fetch(
                "SELECT witness.*, done.confirmed_at AS retired_at FROM witness LEFT JOIN witness_retirement AS done"
                " ON done.witness = witness.name AND done.confirmed_at IS NOT NULL ORDER BY witness.number"
            )
        ]

    async def retirement_waits(self, name: str, now: datetime) -> bool:
        """Whether a request to retire this witness waits for its confirmation."""
        found = await self._tx.fetchval(
            "SELECT EXISTS (SELECT FROM witness_retirement"
            " WHERE witness = $1 AND confirmed_at IS NULL AND requested_at >= $2)",
            name,
            now - LAPSES_AFTER,
        )
        return bool(found)

    async def ask_retirement(self, asked: Retirement) -> None:
        """Keep a request to retire a witness."""
        await self._tx.execute(
            "INSERT INTO witness_retirement (act_id, witness, reason, requested_by, requested_at)"
            " VALUES ($1, $2, $3, $4, $5)",
            UUID(asked.act.act_id),
            asked.key.name,
            asked.act.reason,
            asked.act.requested_by,
            asked.act.requested_at,
        )

    async def retirement(self, act_id: str) -> Retirement | None:
        """A request to retire a witness; `None` where none has this id."""
        row = await self._tx.fetchrow(f"{_RETIREMENTS} WHERE act_id = $1", UUID(act_id))
        return _retirement(row) if row else None

    async def retire(self, done: Retirement) -> None:
        """Keep that a request was confirmed, and say so in an event."""
        await self._tx.execute(
            "UPDATE witness_retirement SET confirmed_by = $2, confirmed_at = $3 WHERE act_id = $1",
            UUID(done.act.act_id),
            done.act.confirmed_by,
            done.act.confirmed_at,
        )
        await self._tx.publish(wire.retirement_event(done))

    async def retirements(self, after: int, limit: int) -> tuple[list[Retirement], int | None]:
        """Up to `limit` requests after a position, oldest first, and the position of the next page."""
        rows = await self._tx.fetch(
            f"{_RETIREMENTS} WHERE asked.number > $1 ORDER BY asked.number LIMIT $2", after, limit + 1
        )
        following = rows[limit - 1]["number"] if len(rows) > limit else None
        return [_retirement(row) for row in rows[:limit]], following

    async def keep(self, size: int, signature: NoteSignature, signed_at: datetime) -> None:
        """Keep a cosignature of a head; one that is there already stays."""
        await self._tx.execute(
            "INSERT INTO cosignature (tree_size, witness, signed_at, signature, received_at)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            size,
            signature.name,
            signed_at,
            signature.signature,
            self._tx.now,
        )

    async def cosignatures(self, sizes: Sequence[int]) -> Mapping[int, Sequence[NoteSignature]]:
        """Every witness's newest cosignature of each of these heads, by name of the witness."""
        rows = await self._tx.fetch(
            "SELECT DISTINCT ON (tree_size, witness) tree_size, name, signature, public_key"
            " FROM cosignature JOIN witness ON witness.name = cosignature.witness"
            " WHERE tree_size = ANY ($1::bigint[]) ORDER BY tree_size, witness, signed_at DESC",
            list(sizes),
        )
        found: dict[int, list[NoteSignature]] = defaultdict(list)
        for row in rows:
            key = _key(row)
            found[row["tree_size"]].append(NoteSignature(key.name, key.key_id, row["signature"]))
        return found

    async def cosigned(self, after: int, limit: int) -> list[SignedTreeHead]:
        """Heads larger than `after` that have a cosignature, smallest first."""
        rows = await self._tx.fetch(
            "SELECT * FROM head WHERE tree_size > $1"
            " AND EXISTS (SELECT FROM cosignature WHERE cosignature.tree_size = head.tree_size)"
            " ORDER BY tree_size LIMIT $2",
            after,
            limit,
        )
        return [head_of(row) for row in rows]


def _key(row: Record) -> VerifierKey:
    return VerifierKey(row["name"], KeyKind.COSIGNATURE, row["public_key"])


def _retirement(row: Record) -> Retirement:
    return Retirement(act_of(row, "act_id"), _key(row))

"""Witnesses and their cosignatures in PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from verify.note import KeyKind, NoteSignature, VerifierKey

from notary.domain.witness import Witness
from notary.store.log import head_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from common.database import Transaction
    from verify.head import SignedTreeHead


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
        """Let nobody else register a witness before this transaction ends."""
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
            Witness(
                VerifierKey(row["name"], KeyKind.COSIGNATURE, row["public_key"]),
                row["operator"],
                row["registered_by"],
                row["registered_at"],
            )
            for row in await self._tx.fetch("SELECT * FROM witness ORDER BY number")
        ]

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
            "SELECT DISTINCT ON (tree_size, witness) tree_size, witness, signature, public_key"
            " FROM cosignature JOIN witness ON witness.name = cosignature.witness"
            " WHERE tree_size = ANY ($1::bigint[]) ORDER BY tree_size, witness, signed_at DESC",
            list(sizes),
        )
        found: dict[int, list[NoteSignature]] = defaultdict(list)
        for row in rows:
            key = VerifierKey(row["witness"], KeyKind.COSIGNATURE, row["public_key"])
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

"""Witnesses of the notary in memory."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from notary.domain.witness import Retirement, Witness
    from verify.head import SignedTreeHead
    from verify.note import NoteSignature


@dataclass
class MemoryWitnesses:
    """`notary.handlers.Witnesses` without a database."""

    heads: Sequence[SignedTreeHead]
    registered: list[Witness] = field(default_factory=list)
    asked: dict[str, Retirement] = field(default_factory=dict)
    told: list[Retirement] = field(default_factory=list)
    kept: dict[tuple[int, str, datetime], NoteSignature] = field(default_factory=dict)

    async def head(self, size: int) -> SignedTreeHead | None:
        found = [signed for signed in self.heads if size in (0, signed.head.tree_size)]
        return found[-1] if found else None

    async def lock(self) -> None:
        """Nobody else is there."""

    async def register(self, witness: Witness) -> None:
        self.registered.append(witness)

    async def all(self) -> list[Witness]:
        return list(self.registered)

    async def retirement_waits(self, name: str, now: datetime) -> bool:
        asked = [each for each in self.asked.values() if each.key.name == name and not each.act.done]
        return any(now <= each.act.lapses_at for each in asked)

    async def ask_retirement(self, asked: Retirement) -> None:
        self.asked[asked.act.act_id] = asked

    async def retirement(self, act_id: str) -> Retirement | None:
        return self.asked.get(act_id)

    async def retire(self, done: Retirement) -> None:
        self.asked[done.act.act_id] = done
        self.registered = [
            replace(each, retired_at=done.act.confirmed_at) if each.key == done.key else each
            for each in self.registered
        ]
        self.told.append(done)

    async def retirements(self, after: int, limit: int) -> tuple[list[Retirement], int | None]:
        found = list(self.asked.values())[after : after + limit]
        return found, after + limit if after + limit < len(self.asked) else None

    async def keep(self, size: int, signature: NoteSignature, signed_at: datetime) -> None:
        self.kept.setdefault((size, signature.name, signed_at), signature)

    async def cosignatures(self, sizes: Sequence[int]) -> Mapping[int, Sequence[NoteSignature]]:
        newest: dict[int, dict[str, NoteSignature]] = defaultdict(dict)
        for (size, name, _), signature in sorted(self.kept.items(), key=lambda item: item[0]):
            if size in sizes:
                newest[size][name] = signature
        return {size: list(found.values()) for size, found in newest.items()}

    async def cosigned(self, after: int, limit: int) -> list[SignedTreeHead]:
        sizes = {size for size, _, _ in self.kept}
        return [each for each in self.heads if each.head.tree_size > after and each.head.tree_size in sizes][:limit]

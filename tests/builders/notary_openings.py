"""The notary's openings in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from notary.domain.erasing import Erasure, KeptOpening
from verify.export import Opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notary.domain.sealing import Recorded

    from tests.builders.notary_log import MemoryLog


@dataclass
class MemoryOpenings:
    """`notary.handlers.Openings` without a database."""

    log: MemoryLog
    kept: dict[str, dict[str, KeptOpening]] = field(default_factory=dict)
    embargoes: dict[tuple[str, str], str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Erasure] = field(default_factory=dict)
    told: list[object] = field(default_factory=list)

    async def keep(self, recorded: Sequence[Recorded]) -> None:
        for each in recorded:
            for path, seal in each.entry.sealed.items():
                kept = KeptOpening(path, seal.seal_class, each.openings[path], released=False)
                self.kept.setdefault(each.entry.event_id, {})[path] = kept
                if seal.seal_class.opens_by_itself and each.embargo is not None:
                    self.embargoes[each.entry.event_id, path] = each.embargo

    async def end(self, embargoes: Mapping[str, str]) -> None:
        for embargo, event_id in embargoes.items():
            self.ended.setdefault(embargo, event_id)

    async def of(self, event_id: str, *, lock: bool = False) -> dict[str, KeptOpening]:
        del lock  # nobody else is here
        return {
            path: replace(each, released=each.released or self.embargoes.get((event_id, path)) in self.ended)
            for path, each in self.kept.get(event_id, {}).items()
        }

    async def released(self, start: int, end: int) -> list[Opened]:
        places = {event_id: await self.log.index_of(event_id) for event_id in self.kept}
        found = [
            Opened(index, each.path, each.opening)
            for event_id, index in places.items()
            for each in (await self.of(event_id)).values()
            if index is not None and start <= index < end and each.released and each.opening is not None
        ]
        return sorted(found, key=lambda opened: (opened.index, opened.path))

    async def release(self, event_id: str, paths: Sequence[str]) -> None:
        for path in paths:
            self.kept[event_id][path] = replace(self.kept[event_id][path], released=True)

    async def tell_release(self, event_id: str, paths: Sequence[str], reason: str) -> None:
        self.told.append((event_id, tuple(paths), reason))

    async def request(self, erasure: Erasure) -> None:
        self.asked[erasure.act.act_id] = erasure

    async def erasure(self, erasure_id: str) -> Erasure | None:
        return self.asked.get(erasure_id)

    async def erase(self, erasure: Erasure) -> None:
        self.asked[erasure.act.act_id] = erasure
        for path in erasure.paths:
            self.kept[erasure.event_id][path] = replace(self.kept[erasure.event_id][path], opening=None)

    async def tell_erasure(self, erasure: Erasure) -> None:
        self.told.append(erasure)

    async def erasures(self, before: int, limit: int) -> tuple[list[Erasure], int | None]:
        newest = list(reversed(self.asked.values()))[before : before + limit]
        return newest, before + limit if before + limit < len(self.asked) else None

"""Read, release and erase what opens the sealed values of the log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from notary.domain.erasing import Erasure, ErasureUnknownError, require_erasable, require_openings
from notary.domain.extent import require_entry
from notary.domain.two_person import require_reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from verify.export import Opened

    from notary.domain.erasing import KeptOpening
    from notary.domain.sealing import Recorded
    from notary.handlers.log import Log


class Openings(Protocol):
    """What the use cases need kept, in one transaction."""

    async def keep(self, recorded: Sequence[Recorded]) -> None:
        """Keep what opens new entries."""

    async def end(self, embargoes: Mapping[str, str]) -> None:
        """Keep that embargoes have ended, each by this event; the first one counts."""

    async def of(self, event_id: str, *, lock: bool = False) -> dict[str, KeptOpening]:
        """All that is known of the sealed values of an entry, by path; with `lock` nobody else may change it."""

    async def released(self, start: int, end: int) -> list[Opened]:
        """Openings that everyone may read, of the entries from `start` up to and without `end`, by entry and path."""

    async def release(self, event_id: str, paths: Sequence[str]) -> None:
        """Let everyone read these openings."""

    async def tell_release(self, event_id: str, paths: Sequence[str], reason: str) -> None:
        """Say in an event that openings were released."""

    async def request(self, erasure: Erasure) -> None:
        """Keep an erasure that was asked for."""

    async def erasure(self, erasure_id: str) -> Erasure | None:
        """An erasure, locked until the transaction ends; `None` where none has this id."""

    async def erase(self, erasure: Erasure) -> None:
        """Erase what a confirmed erasure names, for good."""

    async def tell_erasure(self, erasure: Erasure) -> None:
        """Say in an event that openings were erased."""

    async def erasures(self, before: int, limit: int) -> tuple[list[Erasure], int | None]:
        """Up to `limit` erasures before a position (0: all), newest first, and the position of the next page."""


async def read(event_id: str, log: Log, openings: Openings) -> list[KeptOpening]:
    """All sealed values of an entry, by path.

    Raises:
        NotLoggedError: the log has no entry of this event.
    """
    require_entry(event_id, await log.index_of(event_id))
    kept = await openings.of(event_id)
    return [kept[path] for path in sorted(kept)]


async def release(event_id: str, paths: Sequence[str], reason: str, log: Log, openings: Openings) -> None:
    """Let everyone read openings of an entry.

    Raises:
        NotLoggedError: the log has no entry of this event.
        ReasonMissingError: there is no reason.
        OpeningRuleBrokenError: one of them is not there.
    """
    said = require_reason(reason)
    require_entry(event_id, await log.index_of(event_id))
    require_openings(await openings.of(event_id, lock=True), paths)
    named = sorted(set(paths))
    await openings.release(event_id, named)
    await openings.tell_release(event_id, named, said)


async def request_erasure(wanted: Erasure, log: Log, openings: Openings) -> Erasure:
    """Ask for an erasure; it is done when another person confirms it.

    Raises:
        NotLoggedError: the log has no entry of this event.
        ReasonMissingError: there is no reason.
        OpeningRuleBrokenError: one of the openings may not be erased.
    """
    said = require_reason(wanted.act.reason)
    require_entry(wanted.event_id, await log.index_of(wanted.event_id))
    require_erasable(await openings.of(wanted.event_id), wanted.paths)
    named = replace(wanted, act=replace(wanted.act, reason=said), paths=tuple(sorted(set(wanted.paths))))
    await openings.request(named)
    return named


async def confirm_erasure(erasure_id: str, person: str, now: datetime, openings: Openings) -> Erasure:
    """Erase for good what another person asked to erase.

    Raises:
        TwoPersonRuleBrokenError: it is done, it has lapsed, or it was this person who asked for it.
        OpeningRuleBrokenError: there is no such request, or another erasure took one of its openings meanwhile.
    """
    erasure = await openings.erasure(erasure_id)
    if erasure is None:
        raise ErasureUnknownError("erasure_id", erasure_id, "must be that of an erasure that was asked for")
    done = replace(erasure, act=erasure.act.confirmed(person, now))
    require_erasable(await openings.of(erasure.event_id, lock=True), erasure.paths)
    await openings.erase(done)
    await openings.tell_erasure(done)
    return done

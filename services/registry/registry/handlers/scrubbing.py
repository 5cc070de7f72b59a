"""Scrubbing: what is kept is read back by schedule, and what is damaged is told and counts as lacking until it heals.

Source: design, registry and originality, "Push": a scrubber re-reads and reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.errors import NotFoundError, TransientError

from registry.domain.parts import Stored
from registry.handlers.ports import part_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from registry.domain.checkpoint import Digest, TeamId
    from registry.domain.integrity import Damage, DamageKind, Integrity, KeptPart, Reading, Schedule
    from registry.handlers.ports import Inspector, Objects

    Open = Callable[[], AbstractAsyncContextManager["Scrubs"]]

_PARTS_AT_ONCE = 8
"""At most 512 MiB are read before what was found is kept."""


class Scrubs(Protocol):
    """What the registry remembers of parts that are read back, inside one transaction."""

    async def claim(self, schedule: Schedule, most: int) -> list[KeptPart]:
        """Return parts whose turn it is, those that were asked for first, then those read least recently.

        Nobody else gets them until they are noted, released, or `schedule.claimed_for` is over.
        """
        ...

    async def release(self, parts: Sequence[KeptPart]) -> None:
        """Let claimed parts be read by somebody else."""
        ...

    async def note(self, readings: Sequence[Reading]) -> list[Damage]:
        """Keep when parts were read and what is wrong with them; return damages that are new or that have healed.

        Those are published. One that is known stays as it is.
        """
        ...

    async def note_damaged(self, team_id: TeamId, sha256: str, kind: DamageKind) -> bool:
        """Note what was met while something else was done; `False` where no checkpoint rests on the part."""
        ...

    async def ask(self, team_id: TeamId | None, digest: Digest | None) -> tuple[int, int]:
        """Have all parts of a team or a checkpoint read soon; return how many they are and their bytes."""
        ...

    async def ask_for(self, part: KeptPart) -> None:
        """Have a part read soon."""
        ...

    async def ask_about(self, part: KeptPart) -> None:
        """Have a part read soon that somebody could not read, unless that is asked for or known already."""
        ...

    async def damages(
        self, team_id: TeamId | None, size: int, after: int, *, only_open: bool
    ) -> tuple[list[Damage], int | None]:
        """Return up to `size` damages as they were found, after position `after`, and where the next page starts."""
        ...

    async def integrity(self) -> Integrity:
        """Return how what is kept stands, in numbers."""
        ...


async def scrub(schedule: Schedule, opened: Open, inspector: Inspector, objects: Objects) -> list[Reading]:
    """Read back a few parts whose turn it is; return what came of it, nothing where it is no part's turn.

    What is damaged comes back from an earlier version where the store keeps versions, and is read again soon. Raises
    `TransientError` while the store is away. After a crash the same parts are read again.
    """
    async with opened() as scrubs:
        parts = await scrubs.claim(schedule, _PARTS_AT_ONCE)
    if not parts:
        return []
    try:
        readings = await inspector.read_back(parts)
    except TransientError:
        async with opened() as scrubs:
            await scrubs.release(parts)
        raise
    async with opened() as scrubs:
        await scrubs.note(readings)
    for reading in readings:
        if reading.damage is not None and await _reverted(reading.part, objects):
            async with opened() as scrubs:
                await scrubs.ask_for(reading.part)
    return readings


async def _reverted(part: KeptPart, objects: Objects) -> bool:
    return await objects.revert(part_key(part.team_id, part.sha256), Stored(part.sha256, part.size_bytes))


async def start_scrub(scrubs: Scrubs, team_id: TeamId | None, digest: Digest | None) -> tuple[int, int]:
    """Have a team's or a checkpoint's parts read soon; return their number and bytes. Raises `NotFoundError`."""
    parts, size_bytes = await scrubs.ask(team_id, digest)
    if not parts:
        raise NotFoundError("team_id, checkpoint_digest", f"{team_id or ''}, {digest or ''}")
    return parts, size_bytes

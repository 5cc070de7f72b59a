"""Bytes that are kept are read back: what may be wrong with a part, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from registry.domain.checkpoint import Digest, TeamId


class DamageKind(Enum):
    """What is wrong with a part in the object store."""

    DIFFERS = "differs"
    """Other bytes lie under its key."""
    MISSING = "missing"
    """Nothing lies under its key."""
    UNREADABLE = "unreadable"
    """The store fails to give it, while it gives others: a store that knows checksums of its own does so."""


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A part that belongs to checkpoints of a team: SHA-256 in lower-case hex and size in bytes."""

    team_id: TeamId
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a part back: what is wrong with it, `None` for nothing, and in which words that is said."""

    part: KeptPart
    damage: DamageKind | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of a part stand in a checkpoint: path of the file and offset in bytes."""

    checkpoint_digest: Digest
    path: str
    offset_bytes: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A damaged part; `healed_at` is unset until it was read back whole. Instants are of the machine's clock, UTC."""

    damage_id: str
    part: KeptPart
    kind: DamageKind
    problem: str
    found_at: datetime
    healed_at: datetime | None
    places: Sequence[Place] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When parts are read back: each `every` so often, a damaged one more often, at most so many bytes a second."""

    every: timedelta
    bytes_a_second: int
    damaged_every: timedelta = timedelta(minutes=10)
    claimed_for: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Check:
    """A check of everything at once: how much it looked at, and what it found that is not put right."""

    name: str
    ended_at: datetime | None
    checked: int
    open_differences: int


@dataclass(frozen=True, slots=True)
class Integrity:
    """How what is kept stands, in numbers; bytes are those of all parts. Instants are of the machine's clock, UTC."""

    parts: int
    size_bytes: int
    oldest_read_at: datetime | None
    waiting_parts: int
    damaged_parts: int
    healed_damages: int
    checks: tuple[Check, ...]

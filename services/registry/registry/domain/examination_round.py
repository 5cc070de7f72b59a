"""Rounds: many committed checkpoints examined again, a few at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NewType

from registry.domain.checkpoint import RegistryFieldError

if TYPE_CHECKING:
    from datetime import datetime

    from registry.domain.checkpoint import Digest

RoundId = NewType("RoundId", str)

AT_ONCE: Final = 8
"""Examinations of a round that wait or are under way: so many a checkpoint that is committed meanwhile waits for."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which checkpoints: of a team, of a model, not examined against a model of the catalogue; "" for whichever."""

    team_id: str
    model: str
    not_against: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A checkpoint whose turn it is; `waiting` is the number of an examination that has not begun, where there is one.

    That one will be made against the catalogue as it is by then, so no other is needed.
    """

    checkpoint_digest: Digest
    waiting: int | None


@dataclass(frozen=True, slots=True)
class Round:
    """A round, and how many of its checkpoints are how far."""

    round_id: RoundId
    scope: Scope
    asked_at: datetime
    to_come: int
    queued: int
    done: int
    not_made: int


def check_scope(scope: Scope) -> None:
    """Raise `RegistryFieldError` for a model without its team: other teams may have one of the same name."""
    if scope.model and not scope.team_id:
        raise RegistryFieldError("team_id", "", "must be given where a model is")

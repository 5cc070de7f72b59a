"""Examining many checkpoints again: a round goes on by itself, one checkpoint for each examination that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from common.errors import NotFoundError

from registry.domain.examination_round import AT_ONCE, check_scope
from registry.handlers.examining import find_reference, new_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from registry.domain.checkpoint import Digest
    from registry.domain.examination import Examination, ExaminationState
    from registry.domain.examination_round import Round, RoundId, Scope, Turn
    from registry.handlers.examining import Examinations


class Rounds(Protocol):
    """What the registry remembers of rounds of examinations, inside one transaction."""

    async def add(self, scope: Scope) -> RoundId | None:
        """Keep a new round over what is committed now; `None` where the team or model has no checkpoint."""
        ...

    async def round(self, round_id: str) -> Round | None:
        """Return a round as it is now."""
        ...

    async def rounds(self, size: int, before: int) -> tuple[list[Round], int | None]:
        """Return up to `size` rounds before position `before` (0: all), the last first, and where the next start."""
        ...

    async def turns(self, round_id: RoundId, most: int) -> Sequence[Turn]:
        """Return up to `most` checkpoints whose turn it is, which is over by that; nobody else gets them."""
        ...

    async def join(self, round_id: RoundId, digest: Digest, number: int) -> None:
        """Note that an examination belongs to a round."""
        ...

    async def rounds_of(self, digest: Digest, number: int) -> Sequence[RoundId]:
        """Return the rounds that an examination belongs to."""
        ...

    async def examinations(
        self, round_id: RoundId, state: ExaminationState | None, size: int, after: int
    ) -> tuple[list[Examination], int | None]:
        """Return up to `size` examinations of a round, without reports, and where the next page starts."""
        ...


async def start_round(rounds: Rounds, examinations: Examinations, scope: Scope) -> Round:
    """Have committed checkpoints examined again, the first few at once.

    Raises `RegistryFieldError`, `NotFoundError` and `ReferenceWithdrawnError`.
    """
    check_scope(scope)
    if scope.not_against and not (await find_reference(examinations, scope.not_against)).confirmed:
        raise NotFoundError("not_against", scope.not_against)
    round_id = await rounds.add(scope)
    if round_id is None:
        raise NotFoundError("team_id, model", f"{scope.team_id}, {scope.model}")
    await _go_on(rounds, examinations, round_id, AT_ONCE)
    return await find_round(rounds, round_id)


async def find_round(rounds: Rounds, round_id: str) -> Round:
    """Return a round. Raises `NotFoundError`."""
    found = await rounds.round(round_id)
    if found is None:
        raise NotFoundError("round_id", round_id)
    return found


async def go_on(rounds: Rounds, examinations: Examinations, digest: Digest, number: int) -> None:
    """Let each round go on that an examination belongs to which has just ended."""
    for round_id in await rounds.rounds_of(digest, number):
        await _go_on(rounds, examinations, round_id, 1)


async def _go_on(rounds: Rounds, examinations: Examinations, round_id: RoundId, most: int) -> None:
    for turn in await rounds.turns(round_id, most):
        number = turn.waiting or (await examinations.start(turn.checkpoint_digest, new_seed())).number
        await rounds.join(round_id, turn.checkpoint_digest, number)

"""The score of a replay: dated beats, each a handful of calls to the public APIs.

Every call has a request id made from what it is about, so a replay that was interrupted is simply played again: what
was done gives the same answer, what was not done is done.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import datetime

_SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True)
class Beat:
    """Something that happens at an instant (UTC): ``what`` for people, ``play`` makes the calls."""

    at: datetime
    what: str
    play: Callable[[], Awaitable[Any]]


def request_id(*parts: str) -> str:
    """A request id that is the same for the same parts in every replay."""
    return str(uuid5(NAMESPACE_URL, "dokpamo-replay/" + "/".join(parts)))


async def side_by_side(calls: Iterable[Callable[[], Awaitable[Any]]]) -> None:
    """Make calls that do not depend on one another, a few at a time; the first failure ends the rest."""
    limit = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(call: Callable[[], Awaitable[Any]]) -> None:
        async with limit:
            await call()

    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(one(call))

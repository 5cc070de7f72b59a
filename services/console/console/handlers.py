"""What the page shows at once: gathered from the services, with those out of reach named instead of left out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from console.domain.board import Row, Stage, current, rows
from console.domain.facts import Scoring

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from console.domain.facts import Head, Integrity, Ledger, Run, Target, TeamName
    from console.domain.proceedings import Proceeding
    from console.domain.published import Published

_T = TypeVar("_T")


class UnreachableError(Exception):
    """A service does not answer now."""

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} does not answer")
        self.service = service


class Sources(Protocol):
    """Where the facts come from. Each raises UnreachableError where its service does not answer."""

    async def stages(self) -> tuple[Stage, ...]:
        """All stages in order of planning, with their standings."""

    async def scoring(self, rule_set_sha256: str) -> Scoring:
        """What the parts and gates of a rule set are called."""

    async def published(self) -> tuple[Published, ...]:
        """All publications in order, as the public was shown them."""

    async def proceedings(self) -> tuple[Proceeding, ...]:
        """All objections and cases in order of filing, as anybody may see them."""

    async def runs(self) -> tuple[Run, ...]:
        """Benchmark runs in order of start."""

    async def targets(self) -> tuple[Target, ...]:
        """Pinned targets in order of pinning."""

    async def ledger(self) -> Ledger:
        """Whether the ledger balances."""

    async def head(self) -> Head | None:
        """The latest signed tree head; None while the log is empty."""

    async def integrity(self) -> Integrity:
        """Whether what the registry keeps is still there."""


@dataclass(frozen=True, slots=True)
class Programme:
    """Everything on the page. What could not be had is empty, and its service is in ``unreachable``."""

    stages: tuple[Stage, ...]
    rows: tuple[Row, ...]
    current: Stage | None
    names: Mapping[str, TeamName]
    scoring: Mapping[str, Scoring]
    """By the rule set's SHA-256, of all decided stages."""
    published: tuple[Published, ...]
    """Newest first."""
    proceedings: tuple[Proceeding, ...]
    """Newest first."""
    runs: tuple[Run, ...]
    targets: tuple[Target, ...]
    ledger: Ledger | None
    head: Head | None
    integrity: Integrity | None
    unreachable: tuple[str, ...]


async def programme(sources: Sources, names: Mapping[str, TeamName]) -> Programme:
    """Gather the page's facts side by side, a service that is away costs its own part only."""
    away: list[str] = []

    async def reached(what: Awaitable[_T], otherwise: _T) -> _T:
        try:
            return await what
        except UnreachableError as error:
            away.append(error.service)
            return otherwise

    async with asyncio.TaskGroup() as group:
        asked_stages = group.create_task(reached(sources.stages(), ()))
        published = group.create_task(reached(sources.published(), ()))
        proceedings = group.create_task(reached(sources.proceedings(), ()))
        runs = group.create_task(reached(sources.runs(), ()))
        targets = group.create_task(reached(sources.targets(), ()))
        ledger = group.create_task(reached(_optional(sources.ledger()), None))
        head = group.create_task(reached(sources.head(), None))
        integrity = group.create_task(reached(_optional(sources.integrity()), None))
    stages = asked_stages.result()
    decided = sorted({stage.rule_set_sha256 for stage in stages if stage.decided})
    words = await asyncio.gather(*(reached(sources.scoring(sha256), Scoring()) for sha256 in decided))
    return Programme(
        stages=stages,
        rows=rows(stages),
        current=current(stages),
        names=names,
        scoring=dict(zip(decided, words, strict=True)),
        published=published.result()[::-1],
        proceedings=proceedings.result()[::-1],
        runs=runs.result(),
        targets=targets.result(),
        ledger=ledger.result(),
        head=head.result(),
        integrity=integrity.result(),
        unreachable=tuple(sorted(set(away))),
    )


async def _optional(what: Awaitable[_T]) -> _T | None:
    return await what

"""Objections and cases, and who the original assessors of a stage were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from selection.domain.objection_events import ProceedingEvent
    from selection.domain.objection_grounds import Kind
    from selection.domain.objection_proceeding import Proceeding

PROCEEDING_PROCESS: Final = "proceeding"
"""Kind of the process that ends a time to reply or to find; its id is the proceeding's."""


class ObjectionRecords(Protocol):
    """Objections and cases by stage. Whoever changes one holds its stage."""

    async def tell(self, event: ProceedingEvent) -> None:
        """Tell others."""

    async def count_proceedings(self, stage_id: str, kind: Kind) -> int:
        """How many of a kind were filed in a stage."""

    async def proceeding(self, proceeding_id: str) -> Proceeding | None:
        """A proceeding, whole; `None` where none has this id."""

    async def proceedings(self, stage_id: str) -> list[Proceeding]:
        """All proceedings of a stage, in order of filing."""

    async def add_proceeding(self, found: Proceeding) -> None:
        """Keep a new proceeding, before its first step."""

    async def save_proceeding(self, found: Proceeding, step: str) -> None:
        """Keep what a step changed, with the step itself, and note who must act and when it is overdue."""

    async def add_original_assessors(self, stage_id: str, source: str, people: Collection[str]) -> None:
        """Keep who stood behind a source of measurements or a gate; those known stay."""

    async def original_assessors(self, stage_id: str) -> Mapping[str, Collection[str]]:
        """Who is on record so, and who scored again in an earlier proceeding, by source or gate."""

    async def team_people(self, stage_id: str) -> Collection[str]:
        """People who acted for a team of the stage, as far as is known."""

"""Stages and the calls that their teams come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rules import Decision

    from selection.domain.agenda import Agenda
    from selection.domain.events import SelectionEvent
    from selection.domain.stage import Stage

STAGE_PROCESS: Final = "stage"
"""Kind of the process manager; its id is the stage's."""


class StageRecords(Protocol):
    """Stages, their history and their process manager."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""

    @property
    def actor(self) -> str:
        """Who causes what this transaction does."""

    async def publish(self, event: SelectionEvent) -> None:
        """Tell others."""

    async def stage(self, stage_id: str) -> Stage | None:
        """A stage, locked; `None` where there is none."""

    async def add_stage(self, stage: Stage) -> bool:
        """Keep a new stage; `False` where its id is taken."""

    async def save_stage(self, stage: Stage, cause: str) -> None:
        """Keep a stage that changed because of `cause`, and its history."""

    async def waiting_for_call(self, call_id: str) -> list[str]:
        """Planned stages whose teams come from this call."""

    async def waiting_for_stage(self, stage_id: str) -> list[str]:
        """Planned stages whose teams come from this stage, among others, and stages whose decision waits."""

    async def final_decisions(self) -> list[Decision]:
        """What the final stages decided, in order of opening; where officers decided otherwise, as they did."""

    async def schedule(self, stage: Stage, agenda: Agenda) -> None:
        """Note who must act on a stage, when it wakes by itself and when it is overdue; one at its end never."""

    async def wake(self, stage_id: str) -> None:
        """Wake a stage now."""

    async def add_closed_call(self, call_id: str, teams: Sequence[str]) -> None:
        """Keep a call's list of applicants."""

    async def closed_call(self, call_id: str) -> tuple[str, ...] | None:
        """Applicants of a closed call; `None` while it is not known to be closed."""

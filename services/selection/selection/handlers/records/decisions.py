"""Decisions in versions, overrides and waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from selection.domain.events import DecisionRecord
    from selection.domain.override import Proposal
    from selection.domain.versions import Corrections

OVERRIDE_PROCESS: Final = "override"
"""Kind of the process that ends a proposed override in time; its id is the override's."""


class DecisionRecords(Protocol):
    """Decisions by stage."""

    async def add_decision(self, decision: DecisionRecord) -> None:
        """Keep a new version of a decision with its corrections."""

    async def decision(self, stage_id: str) -> DecisionRecord | None:
        """The newest version of the decision of a stage; `None` before the first."""

    async def finalize_decision(self, decision: DecisionRecord) -> None:
        """Note that a version became final now."""

    async def corrections(self, stage_id: str) -> list[Corrections]:
        """What the versions so far corrected, oldest first."""

    async def count_overrides(self, stage_id: str) -> int:
        """How many overrides were proposed for a stage."""

    async def add_override(self, proposal: Proposal) -> None:
        """Keep a proposed override, and wake it when it expires."""

    async def override(self, override_id: str) -> Proposal | None:
        """A proposed override; whoever changes it holds its stage. `None` where none has this id."""

    async def pending_override(self, stage_id: str) -> Proposal | None:
        """The pending override of a stage; `None` where there is none."""

    async def save_override(self, proposal: Proposal) -> None:
        """Keep the end of a proposed override; it wakes no more."""

    async def add_waiver(self, stage_id: str, version: int, team: str, waived_by: str) -> bool:
        """Keep a waiver; `False` where the team has waived before."""

    async def waived(self, stage_id: str, version: int) -> frozenset[str]:
        """The teams that waived objections to a version."""

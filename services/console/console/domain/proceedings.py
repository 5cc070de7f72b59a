"""Objections and cases as anybody may see them: what they are about, how they stand, how they ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from console.domain.facts import Label
    from console.domain.waiting import Wait

OPEN_STATES = ("filed", "reply", "seating", "hearing", "found", "rescoring")
OUTCOMES = ("inadmissible", "withdrawn", "upheld", "recomputed", "rescored", "noted")
OWNERS = ("staff", "applicant", "respondent", "panel")


@dataclass(frozen=True, slots=True)
class Proceeding:
    """An objection or a case. Instants are UTC; `owner` and `deadline` say who must act until when while it is open."""

    proceeding_id: str
    kind: str
    stage_id: str
    number: int
    ground: Label
    state: str
    outcome: str
    owner: str
    filed_at: datetime
    deadline: datetime | None
    closed_at: datetime | None
    silent: bool
    result_version: int
    waits: tuple[Wait, ...]
    provenance: str

    @property
    def standing(self) -> str:
        """Word for how it ended, or for how it stands."""
        return f"proceeding_{self.outcome or self.state}"

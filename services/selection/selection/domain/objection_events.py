"""What has happened in objections and cases, as others are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from selection.domain.objection_proceeding import Proceeding


@dataclass(frozen=True, slots=True)
class ObjectionFiled:
    """A team objected, in a window that ends at `window_ends_at` (UTC)."""

    proceeding: Proceeding
    window_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """Something was alleged about a team."""

    proceeding: Proceeding


@dataclass(frozen=True, slots=True)
class EvidenceAdded:
    """The last piece of evidence was added."""

    proceeding: Proceeding


@dataclass(frozen=True, slots=True)
class ProceedingAdmitted:
    """A proceeding was admitted."""

    proceeding: Proceeding


@dataclass(frozen=True, slots=True)
class ProceedingReplied:
    """The other side replied, or fell silent."""

    proceeding: Proceeding


@dataclass(frozen=True, slots=True)
class PanelSeated:
    """A panel was seated, for a `reason` where it is not the first."""

    proceeding: Proceeding
    reason: str


@dataclass(frozen=True, slots=True)
class FindingSubmitted:
    """The last finding was submitted."""

    proceeding: Proceeding


@dataclass(frozen=True, slots=True)
class ProceedingFound:
    """The panel found: so many members held it founded, so many did not."""

    proceeding: Proceeding
    founded: int
    unfounded: int


@dataclass(frozen=True, slots=True)
class RemedyOrdered:
    """The remedy was ordered."""

    proceeding: Proceeding


@dataclass(frozen=True, slots=True)
class FreshScoresSubmitted:
    """The last fresh sheet was handed in."""

    proceeding: Proceeding


@dataclass(frozen=True, slots=True)
class ProceedingHeld:
    """A proceeding does not go on by itself: its `waits` say why."""

    proceeding: Proceeding


@dataclass(frozen=True, slots=True)
class ProceedingClosed:
    """A proceeding was closed."""

    proceeding: Proceeding


@dataclass(frozen=True, slots=True)
class OriginalAssessorsRecorded:
    """It became known who stood behind a source of measurements or a gate."""

    stage: str
    source: str
    people: tuple[str, ...]


StepTaken = (
    ObjectionFiled
    | CaseOpened
    | EvidenceAdded
    | ProceedingAdmitted
    | ProceedingReplied
    | PanelSeated
    | FindingSubmitted
    | ProceedingFound
    | RemedyOrdered
    | FreshScoresSubmitted
    | ProceedingHeld
    | ProceedingClosed
)
"""A step of a proceeding."""

ProceedingEvent = StepTaken | OriginalAssessorsRecorded

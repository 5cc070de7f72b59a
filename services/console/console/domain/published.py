"""What was published of the stages: figures of all teams together, and when and why they were shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Figure:
    """A published number as decimal text; ``teams`` are those that have it, where they are named."""

    value: str
    provenance: str
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartFigures:
    """What was published of one part ("total" for the whole); None for what was not."""

    part: str
    best: Figure | None = None
    mean: Figure | None = None
    gap: Figure | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """One publication as the public was shown it; the reasons say why it shows more than an earlier one."""

    publication_id: str
    stage_id: str
    title_ko: str
    title_en: str
    at: datetime
    reason_ko: str
    reason_en: str
    parts: tuple[PartFigures, ...]
    formulas: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Part and its steps, each as canonical JSON of the rule set."""

"""An objection of a programme as data: what was said by whom, and when, from its filing to what the panel found."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict
from rules import Provenance  # noqa: TC002 - pydantic reads the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Document):
    """A piece of evidence; ``text`` is its content, whose bytes are hashed."""

    reference: str
    description: str
    text: str

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return self.text.encode()

    @property
    def sha256(self) -> str:
        """SHA-256 of its bytes, lower-case hex."""
        return hashlib.sha256(self.content).hexdigest()


class Said(_Document):
    """What was said at an instant."""

    at: AwareDatetime
    text: str


class Seating(_Document):
    """The fresh panel, and who stood behind each source of measurements: nobody sits while that is not on record."""

    at: AwareDatetime
    original_assessors: dict[str, tuple[str, ...]]
    members: tuple[str, ...]


class MemberFinding(_Document):
    """What a member finds, and why."""

    member: str
    remedy: Literal["uphold", "recompute", "rescore"]
    reason: str


class Hearing(_Document):
    """What the panel found."""

    at: AwareDatetime
    findings: tuple[MemberFinding, ...]


class ObjectionPlan(_Document):
    """An objection to the first decision of a stage. Objections of a stage stand in the order of their filing."""

    stage_id: str
    team_id: str
    ground: str
    provenance: Provenance
    filed: Said
    evidence: tuple[Evidence, ...] = ()
    admitted: Said
    replied: Said
    seated: Seating
    found: Hearing


def numbered(plans: tuple[ObjectionPlan, ...]) -> Mapping[str, ObjectionPlan]:
    """Return the plans by the ids that their proceedings get: numbered within their stage."""
    counts: dict[str, int] = {}
    found = {}
    for plan in plans:
        counts[plan.stage_id] = counts.get(plan.stage_id, 0) + 1
        found[f"{plan.stage_id}-objection-{counts[plan.stage_id]}"] = plan
    return found

"""What one officer asks for, for a reason that everyone may read, another confirms, or it lapses.

Source: design page "Selection and notary", "Notary": nobody can delete; a removal is by two people
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

LAPSES_AFTER = timedelta(days=14)
LONGEST_REASON = 500


class TwoPersonRuleBrokenError(Exception):
    """Base of the refusals about acts of two people."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the request's `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {str(value)!r}: {rule}")
        self.field = field
        self.value = str(value)
        self.rule = rule


class ReasonMissingError(TwoPersonRuleBrokenError):
    """There is no reason, or one that nobody reads to its end."""


class SamePersonError(TwoPersonRuleBrokenError):
    """Who asks may not confirm."""


class ActDoneError(TwoPersonRuleBrokenError):
    """The act was confirmed before."""


class ActLapsedError(TwoPersonRuleBrokenError):
    """The act was asked for too long ago."""


@dataclass(frozen=True, slots=True)
class Act:
    """An act that was asked for, and perhaps done."""

    act_id: str
    reason: str
    requested_by: str
    requested_at: datetime
    confirmed_by: str = ""
    confirmed_at: datetime | None = None

    @property
    def done(self) -> bool:
        """Whether it was confirmed."""
        return self.confirmed_at is not None

    @property
    def lapses_at(self) -> datetime:
        """Until when it can be confirmed."""
        return self.requested_at + LAPSES_AFTER

    def confirmed(self, person: str, now: datetime) -> Self:
        """The act once this person confirmed it.

        Raises:
            TwoPersonRuleBrokenError: it is done, lapsed, or this person asked for it.
        """
        if self.done:
            raise ActDoneError("act_id", self.act_id, f"was confirmed by {self.confirmed_by}")
        if person == self.requested_by:
            raise SamePersonError("act_id", self.act_id, "another person than who asked for it must confirm it")
        if now > self.lapses_at:
            raise ActLapsedError("act_id", self.act_id, f"lapsed {LAPSES_AFTER.days} days after it was asked for")
        return replace(self, confirmed_by=person, confirmed_at=now)


def require_reason(reason: str) -> str:
    """The reason without space around it.

    Raises:
        ReasonMissingError: it is empty or too long.
    """
    said = reason.strip()
    if not 0 < len(said) <= LONGEST_REASON:
        raise ReasonMissingError("reason", reason, f"must say why in 1 to {LONGEST_REASON} characters")
    return said

"""Personal openings are erased by two people, blind ones never, and what is erased is not opened any more.

Source: design page "Selection and notary", "Notary": so that personal data can be erased; by two people
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from verify.sealing import Opening, SealClass


class OpeningRuleBrokenError(Exception):
    """Base of the refusals about openings."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the request's `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {str(value)!r}: {rule}")
        self.field = field
        self.value = str(value)
        self.rule = rule


class OpeningUnknownError(OpeningRuleBrokenError):
    """Nothing is sealed there."""


class OpeningErasedError(OpeningRuleBrokenError):
    """The opening was erased."""


class NotErasableError(OpeningRuleBrokenError):
    """A decision rests on the value: it is not erased."""


class ReasonMissingError(OpeningRuleBrokenError):
    """A release or an erasure has a reason, and names what it is of."""


class ErasureUnknownError(OpeningRuleBrokenError):
    """No erasure has this id."""


class ErasureDoneError(OpeningRuleBrokenError):
    """The erasure was confirmed before."""


class SamePersonError(OpeningRuleBrokenError):
    """Who asks for an erasure may not confirm it."""


@dataclass(frozen=True, slots=True)
class KeptOpening:
    """What is known of a sealed value."""

    path: str
    seal_class: SealClass
    opening: Opening | None
    """Nothing where it was erased."""
    released: bool
    """Whether everyone may read it."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was asked for, and perhaps done."""

    erasure_id: str
    event_id: str
    paths: tuple[str, ...]
    reason: str
    requested_by: str
    requested_at: datetime
    confirmed_by: str = ""
    confirmed_at: datetime | None = None


def require_openings(kept: Mapping[str, KeptOpening], paths: Sequence[str], reason: str) -> None:
    """Raise unless each path has an opening that is still there, and there is a reason.

    Raises:
        ReasonMissingError: no reason, or no path.
        OpeningUnknownError: nothing is sealed at one of the paths.
        OpeningErasedError: the opening of one was erased.
    """
    if not reason.strip():
        raise ReasonMissingError("reason", reason, "must say why, in words that everyone may read")
    if not paths:
        raise ReasonMissingError("paths", "", "must name at least one value")
    for path in paths:
        if path not in kept:
            raise OpeningUnknownError("paths", path, "must be the place of a sealed value of the entry")
        if kept[path].opening is None:
            raise OpeningErasedError("paths", path, "the opening was erased")


def require_erasable(kept: Mapping[str, KeptOpening], paths: Sequence[str], reason: str) -> None:
    """Raise unless each path has an opening that may be erased.

    Raises:
        NotErasableError: one is blind and not personal.
        OpeningRuleBrokenError: as `require_openings`.
    """
    require_openings(kept, paths, reason)
    for path in paths:
        if not kept[path].seal_class.erasable:
            raise NotErasableError("paths", path, "a decision rests on it: only what is personal is erased")


def require_second_person(erasure: Erasure, person: str) -> None:
    """Raise unless this person may confirm an erasure.

    Raises:
        ErasureDoneError: it is done.
        SamePersonError: it was this person who asked for it.
    """
    if erasure.confirmed_by:
        raise ErasureDoneError("erasure_id", erasure.erasure_id, "was confirmed before")
    if erasure.requested_by == person:
        raise SamePersonError("erasure_id", erasure.erasure_id, "another person than who asked for it must confirm it")

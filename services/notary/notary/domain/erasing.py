"""Personal openings are erased by two people, blind ones never, and what is erased is not opened any more.

Source: design page "Selection and notary", "Notary": so that personal data can be erased; by two people
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.sealing import Opening, SealClass

    from notary.domain.two_person import Act


class OpeningRuleBrokenError(Exception):
    """Base of the refusals about openings."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the request's `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {str(value)!r}: {rule}")
        self.field = field
        self.value = str(value)
        self.rule = rule


class OpeningUnknownError(OpeningRuleBrokenError):
    """Nothing is sealed there, or nothing is named."""


class OpeningErasedError(OpeningRuleBrokenError):
    """The opening was erased."""


class NotErasableError(OpeningRuleBrokenError):
    """A decision rests on the value: it is not erased."""


class ErasureUnknownError(OpeningRuleBrokenError):
    """No erasure has this id."""


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

    act: Act
    event_id: str
    paths: tuple[str, ...]


def require_openings(kept: Mapping[str, KeptOpening], paths: Sequence[str]) -> None:
    """Raise unless there is a path, and each has an opening that is still there.

    Raises:
        OpeningUnknownError: there is no path, or nothing is sealed at one.
        OpeningErasedError: the opening of one was erased.
    """
    if not paths:
        raise OpeningUnknownError("paths", "", "must name at least one value")
    for path in paths:
        if path not in kept:
            raise OpeningUnknownError("paths", path, "must be the place of a sealed value of the entry")
        if kept[path].opening is None:
            raise OpeningErasedError("paths", path, "the opening was erased")


def require_erasable(kept: Mapping[str, KeptOpening], paths: Sequence[str]) -> None:
    """Raise unless there is a path, and each has an opening that may be erased.

    Raises:
        NotErasableError: one is blind and not personal.
        OpeningRuleBrokenError: as `require_openings`.
    """
    require_openings(kept, paths)
    for path in paths:
        if not kept[path].seal_class.erasable:
            raise NotErasableError("paths", path, "a decision rests on it: only what is personal is erased")

"""The catalogue of reference models: facts are added with their source, and never rewritten.

Two sources may agree. Where they differ on a date or a score, staff must settle it: the addition is refused and names
both (evaluation.md, "Reference catalogue": one model's date decides whether it is in a window).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, NewType

from evaluation.domain.number import text
from evaluation.domain.refusal import RuleBrokenError, require_text

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from evaluation.domain.provenance import Provenance

ModelId = NewType("ModelId", str)


class ReleaseKind(Enum):
    """What happened on a release day."""

    ANNOUNCED = "announced"
    PREVIEW = "preview"
    API = "api"
    WEIGHTS = "weights"


class ReleaseKindUnknownError(RuleBrokenError):
    """A release kind is none of the known ones."""


class ReferenceConflictError(RuleBrokenError):
    """A fact differs from one that is known."""


@dataclass(frozen=True, slots=True)
class Release:
    """A dated release of a reference model, and where that is known from."""

    kind: ReleaseKind
    day: date
    source: str


@dataclass(frozen=True, slots=True)
class ReferenceScore:
    """A score on an edition of an index, and where that is known from."""

    index: str
    edition: str
    value: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class ReferenceModel:
    """A model that others are measured against."""

    model_id: ModelId
    organisation: str
    family: str
    open_weights: bool
    releases: tuple[Release, ...]
    scores: tuple[ReferenceScore, ...]
    provenance: Provenance

    def released(self, kind: ReleaseKind) -> date | None:
        """Return the day of the release of `kind`; `None` where none is known."""
        return next((each.day for each in self.releases if each.kind is kind), None)

    def score(self, index: str, edition: str) -> ReferenceScore | None:
        """Return the score on an edition of an index; `None` where none is known."""
        return next((each for each in self.scores if (each.index, each.edition) == (index, edition)), None)


@dataclass(frozen=True, slots=True)
class ModelsImported:
    """Reference models, or further facts about them, were added."""

    import_id: str
    models: tuple[ReferenceModel, ...]


def release_kind(field: str, value: str) -> ReleaseKind:
    """Return the kind that `value` names; raise `ReleaseKindUnknownError`."""
    try:
        return ReleaseKind(value)
    except ValueError:
        known = ", ".join(kind.value for kind in ReleaseKind)
        raise ReleaseKindUnknownError(field, value, f"must be one of {known}") from None


def new_model(field: str, model: ReferenceModel) -> ReferenceModel:
    """Return `model` with each fact once; raise `RuleBrokenError` where it lacks a name or contradicts itself."""
    for name in ("model_id", "organisation", "family"):
        require_text(f"{field}.{name}", getattr(model, name))
    for position, release in enumerate(model.releases):
        require_text(f"{field}.releases[{position}].source", release.source)
    for position, score in enumerate(model.scores):
        for name in ("index", "edition", "source"):
            require_text(f"{field}.scores[{position}].{name}", getattr(score, name))
    return added_to(field, replace(model, releases=(), scores=()), model)


def added_to(field: str, known: ReferenceModel, more: ReferenceModel) -> ReferenceModel:
    """Return `more` reduced to the facts that `known` lacks; raise `ReferenceConflictError` where they differ."""
    for name in ("organisation", "family", "open_weights"):
        _require_same(f"{field}.{name}", str(getattr(more, name)), str(getattr(known, name)))
    _require_same(f"{field}.provenance", more.provenance.value, known.provenance.value)
    releases, scores = list(known.releases), list(known.scores)
    for position, release in enumerate(more.releases):
        for other in releases:
            if other.kind is release.kind:
                where = f"{field}.releases[{position}].date"
                _require_same(where, release.day.isoformat(), other.day.isoformat(), other.source)
        if release not in releases:
            releases.append(release)
    for position, score in enumerate(more.scores):
        for same in scores:
            if (same.index, same.edition) == (score.index, score.edition) and same.value != score.value:
                where = f"{field}.scores[{position}].value"
                _require_same(where, text(score.value), text(same.value), same.source)
        if not any(
            (each.index, each.edition, each.source) == (score.index, score.edition, score.source) for each in scores
        ):
            scores.append(score)
    return replace(more, releases=tuple(releases[len(known.releases) :]), scores=tuple(scores[len(known.scores) :]))


def _require_same(field: str, value: str, known: str, source: str = "") -> None:
    if value != known:
        where = f" by {source}" if source else ""
        raise ReferenceConflictError(field, value, f"is known as {known}{where}: staff must settle which is true")

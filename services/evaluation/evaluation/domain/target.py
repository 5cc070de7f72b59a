"""The moving target: the best model released in the window on a pinned edition, and both definitions side by side.

It was never a pass line (programme-facts.md, "The 95 % target"): it is computed, pinned and shown. All numbers are
exact; ratios are rounded half up to four digits at the very end.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, NewType

from evaluation.domain.number import rounded_half_up, text
from evaluation.domain.refusal import RuleBrokenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.domain.catalogue import ModelId, ReferenceModel, ReferenceScore, ReleaseKind
    from evaluation.domain.stage import StageId, TeamId
    from evaluation.domain.window import Window

TargetId = NewType("TargetId", str)

_RATIO_DIGITS: Final = 4
# Wide enough for the product of two numbers of 27 digits: it is exact.
_EXACT: Final = Context(prec=60)


class TargetTakenError(RuleBrokenError):
    """A target of that id is pinned already."""


class NoReferenceInWindowError(RuleBrokenError):
    """No reference model was released in the window with a score on the pinned edition."""


class ReferenceNotPositiveError(RuleBrokenError):
    """A reference's score is zero or below: no ratio to it means anything."""


class RatioError(RuleBrokenError):
    """The share to reach is not above 0 and at most 1."""


class CandidateRepeatedError(RuleBrokenError):
    """A team is named twice among the candidates."""


class DeclaredNotComparableError(RuleBrokenError):
    """A declared target is not in the catalogue, or has no score on the pinned edition."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A team's score on the target's index, and the model it declared as its own target, if any."""

    team_id: TeamId
    value: Decimal
    declared: ModelId | None


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be pinned."""

    target_id: TargetId
    stage_id: StageId
    index: str
    edition: str
    window: Window
    release_kind: ReleaseKind
    ratio: Decimal
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class CandidateRatio:
    """How a candidate stands: to the best in the window, and to its declared target where it has one."""

    team_id: TeamId
    value: Decimal
    to_best: Decimal
    to_declared: Decimal | None


@dataclass(frozen=True, slots=True)
class Reference:
    """A model that counts: released in the window, with a score on the pinned edition."""

    model: ReferenceModel
    score: ReferenceScore


@dataclass(frozen=True, slots=True)
class Target:
    """A computed target. `threshold` is the share of the best value, exact."""

    question: Question
    references: tuple[Reference, ...]
    best: Reference
    threshold: Decimal
    candidates: tuple[CandidateRatio, ...]


@dataclass(frozen=True, slots=True)
class PinnedTarget:
    """A target as kept and published, with its canonical snapshot and the snapshot's SHA-256."""

    target_id: TargetId
    stage_id: StageId
    index: str
    edition: str
    window: Window
    best_model_id: ModelId
    best_value: Decimal
    ratio: Decimal
    threshold: Decimal
    candidates: tuple[CandidateRatio, ...]
    snapshot_json: bytes
    snapshot_sha256: str


def pinned(target: Target, snapshot_json: bytes, snapshot_sha256: str) -> PinnedTarget:
    """Return `target` with its snapshot."""
    question = target.question
    return PinnedTarget(
        target_id=question.target_id,
        stage_id=question.stage_id,
        index=question.index,
        edition=question.edition,
        window=question.window,
        best_model_id=target.best.model.model_id,
        best_value=target.best.score.value,
        ratio=question.ratio,
        threshold=target.threshold,
        candidates=target.candidates,
        snapshot_json=snapshot_json,
        snapshot_sha256=snapshot_sha256,
    )


def compute(question: Question, catalogue: Sequence[ReferenceModel]) -> Target:
    """Return the target that `catalogue` gives; raise the `RuleBrokenError` that says why there is none."""
    if not 0 < question.ratio <= 1:
        raise RatioError("ratio", text(question.ratio), "must be above 0 and at most 1")
    references = references_in_window(question, catalogue)
    best = references[0]
    by_id = {model.model_id: model for model in catalogue}
    return Target(
        question=question,
        references=references,
        best=best,
        threshold=_EXACT.multiply(question.ratio, best.score.value),
        candidates=_ratios(question, best, by_id),
    )


def references_in_window(question: Question, catalogue: Sequence[ReferenceModel]) -> tuple[Reference, ...]:
    """Return the references that count, best first, one a family; raise `NoReferenceInWindowError`."""
    counting = []
    for model in catalogue:
        day, score = model.released(question.release_kind), model.score(question.index, question.edition)
        if day is not None and day in question.window and score is not None:
            counting.append(Reference(model, score))
    # Equal scores are ordered by id, so that the same catalogue gives the same snapshot.
    counting.sort(key=lambda each: (-each.score.value, each.model.model_id))
    best_of_family: dict[tuple[str, str], Reference] = {}
    for each in counting:
        best_of_family.setdefault((each.model.organisation, each.model.family), each)
    if not best_of_family:
        window = f"{question.window.first.isoformat()}..{question.window.last.isoformat()}"
        raise NoReferenceInWindowError(
            "window",
            window,
            f"needs a model with a release of kind {question.release_kind.value} in it"
            f" and a score on {question.index} {question.edition}",
        )
    references = tuple(best_of_family.values())
    _require_positive("best", references[0].score, references[0].model.model_id)
    return references


def snapshot(target: Target) -> dict[str, Any]:
    """Return the JSON document that proves `target`: the question and all references in the window."""
    question = target.question
    return {
        "target_id": question.target_id,
        "stage_id": question.stage_id,
        "index": question.index,
        "edition": question.edition,
        "release_kind": question.release_kind.value,
        "window_from": question.window.first.isoformat(),
        "window_to": question.window.last.isoformat(),
        "ratio": text(question.ratio),
        "references": [_reference_document(each, question.release_kind) for each in target.references],
        "best_model_id": target.best.model.model_id,
        "best_value": text(target.best.score.value),
        "threshold": text(target.threshold),
    }


def _reference_document(reference: Reference, kind: ReleaseKind) -> dict[str, Any]:
    model = reference.model
    releases = [release for release in model.releases if release.kind is kind]
    return {
        "model_id": model.model_id,
        "organisation": model.organisation,
        "family": model.family,
        "open_weights": model.open_weights,
        "provenance": model.provenance.value,
        "released_on": releases[0].day.isoformat(),
        "release_sources": sorted(release.source for release in releases),
        "value": text(reference.score.value),
        "value_source": reference.score.source,
    }


def _ratios(
    question: Question, best: Reference, catalogue: dict[ModelId, ReferenceModel]
) -> tuple[CandidateRatio, ...]:
    ratios: dict[TeamId, CandidateRatio] = {}
    for position, candidate in enumerate(question.candidates):
        field = f"candidates[{position}]"
        if candidate.team_id in ratios:
            raise CandidateRepeatedError(f"{field}.team_id", candidate.team_id, "must be named once")
        declared = None if candidate.declared is None else _declared(field, candidate.declared, question, catalogue)
        ratios[candidate.team_id] = CandidateRatio(
            team_id=candidate.team_id,
            value=candidate.value,
            to_best=_ratio(candidate.value, best.score.value),
            to_declared=None if declared is None else _ratio(candidate.value, declared.value),
        )
    return tuple(ratios[team] for team in sorted(ratios))


def _declared(
    field: str, model_id: ModelId, question: Question, catalogue: dict[ModelId, ReferenceModel]
) -> ReferenceScore:
    model = catalogue.get(model_id)
    score = model.score(question.index, question.edition) if model is not None else None
    if score is None:
        raise DeclaredNotComparableError(
            f"{field}.declared_model_id", model_id, f"needs a score on {question.index} {question.edition}"
        )
    _require_positive(f"{field}.declared_model_id", score, model_id)
    return score


def _require_positive(field: str, score: ReferenceScore, model_id: ModelId) -> None:
    if score.value <= 0:
        raise ReferenceNotPositiveError(
            field, f"{model_id}: {text(score.value)}", "a reference near zero stays out of ratios: it must be above 0"
        )


def _ratio(value: Decimal, reference: Decimal) -> Decimal:
    return rounded_half_up(Fraction(value) / Fraction(reference), _RATIO_DIGITS)

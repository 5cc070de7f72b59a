"""Requests about objections and cases → what selection means by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.errors import FieldInvalidError

from selection.domain.objection_remedy import FreshJudgement, FreshScoring, FreshSheet, FreshValue
from selection.wire.objections import REMEDIES
from selection.wire.reading import corrections_of, exact, provenance_of

if TYPE_CHECKING:
    from dokpamo.selection.v1 import objections_pb2

    from selection.domain.objection_proceeding import Remedy
    from selection.domain.versions import Corrections

_FOUND: Final = {number: remedy for remedy, number in REMEDIES.items()}


def remedy_of(number: objections_pb2.Remedy.ValueType) -> Remedy:
    """Return what a member finds. Raises `FieldInvalidError` where it is not set or not known."""
    if number not in _FOUND:
        raise FieldInvalidError("remedy", number, "must be one of the remedies")
    return _FOUND[number]


def order_of(request: objections_pb2.OrderRemedyRequest) -> Corrections | list[FreshScoring]:
    """Return what is ordered: corrections, or what is scored again. Raises `FieldInvalidError` for both at once."""
    if not request.fresh:
        return corrections_of(request)
    if request.score_changes or request.verdict_changes:
        raise FieldInvalidError("fresh", len(request.fresh), "must be empty where values are corrected")
    return [FreshScoring(each.source_id, each.gate, tuple(each.scorer_ids)) for each in request.fresh]


def fresh_sheet_of(request: objections_pb2.SubmitFreshScoresRequest) -> FreshSheet:
    """Return what a fresh scorer hands in."""
    return FreshSheet(
        request.source_id,
        request.gate,
        request.scorer_id,
        tuple(
            FreshValue(each.team_id, each.criterion, exact(f"values[{number}].value", each.value))
            for number, each in enumerate(request.values)
        ),
        tuple(FreshJudgement(each.team_id, each.passed, each.reason) for each in request.judgements),
        provenance_of(request.provenance),
    )

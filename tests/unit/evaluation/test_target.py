from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from evaluation.domain.catalogue import (
    ModelId,
    ReferenceConflictError,
    ReferenceModel,
    ReferenceScore,
    Release,
    ReleaseKind,
    added_to,
    new_model,
)
from evaluation.domain.provenance import Provenance
from evaluation.domain.refusal import FieldEmptyError
from evaluation.domain.stage import StageId, TeamId
from evaluation.domain.target import (
    Candidate,
    CandidateRepeatedError,
    DeclaredNotComparableError,
    NoReferenceInWindowError,
    Question,
    RatioError,
    ReferenceNotPositiveError,
    TargetId,
    compute,
    snapshot,
)
from evaluation.domain.window import window

if TYPE_CHECKING:
    from evaluation.domain.refusal import RuleBrokenError


def model(name: str, value: str, day: date, *, family: str = "", kind: ReleaseKind = ReleaseKind.API) -> ReferenceModel:
    return ReferenceModel(
        model_id=ModelId(name),
        organisation="org",
        family=family or name,
        open_weights=False,
        releases=(Release(kind, day, "publisher"),),
        scores=(ReferenceScore("AAII", "2026-06", Decimal(value), "index"),),
        provenance=Provenance.PUBLISHED,
    )


FRONTIER = model("frontier", "63.1", date(2026, 5, 1))
OPEN = model("open-best", "59.7", date(2026, 4, 1))
OLD = model("old", "99", date(2025, 12, 29))
CATALOGUE = [FRONTIER, OPEN, OLD]
QUESTION = Question(
    target_id=TargetId("stage-2"),
    stage_id=StageId("stage-2"),
    index="AAII",
    edition="2026-06",
    window=window(date(2026, 6, 30), 6),
    release_kind=ReleaseKind.API,
    ratio=Decimal("0.95"),
    candidates=(
        Candidate(TeamId("motif-technologies"), Decimal("47.4"), ModelId("open-best")),
        Candidate(TeamId("lg-ai-research"), Decimal("31.0"), None),
    ),
)


def test_the_target_is_the_share_of_the_best_model_in_the_window_exactly() -> None:
    target = compute(QUESTION, CATALOGUE)
    assert target.best.model.model_id == "frontier"
    assert target.threshold == Decimal("59.945")


def test_both_ratios_stand_side_by_side_and_only_where_a_target_was_declared() -> None:
    lg, motif = compute(QUESTION, CATALOGUE).candidates
    assert (lg.team_id, lg.to_best, lg.to_declared) == ("lg-ai-research", Decimal("0.4913"), None)
    assert (motif.to_best, motif.to_declared) == (Decimal("0.7512"), Decimal("0.7940"))


@pytest.mark.parametrize(
    ("day", "counts"), [("2025-12-29", False), ("2025-12-30", True), ("2026-06-30", True), ("2026-07-01", False)]
)
def test_a_release_counts_from_the_first_to_the_last_day_of_the_window(day: str, counts: bool) -> None:
    edge = model("edge", "80", date.fromisoformat(day))
    assert (compute(QUESTION, [*CATALOGUE, edge]).best.model.model_id == "edge") is counts


def test_only_the_asked_kind_of_release_counts() -> None:
    announced = model("announced", "90", date(2026, 5, 1), kind=ReleaseKind.ANNOUNCED)
    assert compute(QUESTION, [*CATALOGUE, announced]).best.model.model_id == "frontier"


def test_only_the_pinned_edition_counts() -> None:
    other = replace(
        FRONTIER, model_id=ModelId("x"), family="x", scores=(ReferenceScore("AAII", "2026-07", Decimal(90), "s"),)
    )
    assert compute(QUESTION, [*CATALOGUE, other]).best.model.model_id == "frontier"


def test_a_family_counts_with_its_best_model_only() -> None:
    small = model("frontier-small", "62", date(2026, 5, 2), family="frontier")
    assert [each.model.model_id for each in compute(QUESTION, [small, *CATALOGUE]).references] == [
        "frontier",
        "open-best",
    ]


def test_equal_scores_are_ordered_by_id_whatever_the_order_of_the_catalogue() -> None:
    twin = model("aa-twin", "63.1", date(2026, 5, 1))
    assert snapshot(compute(QUESTION, [twin, *CATALOGUE])) == snapshot(compute(QUESTION, [*CATALOGUE, twin]))
    assert compute(QUESTION, [*CATALOGUE, twin]).best.model.model_id == "aa-twin"


def test_a_window_without_a_reference_is_refused_with_its_days() -> None:
    with pytest.raises(NoReferenceInWindowError) as refused:
        compute(QUESTION, [OLD])
    assert refused.value.value == "2025-12-30..2026-06-30"


@pytest.mark.parametrize(
    ("question", "catalogue", "error"),
    [
        (replace(QUESTION, ratio=Decimal(0)), CATALOGUE, RatioError),
        (replace(QUESTION, ratio=Decimal("1.01")), CATALOGUE, RatioError),
        (QUESTION, [model("zero", "0", date(2026, 5, 1))], ReferenceNotPositiveError),
        (QUESTION, [FRONTIER], DeclaredNotComparableError),
        (replace(QUESTION, candidates=(QUESTION.candidates[0],) * 2), CATALOGUE, CandidateRepeatedError),
    ],
)
def test_a_target_that_would_mean_nothing_is_refused(
    question: Question, catalogue: list[ReferenceModel], error: type[RuleBrokenError]
) -> None:
    with pytest.raises(error):
        compute(question, catalogue)


def test_the_snapshot_names_every_reference_with_its_sources() -> None:
    document = snapshot(compute(QUESTION, CATALOGUE))
    assert [each["model_id"] for each in document["references"]] == ["frontier", "open-best"]
    assert document["references"][0]["release_sources"] == ["publisher"]
    assert document["threshold"] == "59.945"


def test_known_facts_are_no_news_and_further_ones_are() -> None:
    second = Release(ReleaseKind.API, date(2026, 5, 1), "newspaper")
    assert added_to("models[0]", FRONTIER, FRONTIER).releases == ()
    assert added_to("models[0]", FRONTIER, replace(FRONTIER, releases=(second,))).releases == (second,)


@pytest.mark.parametrize(
    "more",
    [
        replace(FRONTIER, organisation="other"),
        replace(FRONTIER, open_weights=True),
        replace(FRONTIER, releases=(Release(ReleaseKind.API, date(2026, 5, 2), "newspaper"),)),
        replace(FRONTIER, scores=(ReferenceScore("AAII", "2026-06", Decimal("63.2"), "newspaper"),)),
    ],
)
def test_a_fact_that_differs_from_a_known_one_is_refused(more: ReferenceModel) -> None:
    with pytest.raises(ReferenceConflictError):
        added_to("models[0]", FRONTIER, more)


def test_a_fact_without_a_source_is_refused() -> None:
    with pytest.raises(FieldEmptyError):
        new_model("models[0]", replace(FRONTIER, releases=(Release(ReleaseKind.API, date(2026, 5, 1), ""),)))

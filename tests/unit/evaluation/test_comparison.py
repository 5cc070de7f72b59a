"""Rules of a comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from evaluation.domain.comparison import (
    ComparedWithItselfError,
    Comparison,
    ItemInvalidError,
    PreferredUnknownError,
    TieNotAllowedError,
    check_comparison,
)
from evaluation.domain.completeness import completeness
from evaluation.domain.provenance import Provenance
from evaluation.domain.sheet import AssessorNotSeatedError, ProviderForeignError, TeamUnknownError, require_provider
from evaluation.domain.stage import AssessorId, Source, SourceId, SourceKind, Stage, StageId, StageState, TeamId

if TYPE_CHECKING:
    from evaluation.domain.refusal import RuleBrokenError

ANT, BEE, CAT = TeamId("ant"), TeamId("bee"), TeamId("cat")
ANNE = AssessorId("anne")
ARENA = Source(SourceId("arena"), SourceKind.COMPARISONS, (), 2, "judges", ties_allowed=False, per_pair=2)
STAGE = Stage(StageId("final"), StageState.OPEN, "ab" * 32, (ANT, BEE, CAT), (ARENA,))
GIVEN = Comparison(StageId("final"), SourceId("arena"), ANNE, "q1", (ANT, BEE), ANT, Provenance.RECORDED)


def test_a_comparison_of_two_teams_by_who_has_a_seat_is_taken() -> None:
    check_comparison(GIVEN, STAGE, ARENA, {ANNE})
    check_comparison(replace(GIVEN, preferred=None), STAGE, replace(ARENA, ties_allowed=True), {ANNE})
    assert GIVEN.comparison_id == "final/arena/anne/q1/ant/bee"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (replace(GIVEN, assessor_id=AssessorId("carl")), AssessorNotSeatedError),
        (replace(GIVEN, item="a/b"), ItemInvalidError),
        (replace(GIVEN, item="q" * 65), ItemInvalidError),
        (replace(GIVEN, team_ids=(ANT, TeamId("dog"))), TeamUnknownError),
        (replace(GIVEN, team_ids=(ANT, ANT)), ComparedWithItselfError),
        (replace(GIVEN, preferred=CAT), PreferredUnknownError),
        (replace(GIVEN, preferred=None), TieNotAllowedError),
    ],
)
def test_what_is_no_comparison_is_refused_by_its_rule(given: Comparison, refusal: type[RuleBrokenError]) -> None:
    with pytest.raises(refusal):
        check_comparison(given, STAGE, ARENA, {ANNE})


def test_every_two_teams_are_compared_as_often_as_the_rule_set_says() -> None:
    (found,) = completeness(STAGE, {SourceId("arena"): 4})
    assert (found.present, found.required) == (4, 6)


def test_a_pipeline_provides_only_what_the_rule_set_names_it_for() -> None:
    require_provider("judges", ARENA)
    for source in (ARENA, replace(ARENA, provider="")):
        with pytest.raises(ProviderForeignError):
            require_provider("other", source)
    with pytest.raises(ProviderForeignError):
        require_provider("", replace(ARENA, provider=""))

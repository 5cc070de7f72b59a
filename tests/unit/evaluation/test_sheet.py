from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from evaluation.domain.completeness import Completeness, completeness
from evaluation.domain.number import ScoreNotANumberError
from evaluation.domain.refusal import FieldEmptyError
from evaluation.domain.sheet import (
    AssessorNotSeatedError,
    CriterionUnknownError,
    MeasurementAlreadyRecordedError,
    Row,
    ScoreOutOfRangeError,
    ScoreRepeatedError,
    ScoreTooFineError,
    SheetAlreadySubmittedError,
    SheetIncompleteError,
    TeamUnknownError,
    read_rows,
    require_new,
    require_seat,
    require_whole,
)
from evaluation.domain.stage import (
    AssessorId,
    AssessorRepeatedError,
    Criterion,
    Panel,
    PanelAlreadySeatedError,
    PanelSizeError,
    Source,
    SourceId,
    SourceKind,
    SourceKindError,
    SourceUnknownError,
    Stage,
    StageId,
    StageNotOpenError,
    StageState,
    TeamId,
    check_panel,
    open_source,
)

if TYPE_CHECKING:
    from evaluation.domain.refusal import RuleBrokenError

TEAMS = (TeamId("a"), TeamId("b"))
PLAN, SKILL = Criterion("plan", Decimal(0), Decimal(10), 1), Criterion("skill", Decimal(1), Decimal(15), 1)
EXPERT = Source(SourceId("expert"), SourceKind.SHEETS, (PLAN, SKILL), 2)
INDEX = Source(SourceId("index"), SourceKind.MEASUREMENT, (Criterion("aaii", Decimal(0), Decimal(100), 2),), 0)
STAGE = Stage(StageId("stage-1"), StageState.OPEN, "0" * 64, TEAMS, (EXPERT, INDEX))
ROWS = [Row(team, criterion, "7.5") for team in TEAMS for criterion in EXPERT.names]
ANNE, BORA = AssessorId("anne"), AssessorId("bora")


def test_a_whole_sheet_is_accepted_in_order_of_team_and_criterion() -> None:
    scores = read_rows(list(reversed(ROWS)), EXPERT, TEAMS)
    require_whole(scores, EXPERT, TEAMS)
    assert [(each.team_id, each.criterion) for each in scores] == [
        ("a", "plan"), ("a", "skill"), ("b", "plan"), ("b", "skill"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (Row(TEAMS[0], "plan", "NaN"), ScoreNotANumberError),
        (Row(TEAMS[0], "plan", "Infinity"), ScoreNotANumberError),
        (Row(TEAMS[0], "plan", "10.1"), ScoreOutOfRangeError),
        (Row(TEAMS[0], "plan", "-0.1"), ScoreOutOfRangeError),
        # Every criterion has a scale of its own.
        (Row(TEAMS[0], "skill", "15.1"), ScoreOutOfRangeError),
        (Row(TEAMS[0], "skill", "0.9"), ScoreOutOfRangeError),
        (Row(TEAMS[0], "plan", "7.55"), ScoreTooFineError),
        (Row(TeamId("c"), "plan", "1"), TeamUnknownError),
        (Row(TEAMS[0], "looks", "1"), CriterionUnknownError),
    ],
)
def test_a_bad_row_is_refused_by_its_place_and_rule(row: Row, error: type[RuleBrokenError]) -> None:
    with pytest.raises(error) as refused:
        read_rows([ROWS[0], row], EXPERT, TEAMS)
    assert refused.value.field.startswith("rows[1].")


@pytest.mark.parametrize("value", ["0", "10"])
def test_both_ends_of_the_scale_are_allowed(value: str) -> None:
    assert read_rows([Row(TEAMS[0], "plan", value)], EXPERT, TEAMS)[0].value == Decimal(value)


def test_two_values_for_one_team_and_criterion_are_refused() -> None:
    with pytest.raises(ScoreRepeatedError):
        read_rows([ROWS[0], ROWS[0]], EXPERT, TEAMS)


def test_a_sheet_without_rows_is_refused() -> None:
    with pytest.raises(FieldEmptyError):
        read_rows([], EXPERT, TEAMS)


def test_an_incomplete_sheet_names_everything_that_is_missing() -> None:
    with pytest.raises(SheetIncompleteError) as refused:
        require_whole(read_rows(ROWS[:2], EXPERT, TEAMS), EXPERT, TEAMS)
    assert refused.value.value == "b/plan, b/skill"


def test_an_assessor_without_a_seat_is_refused() -> None:
    with pytest.raises(AssessorNotSeatedError):
        require_seat(BORA, {ANNE}, set())


def test_a_second_sheet_of_the_same_assessor_is_refused() -> None:
    with pytest.raises(SheetAlreadySubmittedError):
        require_seat(ANNE, {ANNE}, {ANNE})


def test_a_measured_value_is_recorded_once() -> None:
    scores = read_rows([Row(TEAMS[0], "aaii", "37.4")], INDEX, TEAMS)
    require_new(scores, {(TEAMS[1], "aaii")})
    with pytest.raises(MeasurementAlreadyRecordedError):
        require_new(scores, {(TEAMS[0], "aaii")})


@pytest.mark.parametrize("state", [StageState.PLANNED, StageState.DECIDED])
def test_a_stage_takes_scores_only_while_it_is_open(state: StageState) -> None:
    with pytest.raises(StageNotOpenError) as refused:
        open_source(STAGE.stage_id, Stage(STAGE.stage_id, state, ""), EXPERT.source_id, SourceKind.SHEETS)
    assert state.value in refused.value.rule


def test_an_unknown_stage_takes_no_scores() -> None:
    with pytest.raises(StageNotOpenError):
        open_source(STAGE.stage_id, None, EXPERT.source_id, SourceKind.SHEETS)


def test_a_source_outside_the_rule_set_is_refused() -> None:
    with pytest.raises(SourceUnknownError):
        open_source(STAGE.stage_id, STAGE, SourceId("jury"), SourceKind.SHEETS)


def test_sheets_for_a_measured_source_are_refused() -> None:
    with pytest.raises(SourceKindError):
        open_source(STAGE.stage_id, STAGE, INDEX.source_id, SourceKind.SHEETS)


@pytest.mark.parametrize(
    ("assessors", "seated", "error"),
    [
        ((ANNE,), frozenset(), PanelSizeError),
        ((ANNE, ANNE), frozenset(), AssessorRepeatedError),
        ((ANNE, AssessorId("")), frozenset(), FieldEmptyError),
        ((ANNE, BORA), frozenset({ANNE, BORA}), PanelAlreadySeatedError),
    ],
)
def test_a_panel_is_seated_once_with_as_many_persons_as_the_rule_set_says(
    assessors: tuple[AssessorId, ...], seated: frozenset[AssessorId], error: type[RuleBrokenError]
) -> None:
    with pytest.raises(error):
        check_panel(Panel(STAGE.stage_id, EXPERT.source_id, assessors), EXPERT, seated)


def test_completeness_counts_sheets_by_seat_and_values_by_team_and_criterion() -> None:
    assert completeness(STAGE, {EXPERT.source_id: 1}) == (
        Completeness(EXPERT.source_id, 1, 2),
        Completeness(INDEX.source_id, 0, 2),
    )

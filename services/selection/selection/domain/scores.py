"""Scores as they arrive: taken once, held against the rule set as soon as the stage is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rules import Comparison, InputsIncompleteError, InputsRefusedError, Measurement, Score, collect
from rules.completeness import check_inputs

from selection.domain.refusal import ScoreLateError, ScoreRefusedError, ScoreTakenError, StageNotCollectingError
from selection.domain.stage import StageState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from rules import RuleSet

    from selection.domain.stage import Stage

    Given = Score | Measurement | Comparison
    # Assessor (empty for a measurement), team or two teams, criterion or item.
    Cell = tuple[str, str, str]


def cell(given: Given) -> Cell:
    """Return what `given` is about, within its source."""
    match given:
        case Score():
            return (given.assessor, given.team, given.criterion)
        case Measurement():
            return ("", given.team, given.criterion)
        case Comparison():
            return (given.assessor, f"{given.first}, {given.second}", given.item)
        case _:
            assert_never(given)


def value(given: Given) -> Decimal | str:
    """Return what `given` says: a number, or of two teams the better one, empty for a tie."""
    return given.winner if isinstance(given, Comparison) else given.value


def new_ones(given: Sequence[Given], known: Mapping[Cell, Decimal | str]) -> list[Given]:
    """Return those that are not `known`. Raises `ScoreTakenError` where a known one has another value."""
    for each in given:
        _, about, criterion = place = cell(each)
        if place in known and known[place] != value(each):
            rule = f"{about} has {known[place] if known[place] != '' else 'a tie'} on {criterion} already"
            raise ScoreTakenError("rows.value", value(each), rule)
    return [each for each in given if cell(each) not in known]


def check_in_time(stage: Stage, given_at: datetime) -> None:
    """Raise `ScoreLateError` for what was handed in after the last instant for scores, however late it arrives here.

    What counts is the clock of who took it, at the instant itself still in time; the decision reads nothing else.
    Source: programme facts: an extension is a signed rule version for all
    """
    if given_at > stage.closes_at:
        value = given_at.isoformat()
        raise ScoreLateError("given_at", value, f"must not be after {stage.closes_at.isoformat()}")


def check_scores(given: Sequence[Given], stage: Stage, rules: RuleSet) -> None:
    """Raise `ScoreRefusedError` or `StageNotCollectingError` for what the stage cannot take.

    A stage that is planned has no entrants yet: what comes early is kept and judged at the decision.
    """
    match stage.state:
        case StageState.PLANNED:
            return
        case StageState.OBJECTION | StageState.FINAL | StageState.CANCELLED:
            raise StageNotCollectingError("stage_id", stage.id, f"takes no score: it is {stage.state.value}")
        case StageState.COLLECTING:
            pass
    scores = [each for each in given if isinstance(each, Score)]
    measurements = [each for each in given if isinstance(each, Measurement)]
    comparisons = [each for each in given if isinstance(each, Comparison)]
    try:
        inputs = collect(stage.id, stage.entrants, scores=scores, measurements=measurements, comparisons=comparisons)
        check_inputs(rules, inputs)
    except InputsIncompleteError:
        return  # of course: these are some of the scores, and completeness is asked at the decision
    except InputsRefusedError as error:
        first = error.violations[0]
        raise ScoreRefusedError(first.path, first.value, first.rule) from error

"""The one function that decides a stage: the same for the service, for staff and for a stranger who checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rules.completeness import check_inputs
from rules.decision import Decision, PartScore, Row, SeatCount
from rules.exact import fixed
from rules.loading import sha256_of
from rules.procedure import run_procedure
from rules.ranking import check_seed
from rules.scoring import score_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.document import RuleSet
    from rules.inputs import Inputs
    from rules.procedure import Course
    from rules.scoring import TeamScore


def decide(rule_set: RuleSet, inputs: Inputs) -> Decision:
    """The decision of a stage, byte for byte the same each time.

    Raises InputsRefusedError for inputs that no rule allows, InputsIncompleteError for what has not come yet.
    """
    check_inputs(rule_set, inputs)
    check_seed(rule_set, inputs)
    table = score_table(rule_set, inputs)
    course = run_procedure(rule_set, inputs, table)
    seats = rule_set.seats
    return Decision(
        format="dokpamo/decision/1",
        stage=rule_set.stage,
        rule_set=rule_set.id,
        rule_set_version=rule_set.version,
        rule_set_sha256=sha256_of(rule_set),
        inputs_sha256=inputs.sha256(),
        entered=inputs.entrants,
        table=_rows(rule_set, table, course.ranking),
        ranking=course.ranking,
        ties=course.ties,
        majorities=tuple(course.majorities),
        gates=tuple(sorted(course.gates, key=lambda each: (each.gate, each.team))),
        procedure=tuple(course.steps),
        advanced=tuple(course.standing),
        eliminated=tuple(course.out),
        seats=SeatCount(seats.planned, seats.minimum, seats.maximum, len(course.standing)),
        outcome=_outcome(course),
    )


def _outcome(course: Course) -> Literal["awarded", "below-minimum", "no-award"]:
    filled = len(course.standing)
    if filled < course.rule_set.seats.minimum:
        return "below-minimum"
    return "awarded" if filled else "no-award"


def _rows(rule_set: RuleSet, table: Mapping[str, TeamScore], ranking: tuple[str, ...]) -> tuple[Row, ...]:
    """Ranked teams first, then those that were out before the ranking, by name."""
    rest = sorted(set(table) - set(ranking))
    places = {team: place for place, team in enumerate(ranking, start=1)}
    return tuple(_row(rule_set, table[team], places.get(team)) for team in (*ranking, *rest))


def _row(rule_set: RuleSet, score: TeamScore, place: int | None) -> Row:
    digits = rule_set.rounding.digits
    parts = tuple(
        PartScore(
            part.id,
            fixed(score.parts[part.id], digits),
            score.working.get(part.id, ()),
            score.provenances[part.id],
        )
        for part in rule_set.every_part()
    )
    return Row(score.team, place, fixed(score.total, digits), parts, score.provenance)

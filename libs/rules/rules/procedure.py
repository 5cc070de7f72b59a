"""The steps between the table and the outcome, in the order that the rule set gives them.

Source: stage 1 of the model programme: rank all, cut the lowest, apply the gate to the rest, and a gate failure does
not lift the team that was cut. Added call: a majority of the panel first, then the one place by rank.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from rules.awarding import CutStep, GateStep, MajorityStep, MinimumScoreGate, RankStep, RefillStep, WildcardStep
from rules.completeness import InputsIncompleteError, Lacking, Missing
from rules.decision import Eliminated, GateResult, MajorityResult, ProcedureStep, TieStep
from rules.exact import exact, fixed, plain
from rules.ranking import rank
from rules.sources import SheetSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rules.awarding import Step
    from rules.document import RuleSet
    from rules.inputs import Inputs
    from rules.scoring import TeamScore


@dataclass(slots=True)
class Course:
    """How far the procedure has come: who stands (best first once ranked), who is out, and what was found.

    `cut` are the teams that are out by rank alone and may be taken back, best first; `applied` the gates so far.
    """

    rule_set: RuleSet
    inputs: Inputs
    table: Mapping[str, TeamScore]
    standing: list[str]
    ranking: tuple[str, ...] = ()
    out: list[Eliminated] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    ties: tuple[TieStep, ...] = ()
    majorities: list[MajorityResult] = field(default_factory=list)
    gates: list[GateResult] = field(default_factory=list)
    steps: list[ProcedureStep] = field(default_factory=list)


def run_procedure(rule_set: RuleSet, inputs: Inputs, table: Mapping[str, TeamScore]) -> Course:
    """The whole procedure.

    Raises InputsIncompleteError for a verdict or seed that a step needs and that is not there.
    """
    course = Course(rule_set, inputs, table, standing=sorted(table))
    for step in rule_set.procedure:
        before = tuple(course.standing)
        _take(step, course)
        course.steps.append(ProcedureStep(_name(step), before, tuple(course.standing)))
    return course


def _name(step: Step) -> str:
    match step:
        case GateStep():
            return f"gate:{step.gate}"
        case WildcardStep():
            return f"wildcard:{step.part}"
        case _:
            return step.step


def _take(step: Step, course: Course) -> None:
    match step:
        case MajorityStep():
            _majority(step, course)
        case RankStep():
            course.ranking, course.ties = rank(course.rule_set, course.inputs, course.table, course.standing)
            course.standing = list(course.ranking)
        case CutStep():
            _cut(step, course)
        case GateStep():
            _gate(step, course)
        case WildcardStep():
            _wildcard(step, course)
        case RefillStep():
            _take_back(course, course.cut, _seats(step, course) - len(course.standing))
        case _:
            assert_never(step)


def _majority(step: MajorityStep, course: Course) -> None:
    """More than the share of panellists, each of whom gave the full mark on every criterion named."""
    source = course.rule_set.source(step.source)
    table = course.inputs.sheet_table(step.source)
    if table is None or not isinstance(source, SheetSource):  # only where nobody entered: both were checked before
        return
    full = {each.id: each.maximum.scaleb(table.digits) for each in source.criteria}
    columns = [(table.criteria.index(name), full[name]) for name in step.criteria]
    for team in list(course.standing):
        rows = table.rows(team) or ()
        in_favour = sum(all(row[column] == mark for column, mark in columns) for row in rows)
        passed = Fraction(in_favour) > exact(step.share) * len(rows)
        course.majorities.append(MajorityResult(team, in_favour, len(rows), plain(step.share), passed))
        if not passed:
            course.standing.remove(team)
            course.out.append(Eliminated(team, "majority"))


def _cut(step: CutStep, course: Course) -> None:
    keep = _seats(step, course)
    course.cut = course.standing[keep:]
    course.standing = course.standing[:keep]
    course.out += [Eliminated(team, "rank") for team in course.cut]


def _seats(step: CutStep | RefillStep, course: Course) -> int:
    seats = course.rule_set.seats
    return seats.planned if step.keep == "planned" else seats.maximum


def _gate(step: GateStep, course: Course) -> None:
    gate = course.rule_set.gate(step.gate)
    results = _results(gate.id, course, course.standing)
    failed = [team for team in course.standing if not results[team].passed]
    course.standing = [team for team in course.standing if results[team].passed]
    course.out += [Eliminated(team, "gate", gate.id) for team in failed]
    course.gates += results.values()
    course.applied.append(gate.id)
    if gate.lifts:
        course.gates += _results(gate.id, course, course.cut).values()
        _take_back(course, course.cut, len(failed))


def _wildcard(step: WildcardStep, course: Course) -> None:
    """Those who were cut, by their points in one part; the ranking orders level ones."""
    points = {team: course.table[team].parts[step.part] for team in course.cut}
    enough = [team for team in course.cut if step.minimum is None or points[team] >= exact(step.minimum)]
    _take_back(course, sorted(enough, key=points.__getitem__, reverse=True), step.seats)


def _take_back(course: Course, candidates: Iterable[str], seats: int) -> None:
    """Seats the first candidates who pass every gate that was applied so far: nobody enters beside a gate."""
    taken: list[str] = []
    for team in candidates:
        if len(taken) < seats and all(_passed(gate, course, team) for gate in course.applied):
            taken.append(team)
    course.out = [each for each in course.out if each.team not in taken]
    course.cut = [team for team in course.cut if team not in taken]
    course.standing += taken


def _passed(gate: str, course: Course, team: str) -> bool:
    for found in course.gates:
        if (found.gate, found.team) == (gate, team):
            return found.passed
    result = _results(gate, course, [team])[team]
    course.gates.append(result)
    return result.passed


def _results(gate_id: str, course: Course, teams: list[str]) -> dict[str, GateResult]:
    gate = course.rule_set.gate(gate_id)
    if isinstance(gate, MinimumScoreGate):
        return {team: _minimum(gate, course, team) for team in teams}
    given = {each.team: each for each in course.inputs.verdicts if each.gate == gate.id}
    if missing := [Missing(Lacking.VERDICT, gate.id, (team,)) for team in teams if team not in given]:
        raise InputsIncompleteError(missing)
    return {
        team: GateResult(gate.id, team, each.passed, each.reason, each.evidence, each.judged_by)
        for team, each in given.items()
        if team in teams
    }


def _minimum(gate: MinimumScoreGate, course: Course, team: str) -> GateResult:
    score = course.table[team]
    points = score.total if gate.part == "total" else score.parts[gate.part]
    digits = course.rule_set.rounding.digits
    reason = f"{gate.part} {fixed(points, digits)}, minimum {plain(gate.minimum)}"
    return GateResult(gate.id, team, points >= exact(gate.minimum), reason, (), 0)

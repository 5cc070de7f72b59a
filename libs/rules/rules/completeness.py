"""Whether inputs may be decided on: nothing unknown, nothing off its scale, nothing missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING

from rules.awarding import CutStep, GateStep, VerdictGate
from rules.exact import plain
from rules.sources import CarriedSource, ComparisonSource, MeasurementSource, SheetSource
from rules.violations import InputsRefusedError, Violation, violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rules.document import RuleSet
    from rules.inputs import CarriedFigure, Inputs, Measurement, SheetTable
    from rules.sources import Criterion


class Lacking(StrEnum):
    """What kind of thing has not come."""

    ASSESSORS = "assessors"
    COMPARISONS = "comparisons"
    FIGURE = "figure"
    MEASUREMENT = "measurement"
    SCORE = "score"
    SCORES = "scores"
    SEED = "seed of the lot"
    SHEETS = "sheets"
    VERDICT = "verdict"


@dataclass(frozen=True, slots=True, order=True)
class Missing:
    """One thing that has not come: of a source or gate (of the rule set for a seed), of which teams, and so on.

    Where so many must be there that no single one can be named, `have` came of at least `need`; else both are 0.
    """

    what: Lacking
    source: str
    teams: tuple[str, ...] = ()
    assessor: str = ""
    criterion: str = ""
    have: int = 0
    need: int = 0

    def __str__(self) -> str:
        between = f"between {', '.join(self.teams)}" if len(self.teams) > 1 else "".join(self.teams)
        count = f"{self.have} of at least {self.need}" if self.need else ""
        told = (self.what, self.source, between, self.assessor, self.criterion, count)
        return " ".join(each for each in told if each)


class InputsIncompleteError(Exception):
    """Something that the rule set needs is missing; `missing` names each. Missing is never zero."""

    code = "INPUTS_INCOMPLETE"

    def __init__(self, missing: Iterable[Missing]) -> None:
        self.missing = tuple(missing)
        self.field, self.value = str(self.missing[0]), "nothing"
        self.rule = "every score and verdict that the rule set needs is there; missing is never zero"
        shown = "; ".join(str(each) for each in self.missing[:10])
        more = f" and {len(self.missing) - 10} more" if len(self.missing) > 10 else ""  # noqa: PLR2004 - as many as shown
        super().__init__(f"missing: {shown}{more}")


def check_inputs(rule_set: RuleSet, inputs: Inputs) -> None:
    """Raises InputsRefusedError for what no rule allows, then InputsIncompleteError for what is not there yet."""
    if refused := [
        *_stage(rule_set, inputs),
        *_sheets(rule_set, inputs),
        *_measurements(rule_set, inputs),
        *_carried(rule_set, inputs),
        *_comparisons(rule_set, inputs),
        *_verdicts(rule_set, inputs),
    ]:
        raise InputsRefusedError(refused)
    if missing := [*_missing_values(rule_set, inputs)]:
        raise InputsIncompleteError(missing)


def missing_of(rule_set: RuleSet, inputs: Inputs) -> tuple[Missing, ...]:
    """All that is known to be missing: scores, and verdicts of gates that come before the cut or judge everybody."""
    return (*_missing_values(rule_set, inputs), *_missing_verdicts(rule_set, inputs))


def _stage(rule_set: RuleSet, inputs: Inputs) -> Iterator[Violation]:
    if inputs.stage != rule_set.stage:
        yield violation("stage", inputs.stage, f"the inputs are of stage {rule_set.stage}", "STAGE_MISMATCH")


def _sheets(rule_set: RuleSet, inputs: Inputs) -> Iterator[Violation]:
    sources = {source.id: source for source in rule_set.sources if isinstance(source, SheetSource)}
    for table in inputs.sheets:
        path = f"sheets.{table.source}"
        source = sources.get(table.source)
        if source is None:
            yield violation(path, table.source, "the rule set declares this panel", "SOURCE_UNKNOWN")
            continue
        if len(table.assessors) > source.panel.planned:
            rule = f"at most {source.panel.planned} assessors"
            yield violation(path, len(table.assessors), rule, "PANEL_TOO_LARGE")
        yield from _unknown_teams(path, (team for team, _ in table.cells), inputs)
        yield from _scales(path, source.criteria, table)


def _scales(path: str, criteria: Sequence[Criterion], table: SheetTable) -> Iterator[Violation]:
    known = {criterion.id: criterion for criterion in criteria}
    for index, name in enumerate(table.criteria):
        criterion = known.get(name)
        if criterion is None:
            yield violation(f"{path}.{name}", name, "the rule set declares this criterion", "CRITERION_UNKNOWN")
            continue
        allowed: set[int | None] = {None}  # values seen to be on the scale
        for team, columns in table.different.items():
            new = columns[index] - allowed
            allowed |= {cell for cell in new if _on_scale(_unscaled(cell, table), criterion)}
            if not allowed >= new:
                yield from _off_scale(f"{path}.{team}.{name}", criterion, table, table.columns[team][index])


def _off_scale(path: str, criterion: Criterion, table: SheetTable, column: Sequence[int | None]) -> Iterator[Violation]:
    for assessor, cell in zip(table.assessors, column, strict=True):
        if cell is not None:
            yield from _value(f"{path}.{assessor}", _unscaled(cell, table), criterion)


def _unscaled(cell: int | None, table: SheetTable) -> Decimal:
    return Decimal(cell or 0).scaleb(-table.digits)


def _on_scale(value: Decimal, criterion: Criterion) -> bool:
    scaled = value.scaleb(criterion.digits)
    return criterion.minimum <= value <= criterion.maximum and scaled == scaled.to_integral_value()


def _value(path: str, value: Decimal, criterion: Criterion) -> Iterator[Violation]:
    if not _on_scale(value, criterion):
        low, high = plain(criterion.minimum), plain(criterion.maximum)
        rule = f"from {low} to {high} with at most {criterion.digits} digits"
        yield violation(path, plain(value), rule, "VALUE_OFF_SCALE")


def _measurements(rule_set: RuleSet, inputs: Inputs) -> Iterator[Violation]:
    sources = {source.id: source for source in rule_set.sources if isinstance(source, MeasurementSource)}
    for each in inputs.measurements:
        path = f"measurements.{each.source}.{each.team}.{each.criterion}"
        source = sources.get(each.source)
        if source is None:
            yield violation(path, each.source, "the rule set declares this source of measurements", "SOURCE_UNKNOWN")
        else:
            yield from _figure(path, each, source.criteria, inputs)


def _carried(rule_set: RuleSet, inputs: Inputs) -> Iterator[Violation]:
    sources = {source.id: source for source in rule_set.sources if isinstance(source, CarriedSource)}
    decisions: dict[str, str] = {}
    for each in inputs.carried:
        path = f"carried.{each.source}.{each.team}.{each.criterion}"
        source = sources.get(each.source)
        if source is None:
            yield violation(path, each.source, "the rule set carries figures over by this source", "SOURCE_UNKNOWN")
            continue
        if each.stage != source.stage:
            yield violation(path, each.stage, f"the figures are of stage {source.stage}", "STAGE_MISMATCH")
        if decisions.setdefault(each.source, each.decision_sha256) != each.decision_sha256:
            yield violation(path, each.decision_sha256, "all figures are of one decision", "CARRIED_FROM_TWO_DECISIONS")
        yield from _figure(path, each, source.criteria, inputs)


def _figure(
    path: str, each: Measurement | CarriedFigure, criteria: Sequence[Criterion], inputs: Inputs
) -> Iterator[Violation]:
    yield from _unknown_teams(path, [each.team], inputs)
    criterion = {one.id: one for one in criteria}.get(each.criterion)
    if criterion is None:
        yield violation(path, each.criterion, "the rule set declares this criterion", "CRITERION_UNKNOWN")
    else:
        yield from _value(path, each.value, criterion)


def _comparisons(rule_set: RuleSet, inputs: Inputs) -> Iterator[Violation]:
    sources = {source.id: source for source in rule_set.sources if isinstance(source, ComparisonSource)}
    for source in sources.values():
        assessors = {each.assessor for each in inputs.comparisons if each.source == source.id}
        if len(assessors) > source.panel.planned:
            rule = f"at most {source.panel.planned} assessors"
            yield violation(f"comparisons.{source.id}", len(assessors), rule, "PANEL_TOO_LARGE")
    for each in inputs.comparisons:
        path = f"comparisons.{each.source}.{each.assessor}.{each.item}"
        if each.source not in sources:
            yield violation(path, each.source, "the rule set declares this source of comparisons", "SOURCE_UNKNOWN")
            continue
        yield from _unknown_teams(path, [each.first, each.second], inputs)
        if not each.winner and not sources[each.source].ties_allowed:
            yield violation(path, "a tie", "one of the two is better: the rule set allows no tie", "TIE_NOT_ALLOWED")


def _verdicts(rule_set: RuleSet, inputs: Inputs) -> Iterator[Violation]:
    gates = {gate.id: gate for gate in rule_set.gates if isinstance(gate, VerdictGate)}
    for each in inputs.verdicts:
        path = f"verdicts.{each.gate}.{each.team}"
        gate = gates.get(each.gate)
        if gate is None:
            yield violation(path, each.gate, "the rule set declares this gate as judged by people", "GATE_UNKNOWN")
            continue
        yield from _unknown_teams(path, [each.team], inputs)
        if each.judged_by < gate.quorum:
            yield violation(path, each.judged_by, f"at least {gate.quorum} people judge", "QUORUM_MISSED")
        if not each.reason:
            yield violation(path, "no reason", "a verdict has a reason", "REASON_MISSING")


def _unknown_teams(path: str, teams: Iterable[str], inputs: Inputs) -> Iterator[Violation]:
    for team in teams:
        if team not in inputs.entrants:
            yield violation(path, team, "the team entered this stage", "TEAM_UNKNOWN")


def _missing_values(rule_set: RuleSet, inputs: Inputs) -> Iterator[Missing]:
    yield from _missing_sheets(rule_set, inputs)
    yield from _missing_figures(rule_set, inputs)
    yield from _missing_comparisons(rule_set, inputs)


def _missing_sheets(rule_set: RuleSet, inputs: Inputs) -> Iterator[Missing]:
    for source in rule_set.sources:
        if not isinstance(source, SheetSource) or not inputs.entrants:
            continue
        table = inputs.sheet_table(source.id)
        count = len(table.assessors) if table else 0
        if table is None or count < source.panel.minimum:
            yield Missing(Lacking.ASSESSORS, source.id, have=count, need=source.panel.minimum)
        if table is not None:
            yield from _gaps(source, table, inputs)


def _gaps(source: SheetSource, table: SheetTable, inputs: Inputs) -> Iterator[Missing]:
    absent = [criterion.id for criterion in source.criteria if criterion.id not in table.criteria]
    rows_of = dict(table.cells)
    for team in inputs.entrants:
        rows = rows_of.get(team)
        if rows is None:
            yield Missing(Lacking.SHEETS, source.id, (team,))
            continue
        yield from (Missing(Lacking.SCORES, source.id, (team,), criterion=name) for name in absent)
        if any(None in column for column in table.different[team]):
            for assessor, row in zip(table.assessors, rows, strict=True):
                holes = (name for name, cell in zip(table.criteria, row, strict=True) if cell is None)
                yield from (Missing(Lacking.SCORE, source.id, (team,), assessor, name) for name in holes)


def _missing_figures(rule_set: RuleSet, inputs: Inputs) -> Iterator[Missing]:
    present = {(each.source, each.team, each.criterion) for each in inputs.figures()}
    for source in rule_set.sources:
        if isinstance(source, MeasurementSource | CarriedSource):
            what = Lacking.MEASUREMENT if isinstance(source, MeasurementSource) else Lacking.FIGURE
            for team in inputs.entrants:
                for criterion in source.criteria:
                    if (source.id, team, criterion.id) not in present:
                        yield Missing(what, source.id, (team,), criterion=criterion.id)


def _missing_comparisons(rule_set: RuleSet, inputs: Inputs) -> Iterator[Missing]:
    for source in rule_set.sources:
        if not isinstance(source, ComparisonSource) or len(inputs.entrants) <= 1:  # one team has no other
            continue
        compared = [each for each in inputs.comparisons if each.source == source.id]
        count = len({each.assessor for each in compared})
        if count < source.panel.minimum:
            yield Missing(Lacking.ASSESSORS, source.id, have=count, need=source.panel.minimum)
        pairs = Counter((each.first, each.second) for each in compared)
        for first, second in combinations(inputs.entrants, 2):
            if pairs[first, second] < source.per_pair:
                found, teams = pairs[first, second], (first, second)
                yield Missing(Lacking.COMPARISONS, source.id, teams, have=found, need=source.per_pair)


def _missing_verdicts(rule_set: RuleSet, inputs: Inputs) -> Iterator[Missing]:
    judged = {(each.gate, each.team) for each in inputs.verdicts}
    after_cut = False
    for step in rule_set.procedure:
        after_cut = after_cut or isinstance(step, CutStep)
        gate = rule_set.gate(step.gate) if isinstance(step, GateStep) else None
        if isinstance(gate, VerdictGate) and (gate.lifts or not after_cut):
            for team in inputs.entrants:
                if (gate.id, team) not in judged:
                    yield Missing(Lacking.VERDICT, gate.id, (team,))

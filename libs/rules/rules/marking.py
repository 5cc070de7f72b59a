"""Where each part's points come from: the weakest provenance of what flowed into them, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.formulas import Comparing, RatioToTarget
from rules.inputs import weakest
from rules.sources import ComparisonSource, SheetSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.document import Part, RuleSet
    from rules.inputs import Inputs, Provenance

Given = dict[tuple[str, str, str], "Provenance"]


def part_provenances(rule_set: RuleSet, inputs: Inputs) -> dict[str, dict[str, Provenance]]:
    """By team and part: the weakest mark of the values that its points were computed from; the inputs are complete.

    Another team's values count where the points depend on them, and a target's. Verdicts give no points.
    """
    given = {(each.source, each.team, each.criterion): each.provenance for each in inputs.figures()}
    marks: dict[str, dict[str, Provenance]] = {team: {} for team in inputs.entrants}
    for part in reversed(rule_set.every_part()):  # what is below a part comes before it
        for team, mark in _of(rule_set, part, inputs, given, marks).items():
            marks[team][part.id] = mark
    return marks


def team_provenances(inputs: Inputs) -> dict[str, Provenance]:
    """The weakest mark of all that was given about each team, verdicts too."""
    marks: dict[str, list[Provenance]] = {team: [] for team in inputs.entrants}
    for table in inputs.sheets:
        for team, _ in table.cells:
            marks[team].append(table.provenance)
    for figure in inputs.figures():
        marks[figure.team].append(figure.provenance)
    for verdict in inputs.verdicts:
        marks[verdict.team].append(verdict.provenance)
    for comparison in inputs.comparisons:
        marks[comparison.first].append(comparison.provenance)
        marks[comparison.second].append(comparison.provenance)
    return {team: weakest(found) for team, found in marks.items()}


def _of(
    rule_set: RuleSet, part: Part, inputs: Inputs, given: Given, below: Mapping[str, Mapping[str, Provenance]]
) -> dict[str, Provenance]:
    """The marks of one part by team."""
    if part.parts:
        return {team: weakest(below[team][each.id] for each in part.parts) for team in inputs.entrants}
    source = rule_set.source(part.source or "")
    if isinstance(source, ComparisonSource):  # every comparison moves every strength
        compared = (each.provenance for each in inputs.comparisons if each.source == source.id)
        return dict.fromkeys(inputs.entrants, weakest(compared))
    if isinstance(source, SheetSource):
        sheets = inputs.sheet_table(source.id)
        return {} if sheets is None else dict.fromkeys(inputs.entrants, sheets.provenance)
    sources = [source.id, *(step.target for step in part.steps if isinstance(step, RatioToTarget))]
    names = part.criteria or tuple(each.id for each in source.criteria)
    marks = {team: weakest(given[each, team, name] for each in sources for name in names) for team in inputs.entrants}
    if any(isinstance(step, Comparing) for step in part.steps):
        marks = dict.fromkeys(marks, weakest(marks.values()))
    return marks

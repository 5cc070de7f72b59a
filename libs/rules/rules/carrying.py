"""Carry-over: figures of an earlier stage's decision as inputs of this one, bound to that decision by its hash.

Source: design page "Selection and notary", "Stages and gates": an added round with its own window, rules, eligibility
and carry-over.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rules.inputs import CarriedFigure
from rules.sources import CarriedSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rules.decision import Decision, Row
    from rules.document import RuleSet
    from rules.inputs import Provenance


def carry(rule_set: RuleSet, entrants: Iterable[str], earlier: Mapping[str, Decision]) -> tuple[CarriedFigure, ...]:
    """What the rule set carries over for these teams from the earlier stages' decisions, by stage.

    A team or part that an earlier decision does not have, and a stage that is not decided, gives no figure: it is then
    missing, and never zero.
    """
    teams = frozenset(entrants)
    return tuple(
        figure
        for source in rule_set.sources
        if isinstance(source, CarriedSource) and source.stage in earlier
        for figure in _of_source(source, teams, earlier[source.stage])
    )


def _of_source(source: CarriedSource, teams: frozenset[str], decision: Decision) -> Iterator[CarriedFigure]:
    sha256 = decision.sha256()
    for row in decision.table:
        figures = _figures(row)
        for criterion in source.criteria:
            if row.team in teams and criterion.id in figures:
                points, mark = figures[criterion.id]
                yield CarriedFigure(source.id, source.stage, sha256, row.team, criterion.id, Decimal(points), mark)


def _figures(row: Row) -> dict[str, tuple[str, Provenance]]:
    """A row's published figures by part, `total` for the whole, each with its mark."""
    parts = {part.part: (part.points, part.provenance) for part in row.parts}
    return {**parts, "total": (row.total, row.provenance_of_points())}

"""Made-up inputs for a rule set that has none yet: the same ones for the same rule set, all marked synthetic.

They show how a rule set behaves, not how a programme will end: staff who have past scores use those.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from rules.collecting import collect
from rules.completeness import InputsIncompleteError
from rules.deciding import decide
from rules.document import CarriedSource, ComparisonSource, MeasurementSource, SheetSource, VerdictGate
from rules.exact import exact, fixed
from rules.inputs import CarriedFigure, Comparison, Inputs, Measurement, Provenance, Score, Verdict
from rules.loading import sha256_of
from rules.violations import InputsRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.document import Criterion, RuleSet

_MADE_UP = Provenance.SYNTHETIC
_TRIES = 20


class _Draw(NamedTuple):
    """Numbers from 0 to 1 that follow from the rule set's hash and the names of what is drawn for."""

    seed: str

    def unit(self, *names: object) -> Fraction:
        text = "\n".join(map(str, (self.seed, *names)))
        return Fraction(int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]), 2**48)

    def quality(self, team: str, *names: object) -> Fraction:
        """Half the team's general quality and half what is drawn for this value, in the upper part of a scale."""
        return (1 + self.unit(team) + self.unit(team, *names)) / 3


def made_up_inputs(rule_set: RuleSet, teams: int | None = None) -> Inputs:
    """Inputs on which the rule set can be decided, of `teams` entrants (two more than seats, if not said).

    Raises InputsRefusedError or InputsIncompleteError where none of some draws can be decided.
    """
    names = [f"team-{number:02}" for number in range(1, (teams or rule_set.seats.planned + 2) + 1)]
    for number in range(_TRIES):
        inputs = _inputs(rule_set, names, _Draw(f"{sha256_of(rule_set)} {number}"))
        try:
            decide(rule_set, inputs)
        except (InputsRefusedError, InputsIncompleteError):
            if number == _TRIES - 1:  # a lot that nobody can draw yet, or an operator without an answer
                raise
        else:
            break
    return inputs


def _inputs(rule_set: RuleSet, teams: list[str], draw: _Draw) -> Inputs:
    scores: list[Score] = []
    measurements: list[Measurement] = []
    comparisons: list[Comparison] = []
    carried: list[CarriedFigure] = []
    for source in rule_set.sources:
        match source:
            case SheetSource():
                scores += _scores(source, teams, draw)
            case MeasurementSource():
                for team in teams:
                    for each in source.criteria:
                        value = _value(each, draw.quality(team, source.id, each.id))
                        measurements.append(Measurement(source.id, team, each.id, value, _MADE_UP))
            case CarriedSource():
                for team in teams:
                    for each in source.criteria:
                        value = _value(each, draw.quality(team, source.id, each.id))
                        carried.append(CarriedFigure(source.id, source.stage, "", team, each.id, value, _MADE_UP))
            case ComparisonSource():
                comparisons += _comparisons(source, teams, draw)
    gates = [gate for gate in rule_set.gates if isinstance(gate, VerdictGate)]
    return collect(
        rule_set.stage,
        teams,
        scores=scores,
        measurements=measurements,
        verdicts=[
            Verdict(
                gate.id, team, passed=True, reason="made up", evidence=(), judged_by=gate.quorum, provenance=_MADE_UP
            )
            for gate in gates
            for team in teams
        ],
        comparisons=comparisons,
        carried=carried,
    )


def _scores(source: SheetSource, teams: list[str], draw: _Draw) -> Iterator[Score]:
    for number in range(1, source.panel.planned + 1):
        assessor = f"assessor-{number:03}"
        for team in teams:
            for each in source.criteria:
                value = _value(each, draw.quality(team, source.id, assessor, each.id))
                yield Score(source.id, assessor, team, each.id, value, _MADE_UP)


def _comparisons(source: ComparisonSource, teams: list[str], draw: _Draw) -> Iterator[Comparison]:
    assessors = [f"assessor-{number:03}" for number in range(1, source.panel.planned + 1)]
    rounds = max(len(assessors), source.per_pair)
    for first, second in combinations(teams, 2):
        for number in range(rounds):
            assessor, item = assessors[number % len(assessors)], f"item-{number // len(assessors) + 1:03}"
            names = (source.id, assessor, item)
            better = draw.quality(first, second, *names) >= draw.quality(second, first, *names)
            winner = first if better else second
            yield Comparison(source.id, assessor, item, first, second, winner, _MADE_UP)


def _value(criterion: Criterion, share: Fraction) -> Decimal:
    low, high = exact(criterion.minimum), exact(criterion.maximum)
    value = Decimal(fixed(low + (high - low) * share, criterion.digits))
    return min(max(value, criterion.minimum), criterion.maximum)

"""Order of the teams: by total, then by the tie chain, whose last link is a lot from a committed seed."""

from __future__ import annotations

import hashlib
from itertools import groupby
from typing import TYPE_CHECKING

from rules.completeness import InputsIncompleteError, Lacking, Missing
from rules.decision import TieStep
from rules.document import LotTie
from rules.violations import InputsRefusedError, violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from fractions import Fraction

    from rules.document import RuleSet, Tie
    from rules.inputs import Inputs
    from rules.scoring import TeamScore


def rank(
    rule_set: RuleSet,
    inputs: Inputs,
    table: Mapping[str, TeamScore],
    teams: Iterable[str],
) -> tuple[tuple[str, ...], tuple[TieStep, ...]]:
    """The teams best first, and every use of the tie chain.

    Raises InputsIncompleteError when a lot is needed and its seed was not revealed, InputsRefusedError when the seed is
    not the one committed to.
    """
    check_seed(rule_set, inputs)
    uses: list[TieStep] = []
    order: list[str] = []
    for level in _levels(teams, lambda team: table[team].total):
        order += _settle(level, rule_set.ties, rule_set, inputs, table, uses)
    return tuple(order), tuple(uses)


def check_seed(rule_set: RuleSet, inputs: Inputs) -> None:
    """Raises InputsRefusedError if a revealed seed does not hash to the rule set's commitment."""
    lot = rule_set.ties[-1]
    if inputs.seed is None or not isinstance(lot, LotTie):
        return
    found = hashlib.sha256(inputs.seed.encode()).hexdigest()
    if found != lot.seed_sha256:
        rule = f"the seed's SHA-256 is the committed {lot.seed_sha256}"
        raise InputsRefusedError([violation("seed", found, rule, "SEED_NOT_COMMITTED")])


def _settle(
    level: Sequence[str],
    chain: tuple[Tie, ...],
    rule_set: RuleSet,
    inputs: Inputs,
    table: Mapping[str, TeamScore],
    uses: list[TieStep],
) -> list[str]:
    """The order of teams that are level so far, by the rest of the chain."""
    if len(level) == 1:
        return list(level)
    tie, rest = chain[0], chain[1:]
    if isinstance(tie, LotTie):
        order = sorted(level, key=_lot(rule_set, inputs, level))
        uses.append(TieStep(tuple(sorted(level)), "lot", tuple(order)))
        return order
    parts = {team: table[team].parts[tie.part] for team in level}
    levels = _levels(level, parts.__getitem__)
    uses.append(TieStep(tuple(sorted(level)), f"part:{tie.part}", tuple(team for each in levels for team in each)))
    return [team for each in levels for team in _settle(each, rest, rule_set, inputs, table, uses)]


def _levels(teams: Iterable[str], points: Callable[[str], Fraction]) -> list[list[str]]:
    """Teams grouped by equal points, most points first, by name within a group."""
    ordered = sorted(sorted(teams), key=points, reverse=True)
    return [sorted(group) for _, group in groupby(ordered, key=points)]


def _lot(rule_set: RuleSet, inputs: Inputs, level: Sequence[str]) -> Callable[[str], str]:
    seed = inputs.seed
    if seed is None:
        raise InputsIncompleteError([Missing(Lacking.SEED, rule_set.id, tuple(sorted(level)))])
    return lambda team: hashlib.sha256(f"{seed}\n{rule_set.id}\n{team}".encode()).hexdigest()

"""Every decision that a small rule set can come to: what an attacker who may try all of them has to choose from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import rules

if TYPE_CHECKING:
    from rules import Decision, Inputs, RuleSet

_SEEDS = tuple(f"seed {number}" for number in (0, 2, 5, 6, 8, 14))
"""One for each order of three teams that can come out of a lot; a test looks."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A rule set: leaf parts with their most units, in units of 10^-digits; `nested` puts all but the last in a branch.

    A `minimum` is a gate on the first leaf, `verdict` one that people judge, after the cut or before it (`gate_first`).
    """

    teams: tuple[str, ...]
    most: tuple[int, ...]
    digits: int = 0
    nested: bool = False
    minimum: int | None = None
    verdict: bool = False
    gate_first: bool = False
    seats: int = 1


@dataclass(frozen=True, slots=True)
class Case:
    """A possible decision under its rule set."""

    rule_set: RuleSet = field(repr=False)
    inputs: Inputs = field(repr=False)
    decision: Decision = field(repr=False)
    table: tuple[tuple[int, ...], ...]
    """Units of every team in every leaf."""


@cache
def every_case(shape: Shape) -> tuple[Case, ...]:
    """All tables of points, and of tables that need a lot every order that a lot can give."""
    by_seed = [_rule_set(shape, seed) for seed in _SEEDS]
    cases: list[Case] = []
    one_team = list(product(*(range(most + 1) for most in shape.most)))
    for table in product(one_team, repeat=len(shape.teams)):
        judged = product((True, False), repeat=len(shape.teams) if shape.verdict else 0)
        for verdicts in judged:
            orders: set[tuple[str, ...]] = set()
            for rule_set, seed in zip(by_seed, _SEEDS, strict=True):
                level = len({(sum(row), row[0]) for row in table}) < len(table)
                inputs = _inputs(shape, table, verdicts, seed if level else None)
                decision = rules.decide(rule_set, inputs)
                if decision.ranking not in orders:
                    orders.add(decision.ranking)
                    cases.append(Case(rule_set, inputs, decision, table))
                if inputs.seed is None:
                    break
    return tuple(cases)


def _inputs(shape: Shape, table: tuple[tuple[int, ...], ...], verdicts: tuple[bool, ...], seed: str | None) -> Inputs:
    unit = Decimal(1).scaleb(-shape.digits)
    return rules.collect(
        "small",
        shape.teams,
        measurements=[
            rules.Measurement(f"s{number}", team, "value", units * unit)
            for team, row in zip(shape.teams, table, strict=True)
            for number, units in enumerate(row)
        ],
        verdicts=[
            rules.Verdict("judged", team, passed, "seen", (), 1)
            for team, passed in zip(shape.teams, verdicts, strict=False)
        ],
        seed=seed,
    )


def _rule_set(shape: Shape, seed: str) -> RuleSet:
    unit = Decimal(1).scaleb(-shape.digits)
    points = [most * unit for most in shape.most]
    leaves = [
        f"{{id: p{number}, title: {{ko: 부분, en: Part}}, points: {each}, source: s{number}, steps: ["
        f"{{operator: sum, over: criteria}}, {{operator: round, digits: {shape.digits}}}]}}"
        for number, each in enumerate(points)
    ]
    if shape.nested:
        inner = sum(points[:-1], Decimal(0))
        branch = f"{{id: branch, title: {{ko: 묶음, en: Branch}}, points: {inner}, parts: [{', '.join(leaves[:-1])}]}}"
        leaves = [branch, leaves[-1]]
    sources = [
        f"{{kind: measurements, id: s{number}, title: {{ko: 측정, en: Measured}}, provider: lab, criteria: ["
        f"{{id: value, title: {{ko: 값, en: Value}}, minimum: 0, maximum: {each}, digits: {shape.digits}}}]}}"
        for number, each in enumerate(points)
    ]
    gate, step = "", ""
    if shape.minimum is not None:
        least = shape.minimum * unit
        gate = (
            f"gates: [{{kind: minimum-score, id: floor, title: {{ko: 하한, en: Floor}}, part: p0, minimum: {least}, "
            "lifts: false}]"
        )
        step = ", {step: gate, gate: floor}"
    if shape.verdict:
        gate = "gates: [{kind: verdict, id: judged, title: {ko: 판정, en: Judged}, quorum: 1, lifts: false}]"
        step = ", {step: gate, gate: judged}"
    cut = ", {step: cut, keep: planned}"
    steps = f"{{step: rank}}{step}{cut}" if shape.gate_first else f"{{step: rank}}{cut}{step}"
    committed = hashlib.sha256(seed.encode()).hexdigest()
    day = "2026-01-0{}T00:00:00+09:00"
    return rules.load_rule_set(f"""
format: dokpamo/rule-set/1
id: small
version: 1
stage: small
title: {{ko: 시험, en: Trial}}
zone: Asia/Seoul
dates: {{published: {day.format(1)}, opens: {day.format(2)}, closes: {day.format(3)}, decides: {day.format(3)}}}
seats: {{planned: {shape.seats}, minimum: 0, maximum: {shape.seats}}}
eligibility: {{newcomers_may_apply: true}}
points: {sum(points, Decimal(0))}
rounding: {{mode: half-up, digits: {shape.digits}}}
sources: [{", ".join(sources)}]
parts: [{", ".join(leaves)}]
{gate}
procedure: [{steps}]
ties: [{{by: part, part: p0}}, {{by: lot, seed_sha256: {committed}}}]
objections: {{days: 0, early_close: never}}
disclosure: {{}}
consequences: {{elimination: {{forfeits: [], keeps: []}}}}
changes: {{consent: none-before-opening}}
""")

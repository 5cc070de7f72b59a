"""Small rule sets with what the model case has not: minimums in parts, comparisons, figures carried over."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import rules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

SEED = "the league's seed"


def framed(name: str, ko: str, en: str, *, planned: int, first: str, seed: str, rest: str) -> str:
    """A rule set of a final with a panel and a measured speed; `rest` follows these sources, `first` breaks ties."""
    lot = hashlib.sha256(seed.encode()).hexdigest()
    return f"""
format: dokpamo/rule-set/1
id: {name}
version: 1
stage: final
title: {{ko: {ko}, en: {en}}}
zone: Asia/Seoul
dates:
  published: 2026-01-01T00:00:00+09:00
  opens: 2026-01-02T00:00:00+09:00
  closes: 2026-01-03T00:00:00+09:00
  decides: 2026-01-03T00:00:00+09:00
seats: {{planned: {planned}, minimum: 0, maximum: 2}}
eligibility: {{newcomers_may_apply: true}}
points: 10
rounding: {{mode: half-up, digits: 1}}
sources:
  - kind: sheets
    id: panel
    title: {{ko: 평가단, en: Panel}}
    provider: panel
    panel: {{planned: 3, minimum: 2}}
    criteria: [{{id: quality, title: {{ko: 품질, en: Quality}}, minimum: 0, maximum: 5}}]
  - kind: measurements
    id: test
    title: {{ko: 시험, en: Test}}
    provider: lab
    criteria: [{{id: speed, title: {{ko: 속도, en: Speed}}, minimum: 0, maximum: 100, digits: 1}}]
{rest}ties: [{{by: part, part: {first}}}, {{by: lot, seed_sha256: {lot}}}]
objections: {{days: 10, early_close: never}}
disclosure: {{profile: full}}
consequences: {{elimination: {{forfeits: [], keeps: []}}}}
changes: {{consent: none-before-opening}}
"""


LEAGUE = (
    framed(
        "league",
        "리그",
        "League",
        planned=2,
        first="build",
        seed=SEED,
        rest="""  - kind: measurements
    id: hours
    title: {ko: 시간, en: Hours}
    provider: lab
    criteria: [{id: effort, title: {ko: 노력, en: Effort}, minimum: 0, maximum: 4, digits: 1}]
parts:
  - id: build
    title: {ko: 결과물, en: Build}
    points: 6
    parts:
      - id: quality
        title: {ko: 품질, en: Quality}
        points: 5
        source: panel
        steps: [{operator: sum, over: criteria}, {operator: mean, over: assessors}, {operator: round, digits: 1}]
      - id: speed
        title: {ko: 속도, en: Speed}
        points: 1
        source: test
        steps:
          - {operator: sum, over: criteria}
          - {operator: linear, points: 1, scale: 100}
          - {operator: round, digits: 1}
  - id: effort
    title: {ko: 노력, en: Effort}
    points: 4
    source: hours
    steps: [{operator: sum, over: criteria}, {operator: round, digits: 1}]
gates:
  - {kind: minimum-score, id: floor, title: {ko: 최저 점수, en: Floor}, part: total, minimum: 4, lifts: true}
  - {kind: minimum-score, id: pace, title: {ko: 속도 하한, en: Pace}, part: speed, minimum: 0.2, lifts: false}
  - {kind: minimum-score, id: work, title: {ko: 결과물 하한, en: Work}, part: build, minimum: 1.5, lifts: true}
procedure:
  - {step: rank}
  - {step: cut, keep: planned}
  - {step: gate, gate: floor}
  - {step: gate, gate: pace}
  - {step: gate, gate: work}
""",
    )
    + """references: ["made up for tests"]
"""
)


DUEL = (
    (
        LEAGUE[: LEAGUE.index("sources:")].replace("league", "duel")
        + f"""
sources:
  - kind: comparisons
    id: arena
    title: {{ko: 맞대결, en: Arena}}
    provider: judges
    panel: {{planned: 3, minimum: 2}}
    ties_allowed: true
    per_pair: 2
  - kind: carried
    id: before
    title: {{ko: 앞 단계, en: Before}}
    stage: qualifying
    criteria: [{{id: total, title: {{ko: 총점, en: Total}}, minimum: 0, maximum: 100, digits: 1}}]
parts:
  - id: arena
    title: {{ko: 맞대결, en: Arena}}
    points: 6
    source: arena
    steps:
      - {{operator: bradley_terry, digits: 6, iterations: 1000, prior: 0.5, result: win-share}}
      - {{operator: linear, points: 6, scale: 1}}
      - {{operator: round, digits: 1}}
  - id: before
    title: {{ko: 앞 단계, en: Before}}
    points: 4
    source: before
    steps:
      - {{operator: sum, over: criteria}}
      - {{operator: percentile, per: [], ties: average, points: 4}}
      - {{operator: round, digits: 1}}
gates:
  - {{kind: verdict, id: safety, title: {{ko: 안전, en: Safety}}, quorum: 2, lifts: false}}
procedure:
  - {{step: rank}}
  - {{step: cut, keep: planned}}
  - {{step: gate, gate: safety}}
  - {{step: wildcard, seats: 1, part: arena, minimum: 1.5}}
ties: [{{by: part, part: arena}}, {{by: lot, seed_sha256: {hashlib.sha256(SEED.encode()).hexdigest()}}}]
objections: {{days: 10, early_close: never}}
disclosure: {{profile: full}}
consequences: {{elimination: {{forfeits: [], keeps: []}}}}
changes: {{consent: none-before-opening}}
"""
    )
    .replace("{newcomers_may_apply: true}", "{advanced_from: [qualifying]}")
    .replace("maximum: 2", "maximum: 3", 1)
)
ARENA = (
    (
        DUEL[: DUEL.index("  - kind: carried")]
        + DUEL[DUEL.index("parts:") : DUEL.index("  - id: before\n    title: {ko: 앞 단계, en: Before}\n    points")]
        + DUEL[DUEL.index("gates:") :]
    )
    .replace("{advanced_from: [qualifying]}", "{newcomers_may_apply: true}")
    .replace("points: 10\n", "points: 6\n", 1)
    .replace("id: duel", "id: arena", 1)
)
"""Decided by comparisons of two alone, after a gate."""
DUEL_TABLE = """source,assessor,team,criterion,value,against,reason,judged_by
arena,judge-1,ant,q1,win,bee
arena,judge-1,bee,q1,win,cat
arena,judge-1,ant,q1,win,cat
arena,judge-2,ant,q1,loss,bee
arena,judge-2,cat,q1,tie,bee
arena,judge-2,ant,q1,win,cat
arena,judge-3,ant,q1,win,bee
arena,judge-3,cat,q1,loss,bee
arena,judge-3,ant,q1,tie,cat
before,,ant,total,61.5
before,,bee,total,82
before,,cat,total,75.5
safety,,ant,verdict,pass,,examined,2
safety,,bee,verdict,pass,,examined,2
safety,,cat,verdict,pass,,examined,2
"""


@cache
def duel() -> rules.RuleSet:
    """Comparisons of two, a figure carried over, a verdict and a wildcard."""
    return rules.load_rule_set(DUEL)


@cache
def league() -> rules.RuleSet:
    """Two parts, one of them a branch of two, and three minimums."""
    return rules.load_rule_set(LEAGUE)


def league_inputs(speed: Sequence[int], quality: Sequence[int], effort: Sequence[Fraction]) -> rules.Inputs:
    """Inputs of as many teams as there are values: `team-0`, `team-1`, …; two assessors agree on each."""
    teams = [f"team-{number}" for number in range(len(speed))]
    hours = [Decimal(value.numerator) / Decimal(value.denominator) for value in effort]
    return rules.collect(
        "final",
        teams,
        scores=[
            rules.Score("panel", assessor, team, "quality", Decimal(value))
            for team, value in zip(teams, quality, strict=True)
            for assessor in ("p1", "p2")
        ],
        measurements=[
            *(
                rules.Measurement("test", team, "speed", Decimal(value))
                for team, value in zip(teams, speed, strict=True)
            ),
            *(rules.Measurement("hours", team, "effort", value) for team, value in zip(teams, hours, strict=True)),
        ],
        seed=SEED,
    )

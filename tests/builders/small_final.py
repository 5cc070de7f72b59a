"""A small rule set of two teams: a panel, a measurement, a gate that people judge, one seat."""

from __future__ import annotations

from decimal import Decimal

import rules

from tests.builders.rule_sets import framed

SEED = "a seed that was committed beforehand"
TEXT = framed(
    "small",
    "시험",
    "Trial",
    planned=1,
    first="quality",
    seed=SEED,
    rest="""parts:
  - id: quality
    title: {ko: 품질, en: Quality}
    points: 5
    source: panel
    steps: [{operator: sum, over: criteria}, {operator: mean, over: assessors}, {operator: round, digits: 1}]
  - id: speed
    title: {ko: 속도, en: Speed}
    points: 5
    source: test
    steps:
      - {operator: sum, over: criteria}
      - {operator: linear, points: 5, scale: 100}
      - {operator: round, digits: 1}
gates:
  - {kind: verdict, id: safety, title: {ko: 안전, en: Safety}, quorum: 2, lifts: false}
procedure: [{step: rank}, {step: cut, keep: planned}, {step: gate, gate: safety}]
""",
).replace("forfeits: [], keeps: []", "forfeits: [gpu], keeps: [data]")
RULES = rules.load_rule_set(TEXT)


def given(
    quality: dict[str, list[str]],
    speed: dict[str, str],
    *,
    safe: dict[str, bool] | None = None,
    seed: str | None = None,
    entrants: tuple[str, ...] = ("ant", "bee"),
) -> rules.Inputs:
    """Inputs of these values by team; an empty one was not given."""
    return rules.collect(
        "final",
        entrants,
        scores=[
            rules.Score("panel", f"p{number}", team, "quality", Decimal(value))
            for team, values in quality.items()
            for number, value in enumerate(values)
            if value
        ],
        measurements=[rules.Measurement("test", team, "speed", Decimal(value)) for team, value in speed.items()],
        verdicts=[
            rules.Verdict("safety", team, passed, "examined", ("report",), 2)
            for team, passed in (safe or {"ant": True, "bee": True}).items()
        ],
        seed=seed,
    )


FULL = given({"ant": ["5", "4"], "bee": ["3", "4"]}, {"ant": "80.0", "bee": "90.5"})

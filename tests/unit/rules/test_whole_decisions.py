"""Whole decisions computed another way: standard scores, percentiles, half up, minimums, lifting, a wildcard."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING

import rules
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders.rule_sets import SEED, framed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TEXT = framed(
    "wide",
    "넓은 공모",
    "Wide call",
    planned=2,
    first="quality",
    seed=SEED,
    rest="""parts:
  - id: quality
    title: {ko: 품질, en: Quality}
    points: 6
    source: panel
    steps:
      - {operator: sum, over: criteria}
      - {operator: z_score, per: [assessors], deviation: sample, digits: 4, all_equal: zero}
      - {operator: mean, over: assessors}
      - {operator: standard_points, centre: 3, spread: 1.5, points: 6}
      - {operator: round, digits: 1}
  - id: speed
    title: {ko: 속도, en: Speed}
    points: 4
    source: test
    steps:
      - {operator: sum, over: criteria}
      - {operator: percentile, per: [], ties: worst, points: 4, alone: 2}
      - {operator: round, digits: 1}
gates:
  - {kind: minimum-score, id: good, title: {ko: 품질 하한, en: Good}, part: quality, minimum: 2.5, lifts: true}
  - {kind: minimum-score, id: quick, title: {ko: 속도 하한, en: Quick}, part: speed, minimum: 0.5, lifts: false}
procedure:
  - {step: rank}
  - {step: gate, gate: quick}
  - {step: cut, keep: planned}
  - {step: gate, gate: good}
  - {step: wildcard, seats: 1, part: speed, minimum: 1.4}
""",
).replace("maximum: 2}\neligibility", "maximum: 3}\neligibility")
RULES = rules.load_rule_set(TEXT)
FIELDS = st.integers(1, 7).flatmap(
    lambda teams: st.tuples(
        st.lists(st.lists(st.integers(0, 5), min_size=teams, max_size=teams), min_size=2, max_size=3),
        st.lists(st.integers(0, 12), min_size=teams, max_size=teams),
    )
)


def half_up(value: Fraction, digits: int) -> Fraction:
    size = (abs(value) * 10**digits * 2 + 1) // 2
    return Fraction(size if value >= 0 else -size, 10**digits)


def standard(values: Sequence[int]) -> list[Fraction]:
    """How many standard deviations of a sample each value is from the mean, to four decimals."""
    mean = Fraction(sum(values), len(values))
    squares = sum((value - mean) ** 2 for value in values)
    if not squares:
        return [Fraction(0)] * len(values)
    found = []
    for value in values:
        square = (value - mean) ** 2 * (len(values) - 1) / squares
        below = Fraction(isqrt(square.numerator * 10**8 // square.denominator), 10**4)
        size = below + Fraction(1, 10**4) if (below + Fraction(1, 2 * 10**4)) ** 2 <= square else below
        found.append(size if value >= mean else -size)
    return found


def by_hand(sheets: Sequence[Sequence[int]], speed: Sequence[int]) -> tuple[list[Fraction], list[Fraction]]:
    columns = list(zip(*map(standard, sheets), strict=True))
    quality = [half_up(min(max(3 + Fraction(3, 2) * sum(each) / len(each), 0), 6), 1) for each in columns]
    others = len(speed) - 1
    behind = [sum(other < own for other in speed) for own in speed]
    return quality, [half_up(Fraction(4 * each, others), 1) if others else Fraction(2) for each in behind]


def winners(quality: Mapping[str, Fraction], speed: Mapping[str, Fraction]) -> tuple[list[str], list[str]]:
    """The order, and who goes on."""
    lot: Callable[[str], str] = lambda team: hashlib.sha256(f"{SEED}\nwide\n{team}".encode()).hexdigest()  # noqa: E731
    order = sorted(quality, key=lambda team: (-quality[team] - speed[team], -quality[team], lot(team)))
    quick = [team for team in order if speed[team] >= Fraction("0.5")]
    good = [team for team in quick if quality[team] >= Fraction("2.5")]
    kept, cut = [team for team in quick[:2] if team in good], [team for team in quick[2:] if team in good]
    lifted = cut[: len(quick[:2]) - len(kept)]
    wild = sorted(
        (team for team in cut if team not in lifted and speed[team] >= Fraction("1.4")), key=lambda t: -speed[t]
    )
    return order, [*kept, *lifted, *wild[:1]]


@given(FIELDS)
@settings(max_examples=150)
def test_a_decision_is_what_an_independent_computation_gives(field: tuple[list[list[int]], list[int]]) -> None:
    sheets, speeds = field
    teams = [f"team-{number}" for number in range(len(speeds))]
    inputs = rules.collect(
        "final",
        teams,
        scores=[
            rules.Score("panel", f"p{number}", team, "quality", Decimal(value))
            for number, sheet in enumerate(sheets)
            for team, value in zip(teams, sheet, strict=True)
        ],
        measurements=[
            rules.Measurement("test", team, "speed", Decimal(v)) for team, v in zip(teams, speeds, strict=True)
        ],
        seed=SEED,
    )
    decision = rules.decide(RULES, inputs)
    quality, speed = (dict(zip(teams, points, strict=True)) for points in by_hand(sheets, speeds))
    for team in teams:
        row = decision.row(team)
        assert Fraction(row.points("quality")) == quality[team]
        assert Fraction(row.points("speed")) == speed[team]
        assert Fraction(row.total) == quality[team] + speed[team]
    order, on = winners(quality, speed)
    assert list(decision.ranking) == order
    assert list(decision.advanced) == on

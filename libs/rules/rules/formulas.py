"""The operators as a document names them, each with its parameters. What they compute is in `rules.operators`."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from rules.fields import Amount, Count, Digits, Rule, Slug


class Axis(StrEnum):
    """What a reducer makes one number of."""

    CRITERIA = "criteria"
    ASSESSORS = "assessors"


AnyAxis = Annotated[Axis, Field(strict=False)]
TieRule = Literal["average", "best", "worst"]


class Sum(Rule):
    """Adds along an axis."""

    operator: Literal["sum"]
    over: AnyAxis


class Mean(Rule):
    """Averages along an axis."""

    operator: Literal["mean"]
    over: AnyAxis


class TrimmedMean(Rule):
    """Averages along an axis without the `highest` greatest and the `lowest` least values."""

    operator: Literal["trimmed_mean"]
    over: AnyAxis
    highest: Count
    lowest: Count


class Weight(Rule):
    """The factor of one criterion."""

    criterion: Slug
    weight: Amount


class WeightedSum(Rule):
    """Adds the criteria, each times its weight."""

    operator: Literal["weighted_sum"]
    weights: tuple[Weight, ...]


class Linear(Rule):
    """Value × points ÷ scale."""

    operator: Literal["linear"]
    points: Amount
    scale: Amount


class RatioToTarget(Rule):
    """Value ÷ the same criterion's value in the source `target`, at most `cap`."""

    operator: Literal["ratio_to_target"]
    target: Slug
    cap: Amount = Decimal(1)


class LeaderScaled(Rule):
    """The best team gets `points`, the others in proportion."""

    operator: Literal["leader_scaled"]
    points: Amount


class Round(Rule):
    """Rounds half up to `digits` decimals."""

    operator: Literal["round"]
    digits: Digits


class ZScore(Rule):
    """How many standard deviations a value lies above the mean of all teams, half up to `digits` decimals.

    `per` names the axes that are still there: with `[assessors]` each assessor's values are set against that
    assessor's own mean and deviation, which normalises a harsh one; with none the teams' reduced values are compared.
    `deviation` is the population's (÷ n) or the sample's (÷ n - 1). Where all values are equal there is no deviation:
    each then is 0, or the decision is refused.
    """

    operator: Literal["z_score"]
    per: tuple[AnyAxis, ...]
    deviation: Literal["population", "sample"]
    digits: Annotated[int, Field(ge=0, le=12)]
    all_equal: Literal["zero", "refuse"]


class StandardPoints(Rule):
    """centre + spread × value, not below 0 and not above `points`: what makes points of a standard score."""

    operator: Literal["standard_points"]
    centre: Amount
    spread: Amount
    points: Amount


class RankPoints(Rule):
    """points × (n + 1 - place) ÷ n among n teams: the first gets `points`, the last one nth of them.

    Level teams share the average of their places, or all have the best or the worst of them, as `ties` says.
    """

    operator: Literal["rank_points"]
    per: tuple[AnyAxis, ...]
    ties: TieRule
    points: Amount


class Percentile(Rule):
    """points × the share of the other teams that are behind: the first gets `points`, the last 0.

    A team that is level counts half, whole or not at all, as `ties` says (average, best, worst). A team without others
    gets `alone`; without that field there is no answer.
    """

    operator: Literal["percentile"]
    per: tuple[AnyAxis, ...]
    ties: TieRule
    points: Amount
    alone: Amount | None = None


class BradleyTerry(Rule):
    """Strengths that make the comparisons most likely, a tie as half a win each way; half up to `digits` decimals.

    Computed by at most `iterations` rounds of minorisation and maximisation (see `rules.pairwise`). `prior` wins each
    way are added to every two teams; with 0 a team that won or lost everything, and groups that were never compared,
    are refused. `result` is the strength (all add up to 1) or the chance to win against the average other team.
    """

    operator: Literal["bradley_terry"]
    digits: Annotated[int, Field(ge=1, le=12)]
    iterations: Annotated[int, Field(ge=1, le=10_000)]
    prior: Amount = Decimal(0)
    result: Literal["strength", "win-share"]


Comparing = LeaderScaled | ZScore | RankPoints | Percentile
"""Operators that set all teams' values at one place against each other."""
Operator = Annotated[
    Sum
    | Mean
    | TrimmedMean
    | WeightedSum
    | Linear
    | RatioToTarget
    | LeaderScaled
    | Round
    | ZScore
    | StandardPoints
    | RankPoints
    | Percentile
    | BradleyTerry,
    Field(discriminator="operator"),
]

"""From the table to the seats: how many there are, gates, the steps of the procedure, and the tie chain."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rules.fields import Amount, Count, Rule, Sha256, Slug, Title


class Seats(Rule):
    """How many teams may go on: `planned`, at least `minimum` (0: "no award" is lawful), at most `maximum`.

    `reopened_from` names the earlier stage that left these seats free.
    """

    planned: Count
    minimum: Count
    maximum: Count
    reopened_from: Slug | None = None


class VerdictGate(Rule):
    """A gate on which at least `quorum` people judged with evidence; failing it lifts the next team only if `lifts`."""

    kind: Literal["verdict"]
    id: Slug
    title: Title
    quorum: Count
    lifts: bool
    grounds: tuple[Title, ...] = ()


class MinimumScoreGate(Rule):
    """A gate that a team passes with at least `minimum` points in `part` (`total` for the whole)."""

    kind: Literal["minimum-score"]
    id: Slug
    title: Title
    part: Slug
    minimum: Amount
    lifts: bool


AnyGate = VerdictGate | MinimumScoreGate
Gate = Annotated[AnyGate, Field(discriminator="kind")]


class MajorityStep(Rule):
    """Keeps a team if more than `share` of its panellists gave the full mark on every one of `criteria` of `source`."""

    step: Literal["majority"]
    source: Slug
    criteria: tuple[Slug, ...]
    share: Amount


class RankStep(Rule):
    """Orders the remaining teams by total, ties by the tie chain."""

    step: Literal["rank"]


class CutStep(Rule):
    """Keeps the best, as many as there are seats of this kind."""

    step: Literal["cut"]
    keep: Literal["planned", "maximum"]


class GateStep(Rule):
    """Applies a gate to the teams that remain at this point of the procedure."""

    step: Literal["gate"]
    gate: Slug


class WildcardStep(Rule):
    """Takes back up to `seats` of the teams that were cut: those with the most points in `part`, level ones by rank.

    One that has less than `minimum` there, or fails a gate that was applied before, is not taken back.
    """

    step: Literal["wildcard"]
    seats: Annotated[int, Field(ge=1, le=100_000)]
    part: Slug
    minimum: Amount | None = None


class RefillStep(Rule):
    """A second round for seats that gates left free: up to `keep`, the best of those cut who pass the same gates."""

    step: Literal["refill"]
    keep: Literal["planned", "maximum"]


Step = Annotated[
    MajorityStep | RankStep | CutStep | GateStep | WildcardStep | RefillStep,
    Field(discriminator="step"),
]


class PartTie(Rule):
    """Of tied teams the one with more points in `part` is ahead."""

    by: Literal["part"]
    part: Slug


class LotTie(Rule):
    """A lot from a seed whose SHA-256 was committed here before anything was scored."""

    by: Literal["lot"]
    seed_sha256: Sha256


Tie = Annotated[PartTie | LotTie, Field(discriminator="by")]

"""The rule-set document: everything that decides a stage, as frozen data.

People write it in YAML; `rules.loading` reads it and refuses what breaks a rule; its canonical form is hashed, and
every score and decision cites that hash. Nothing in it is program text: operators are names with parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

from rules.exact import decimal_of, plain


def _instant(value: object) -> datetime:
    if isinstance(value, str) and "T" in value:
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("an instant is ISO 8601 text with date, time and UTC offset")
    return value.astimezone(UTC)


def _instant_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=100_000)]
Amount = Annotated[
    Decimal,
    BeforeValidator(decimal_of),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?$"}, {"type": "integer"}]}
    ),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(_instant_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Rule(BaseModel):
    """Base of every part of the document: frozen, strict, no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Title(Rule):
    """A name for readers, Korean first."""

    ko: Line
    en: Line


class Dates(Rule):
    """Instants of a stage: published before `opens`, scored until `closes`, decided from `decides` on."""

    published: Instant
    opens: Instant
    closes: Instant
    decides: Instant


class Seats(Rule):
    """How many teams may go on: `planned`, at least `minimum` (0: "no award" is lawful), at most `maximum`."""

    planned: Count
    minimum: Count
    maximum: Count


class Eligibility(Rule):
    """Who may enter the stage."""

    advanced_from: tuple[Slug, ...] = ()
    eliminated_teams_may_apply: bool = False
    newcomers_may_apply: bool = False


class Rounding(Rule):
    """Digits after the point of every total; the one mode is half up."""

    mode: Literal["half-up"]
    digits: Annotated[int, Field(ge=0, le=6)]


class Criterion(Rule):
    """One question that is answered by a number between `minimum` and `maximum` with at most `digits` decimals."""

    id: Slug
    title: Title
    minimum: Amount
    maximum: Amount
    digits: Annotated[int, Field(ge=0, le=6)] = 0


class Panel(Rule):
    """Size of a panel: `planned` seats, valid from `minimum` assessors who scored every team."""

    planned: Count
    minimum: Count


class SheetSource(Rule):
    """Scores that each assessor of a panel gives to each team on each criterion."""

    kind: Literal["sheets"]
    id: Slug
    title: Title
    provider: Slug
    panel: Panel
    criteria: tuple[Criterion, ...]


class MeasurementSource(Rule):
    """One measured value per team and criterion, from the named provider."""

    kind: Literal["measurements"]
    id: Slug
    title: Title
    provider: Slug
    criteria: tuple[Criterion, ...]


Source = Annotated[SheetSource | MeasurementSource, Field(discriminator="kind")]


class Axis(StrEnum):
    """What a reducer makes one number of."""

    CRITERIA = "criteria"
    ASSESSORS = "assessors"


AnyAxis = Annotated[Axis, Field(strict=False)]


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
    digits: Annotated[int, Field(ge=0, le=6)]


Operator = Annotated[
    Sum | Mean | TrimmedMean | WeightedSum | Linear | RatioToTarget | LeaderScaled | Round,
    Field(discriminator="operator"),
]


class Part(Rule):
    """A part of the total: the sum of `parts`, or computed by `steps` from `source` (all criteria unless named)."""

    id: Slug
    title: Title
    points: Amount
    parts: tuple[Part, ...] = ()
    source: Slug | None = None
    criteria: tuple[Slug, ...] = ()
    steps: tuple[Operator, ...] = ()


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


Gate = Annotated[VerdictGate | MinimumScoreGate, Field(discriminator="kind")]


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


Step = Annotated[MajorityStep | RankStep | CutStep | GateStep, Field(discriminator="step")]


class PartTie(Rule):
    """Of tied teams the one with more points in `part` is ahead."""

    by: Literal["part"]
    part: Slug


class LotTie(Rule):
    """A lot from a seed whose SHA-256 was committed here before anything was scored."""

    by: Literal["lot"]
    seed_sha256: Sha256


Tie = Annotated[PartTie | LotTie, Field(discriminator="by")]


class Objections(Rule):
    """Calendar days to object after a provisional decision; the last one ends at midnight in the document's zone."""

    days: Annotated[int, Field(ge=0, le=365)]
    early_close: Literal["never", "all-parties-waive"]


class Disclosure(Rule):
    """Name of the disclosure profile under which results are published."""

    profile: Slug


class TargetDefinition(Rule):
    """What "at least `ratio` of the best" means: against whom, in how many months, on which index edition."""

    definition: Literal["own-declared-target", "best-in-window"]
    ratio: Amount
    window_months: Annotated[int, Field(ge=1, le=120)]
    index: Line | None = None
    edition: Line | None = None
    decides: bool = False


class GpuSupport(Rule):
    """GPUs for each supported team from `valid_from` until `valid_to`, in B200 equivalents (1 B200 = 2 H100)."""

    b200_equivalent: Count
    valid_from: Instant
    valid_to: Instant


class SupportExclusion(Rule):
    """A team that gets no support of these kinds, and why."""

    team: Slug
    kinds: tuple[Literal["gpu", "data", "talent"], ...]
    reason: Slug


class Support(Rule):
    """What each team that goes on is granted; money in KRW."""

    gpu: GpuSupport | None = None
    data_krw: Annotated[int, Field(ge=0, le=10**15)] = 0
    talent_krw: Annotated[int, Field(ge=0, le=10**15)] = 0
    exclusions: tuple[SupportExclusion, ...] = ()


class Elimination(Rule):
    """What an eliminated team loses and keeps."""

    forfeits: tuple[Literal["gpu", "data", "talent"], ...]
    keeps: tuple[Literal["gpu", "data", "talent"], ...]


class Consequences(Rule):
    """What a final decision does to grants."""

    support: Support | None = None
    elimination: Elimination


class LatePick(Rule):
    """A choice made later (such as a hidden set), bound now by the SHA-256 of what will be revealed."""

    id: Slug
    title: Title
    sha256: Sha256


class Changes(Rule):
    """Whose recorded consent a new version of this document needs."""

    consent: Literal["all-entered-teams", "majority-of-entered-teams", "none-before-opening"]
    late_picks: tuple[LatePick, ...] = ()


class RuleSet(Rule):
    """One stage's rules. See docs/rules.md; `rules.schema()` gives the JSON Schema."""

    format: Literal["dokpamo/rule-set/1"]
    id: Slug
    version: Annotated[int, Field(ge=1, le=10_000)]
    stage: Slug
    title: Title
    zone: Literal["Asia/Seoul", "UTC"]
    dates: Dates
    seats: Seats
    eligibility: Eligibility
    points: Amount
    rounding: Rounding
    sources: tuple[Source, ...]
    parts: tuple[Part, ...]
    gates: tuple[Gate, ...] = ()
    procedure: tuple[Step, ...]
    ties: tuple[Tie, ...]
    objections: Objections
    disclosure: Disclosure
    targets: tuple[TargetDefinition, ...] = ()
    consequences: Consequences
    changes: Changes
    references: tuple[Line, ...] = ()

    def leaves(self) -> tuple[Part, ...]:
        """The parts that are computed from a source, in document order."""
        return tuple(part for part in self.every_part() if not part.parts)

    def every_part(self) -> tuple[Part, ...]:
        """All parts, each before its own parts, in document order."""
        found: list[Part] = []
        waiting = list(reversed(self.parts))
        while waiting:
            part = waiting.pop()
            found.append(part)
            waiting.extend(reversed(part.parts))
        return tuple(found)

    def source(self, source_id: str) -> SheetSource | MeasurementSource:
        """The source of this id; raises KeyError if the document has none."""
        return {source.id: source for source in self.sources}[source_id]

    def gate(self, gate_id: str) -> VerdictGate | MinimumScoreGate:
        """The gate of this id; raises KeyError if the document has none."""
        return {gate.id: gate for gate in self.gates}[gate_id]

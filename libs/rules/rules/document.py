"""The rule-set document: everything that decides a stage, as frozen data.

People write it in YAML; `rules.loading` reads it and refuses what breaks a rule; its canonical form is hashed, and
every score and decision cites that hash. Nothing in it is program text: operators are names with parameters. A field
that came later is None where it is not used, and so not in the canonical form: older documents keep their hash.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rules.awarding import (
    AnyGate,
    CutStep,
    Gate,
    GateStep,
    LotTie,
    MajorityStep,
    MinimumScoreGate,
    PartTie,
    RankStep,
    RefillStep,
    Seats,
    Step,
    Tie,
    VerdictGate,
    WildcardStep,
)
from rules.disclosure import Disclosure
from rules.fields import Amount, Count, Digits, Instant, Line, Rule, Sha256, Slug, Title, Zone
from rules.formulas import (
    Axis,
    BradleyTerry,
    LeaderScaled,
    Linear,
    Mean,
    Operator,
    Percentile,
    RankPoints,
    RatioToTarget,
    Round,
    StandardPoints,
    Sum,
    TrimmedMean,
    Weight,
    WeightedSum,
    ZScore,
)
from rules.sources import (
    AnySource,
    CarriedSource,
    ComparisonSource,
    Criterion,
    MeasurementSource,
    Panel,
    SheetSource,
    Source,
)

__all__ = [
    "Amount",
    "AnyGate",
    "AnySource",
    "Axis",
    "BradleyTerry",
    "CarriedSource",
    "Changes",
    "ComparisonSource",
    "Consequences",
    "Count",
    "Criterion",
    "CutStep",
    "Dates",
    "Digits",
    "Disclosure",
    "Eligibility",
    "Elimination",
    "Gate",
    "GateStep",
    "GpuSupport",
    "Instant",
    "LatePick",
    "LeaderScaled",
    "Line",
    "Linear",
    "LotTie",
    "MajorityStep",
    "Mean",
    "MeasurementSource",
    "MinimumScoreGate",
    "Objections",
    "Operator",
    "Panel",
    "Part",
    "PartTie",
    "Percentile",
    "RankPoints",
    "RankStep",
    "RatioToTarget",
    "RefillStep",
    "Round",
    "Rounding",
    "Rule",
    "RuleSet",
    "Seats",
    "Sha256",
    "SheetSource",
    "Slug",
    "Source",
    "StandardPoints",
    "Step",
    "Sum",
    "Support",
    "SupportExclusion",
    "TargetDefinition",
    "Tie",
    "Title",
    "TrimmedMean",
    "VerdictGate",
    "Weight",
    "WeightedSum",
    "WildcardStep",
    "ZScore",
    "Zone",
]


class Dates(Rule):
    """Instants of a stage: published before `opens`, scored until `closes`, decided from `decides` on."""

    published: Instant
    opens: Instant
    closes: Instant
    decides: Instant


class Eligibility(Rule):
    """Who may enter the stage."""

    advanced_from: tuple[Slug, ...] = ()
    eliminated_teams_may_apply: bool = False
    newcomers_may_apply: bool = False


class Rounding(Rule):
    """Digits after the point of every total; the one mode is half up."""

    mode: Literal["half-up"]
    digits: Digits


class Part(Rule):
    """A part of the total: the sum of `parts`, or computed by `steps` from `source` (all criteria unless named)."""

    id: Slug
    title: Title
    points: Amount
    parts: tuple[Part, ...] = ()
    source: Slug | None = None
    criteria: tuple[Slug, ...] = ()
    steps: tuple[Operator, ...] = ()


class Objections(Rule):
    """Calendar days to object after a provisional decision; the last one ends at midnight in the document's zone."""

    days: Annotated[int, Field(ge=0, le=365)]
    early_close: Literal["never", "all-parties-waive"]


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
    kind: Literal["shortlist", "presentation", "stage", "added-call", "added-round"] | None = None
    title: Title
    zone: Zone
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

    def source(self, source_id: str) -> AnySource:
        """The source of this id; raises KeyError if the document has none."""
        return {source.id: source for source in self.sources}[source_id]

    def gate(self, gate_id: str) -> AnyGate:
        """The gate of this id; raises KeyError if the document has none."""
        return {gate.id: gate for gate in self.gates}[gate_id]

"""The decision document: what was decided, from what, by which steps; canonical, hashed, and the same for everyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from rules.canonical import canonical_document, sha256_hex
from rules.inputs import Provenance, weakest
from rules.shape import shape_rule
from rules.violations import DocumentRefusedError, violation

_STRICT = ConfigDict(extra="forbid")


class DecisionRefusedError(DocumentRefusedError):
    """Bytes that are no canonical decision document."""

    what = "decision"


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class WorkingStep:
    """One operator's result on the way to a part's points; exact: a plain decimal, or p/q where none exists."""

    operator: str
    value: str


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class PartScore:
    """A team's points in one part, with the rule set's digits; branches have no working.

    `provenance` is the weakest of the values that these points were computed from.
    """

    part: str
    points: str
    working: tuple[WorkingStep, ...]
    provenance: Provenance


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Row:
    """One team of the table, with the weakest provenance of all its inputs, verdicts too.

    `rank` is None where it was out before ranking.
    """

    team: str
    rank: int | None
    total: str
    parts: tuple[PartScore, ...]
    provenance: Provenance

    def points(self, part: str) -> str:
        """The points in a part; raises KeyError if the table has no such part."""
        return {each.part: each.points for each in self.parts}[part]

    def provenance_of_points(self) -> Provenance:
        """The weakest provenance of the values that the total was computed from; a verdict gives no points."""
        return weakest(each.provenance for each in self.parts)


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class TieStep:
    """A use of the tie chain: `teams` were level, `by` ordered them; those still level are in a later step."""

    teams: tuple[str, ...]
    by: str
    order: tuple[str, ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate applied to one team."""

    gate: str
    team: str
    passed: bool
    reason: str
    evidence: tuple[str, ...]
    judged_by: int


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class MajorityResult:
    """Votes for a team: `in_favour` of `voters`, more than `share` of them needed."""

    team: str
    in_favour: int
    voters: int
    share: str
    passed: bool


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Eliminated:
    """A team that does not go on, and why; `gate` names the gate where that was the reason."""

    team: str
    reason: Literal["rank", "gate", "majority"]
    gate: str | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class SeatCount:
    """Seats of the rule set and how many were filled."""

    planned: int
    minimum: int
    maximum: int
    filled: int


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class ProcedureStep:
    """One step of the procedure as it went: which teams stood before and after it."""

    step: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one stage. Equal rule set and inputs give equal bytes."""

    format: Literal["dokpamo/decision/1"]
    stage: str
    rule_set: str
    rule_set_version: int
    rule_set_sha256: str
    inputs_sha256: str
    entered: tuple[str, ...]
    table: tuple[Row, ...]
    ranking: tuple[str, ...]
    ties: tuple[TieStep, ...]
    majorities: tuple[MajorityResult, ...]
    gates: tuple[GateResult, ...]
    procedure: tuple[ProcedureStep, ...]
    advanced: tuple[str, ...]
    eliminated: tuple[Eliminated, ...]
    seats: SeatCount
    outcome: Literal["awarded", "below-minimum", "no-award"]

    def canonical_bytes(self) -> bytes:
        """The RFC 8785 form."""
        return canonical_document(_PARSER.dump_python(self, mode="json"))

    def sha256(self) -> str:
        """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
        return sha256_hex(self.canonical_bytes())

    def totals(self) -> dict[str, str]:
        """Every entrant's total as text, also of those who failed a gate."""
        return {row.team: row.total for row in self.table}

    def row(self, team: str) -> Row:
        """A team's row; raises KeyError if it did not enter."""
        return {row.team: row for row in self.table}[team]


_PARSER = TypeAdapter(Decision)


def decision_from_json(data: bytes) -> Decision:
    """The decision of its canonical bytes; raises DecisionRefusedError for any other bytes."""
    try:
        decision = _PARSER.validate_json(data, strict=True)
    except ValidationError as error:
        raise DecisionRefusedError(
            violation(".".join(map(str, each["loc"])), each["input"], shape_rule(each)[1], "DECISION_MALFORMED")
            for each in error.errors(include_url=False)
        ) from error
    if decision.canonical_bytes() != data:
        problem = violation("", f"SHA-256 {sha256_hex(data)}", "the bytes are in canonical form", "NOT_CANONICAL")
        raise DecisionRefusedError([problem])
    return decision

"""A view: what one audience was shown by one publication, as a canonical document that can be hashed and read again.

It holds figures and nothing else of the decision: not its hash either, against which guesses could be tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from rules.canonical import canonical_document, sha256_hex
from rules.decision import Eliminated  # noqa: TC001 - pydantic reads the annotations
from rules.inputs import Provenance  # noqa: TC001 - as above
from rules.shape import shape_rule
from rules.violations import DocumentRefusedError, violation

_STRICT = ConfigDict(extra="forbid", strict=True)
ViewAudience = Literal["public", "team", "panel", "staff", "auditor"]


class ViewRefusedError(DocumentRefusedError):
    """Bytes that are no canonical view."""

    what = "view"


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class WinnersShown:
    """Who goes on, by name."""

    figure: Literal["winners"]
    teams: tuple[str, ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class OrderShown:
    """Who goes on, best first."""

    figure: Literal["order"]
    teams: tuple[str, ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class RankShown:
    """A team's rank."""

    figure: Literal["rank"]
    team: str
    rank: int


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class EliminationsShown:
    """Who leaves, and why."""

    figure: Literal["eliminations"]
    teams: tuple[Eliminated, ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class GateShown:
    """A gate's verdict on a team; the reason is empty where it is not shown."""

    figure: Literal["gate"]
    gate: str
    team: str
    passed: bool
    reason: str
    provenance: Provenance


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class PointsShown:
    """A team's points in a part ("total" for the whole), as decimal text with the digits shown."""

    figure: Literal["points"]
    team: str
    part: str
    value: str
    provenance: Provenance


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class SummaryShown:
    """Best, mean or gap of a part over all entrants; `teams` are those that have the best, where they are named."""

    figure: Literal["best", "mean", "gap"]
    part: str
    value: str
    provenance: Provenance
    teams: tuple[str, ...] = ()


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class FormulaShown:
    """How the points of a part come about: the source and each step, canonical JSON of the rule set."""

    figure: Literal["formula"]
    part: str
    points: str
    source: str
    steps: tuple[str, ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class SheetShown:
    """What the panellists of a source gave a team: a row a panellist, unnamed and in order of their scores."""

    figure: Literal["sheet"]
    team: str
    source: str
    criteria: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    provenance: Provenance


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class MeasurementShown:
    """What was measured for a team on a criterion."""

    figure: Literal["measurement"]
    team: str
    source: str
    criterion: str
    value: str
    provenance: Provenance


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class FullShown:
    """Everything: the documents of these hashes."""

    figure: Literal["full"]
    decision_sha256: str
    inputs_sha256: str


FigureShown = Annotated[
    WinnersShown
    | OrderShown
    | RankShown
    | EliminationsShown
    | GateShown
    | PointsShown
    | SummaryShown
    | FormulaShown
    | SheetShown
    | MeasurementShown
    | FullShown,
    Field(discriminator="figure"),
]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class View:
    """What one audience is shown of a stage by one policy; `team` is empty unless the audience is a team."""

    format: Literal["dokpamo/view/1"]
    stage: str
    rule_set_sha256: str
    policy: str
    policy_sha256: str
    audience: ViewAudience
    team: str
    entered: tuple[str, ...]
    figures: tuple[FigureShown, ...]

    def canonical_bytes(self) -> bytes:
        """The RFC 8785 form."""
        return canonical_document(_PARSER.dump_python(self, mode="json"))

    def sha256(self) -> str:
        """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
        return sha256_hex(self.canonical_bytes())


_PARSER = TypeAdapter(View)


def view_from_json(data: bytes) -> View:
    """The view of its canonical bytes; raises ViewRefusedError for any other bytes."""
    try:
        view = _PARSER.validate_json(data, strict=True)
    except ValidationError as error:
        raise ViewRefusedError(
            violation(".".join(map(str, each["loc"])), each["input"], shape_rule(each)[1], "VIEW_MALFORMED")
            for each in error.errors(include_url=False)
        ) from error
    if view.canonical_bytes() != data:
        problem = violation("", f"SHA-256 {sha256_hex(data)}", "the bytes are in canonical form", "NOT_CANONICAL")
        raise ViewRefusedError([problem])
    return view

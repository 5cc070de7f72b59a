"""What has happened in selection, as others are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules import RuleSet, Verdict

    from selection.domain.consequences import Award, Loss
    from selection.domain.rule_set import KeptRuleSet
    from selection.domain.stage import Stage


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision as kept, in canonical bytes, with what it was computed from."""

    stage: str
    rule_set_sha256: str
    inputs_sha256: str
    inputs: bytes
    sha256: str
    document: bytes


@dataclass(frozen=True, slots=True)
class RuleSetPublished:
    """A rule set was published."""

    rule_set: KeptRuleSet


@dataclass(frozen=True, slots=True)
class RuleSetFrozen:
    """A rule set was frozen."""

    rule_set: KeptRuleSet


@dataclass(frozen=True, slots=True)
class StagePlanned:
    """A stage was planned."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class StageOpened:
    """A stage opened: its teams are fixed and it can be scored as `rules` says."""

    stage: Stage
    rules: RuleSet


@dataclass(frozen=True, slots=True)
class GateVerdictRecorded:
    """A gate's verdict was recorded."""

    stage: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class DecisionProvisional:
    """A stage was decided; the objection window is open."""

    stage: Stage
    decision: DecisionRecord


@dataclass(frozen=True, slots=True)
class DecisionFinalized:
    """A decision became final."""

    decision: DecisionRecord
    advanced: tuple[str, ...]
    losses: tuple[Loss, ...]
    awards: tuple[Award, ...]


SelectionEvent = (
    RuleSetPublished
    | RuleSetFrozen
    | StagePlanned
    | StageOpened
    | GateVerdictRecorded
    | DecisionProvisional
    | DecisionFinalized
)

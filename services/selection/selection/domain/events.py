"""What has happened in selection, as others are told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rules import decision_from_json

from selection.domain.versions import NO_CORRECTIONS, Corrections

if TYPE_CHECKING:
    from datetime import datetime

    from rules import Decision, RuleSet, Verdict

    from selection.domain.change import Change, Consent
    from selection.domain.consequences import Award, Loss
    from selection.domain.gates import Conflict, Judgement
    from selection.domain.late_pick import Revealed
    from selection.domain.override import Override, Proposal
    from selection.domain.rule_set import KeptRuleSet
    from selection.domain.stage import Stage


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A version of a decision as kept, in canonical bytes, with what it was computed from.

    `override` stands in the place of what was computed. `cause` and `cause_id` say what led to this version;
    `difference` is what differs from the one before, empty for the first; `corrections` are this version's own.
    """

    stage: str
    rule_set_sha256: str
    inputs_sha256: str
    inputs: bytes
    sha256: str
    document: bytes
    version: int = 1
    reason: str = ""
    cause: str = "computed"
    cause_id: str = ""
    override: Override | None = None
    difference: bytes = b""
    corrections: Corrections = NO_CORRECTIONS

    @property
    def computed(self) -> Decision:
        """What was computed."""
        return decision_from_json(self.document)

    @property
    def decided(self) -> Decision:
        """What counts: what was computed, with the teams that officers let go on where they decided otherwise."""
        return replace(self.computed, advanced=self.override.advanced) if self.override else self.computed

    @property
    def advanced(self) -> tuple[str, ...]:
        """The teams that go on by it, best first."""
        return self.override.advanced if self.override else self.computed.advanced


@dataclass(frozen=True, slots=True)
class RuleSetPublished:
    """A rule set was published; `supersedes` are the hashes of earlier versions that governed nothing."""

    rule_set: KeptRuleSet
    supersedes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleSetFrozen:
    """A rule set was frozen."""

    rule_set: KeptRuleSet


@dataclass(frozen=True, slots=True)
class StagePlanned:
    """A stage was planned, for a `reason` where it opens seats again."""

    stage: Stage
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StageTriggered:
    """An event from outside has come that a planned stage waits for, brought by `brought_by`."""

    stage: Stage
    trigger: str
    evidence: tuple[str, ...]
    brought_by: str


@dataclass(frozen=True, slots=True)
class StageCancelled:
    """A planned stage was cancelled."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class StageOpened:
    """A stage opened: its teams are fixed and it can be scored as `rules` says."""

    stage: Stage
    rules: RuleSet


@dataclass(frozen=True, slots=True)
class StageAdvanced:
    """A stage moved, because of `cause`, by `actor`."""

    stage: Stage
    at: datetime
    cause: str
    actor: str


@dataclass(frozen=True, slots=True)
class RuleSetChangeProposed:
    """Another version was proposed for a stage."""

    change: Change


@dataclass(frozen=True, slots=True)
class RuleSetConsentRecorded:
    """A team said yes or no to a change."""

    change: Change
    consent: Consent


@dataclass(frozen=True, slots=True)
class RuleSetChanged:
    """Another version governs a stage."""

    change: Change
    stage: Stage
    rules: RuleSet


@dataclass(frozen=True, slots=True)
class RuleSetChangeDropped:
    """A change came to nothing."""

    change: Change
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LatePickRevealed:
    """A late pick was revealed."""

    stage: Stage
    revealed: Revealed


@dataclass(frozen=True, slots=True)
class LotSeedRevealed:
    """The seed of a stage's lot was revealed."""

    stage: Stage
    seed_sha256: str
    seed: str


@dataclass(frozen=True, slots=True)
class GateJudgesSeated:
    """The judges of a gate were seated."""

    stage: str
    gate: str
    judges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateConflictRecorded:
    """A judge's conflict of interest became known."""

    stage: str
    conflict: Conflict


@dataclass(frozen=True, slots=True)
class GateJudgementRecorded:
    """A judge found for or against a team."""

    stage: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class GateVerdictRecorded:
    """A gate's verdict was recorded; `judges_for` is 0 for a panel's minute.

    `proceeding` is the case whose fresh panel found it, empty otherwise.
    """

    stage: str
    verdict: Verdict
    judges_for: int = 0
    proceeding: str = ""


@dataclass(frozen=True, slots=True)
class DecisionProvisional:
    """A stage was decided; the objection window is open."""

    stage: Stage
    decision: DecisionRecord


@dataclass(frozen=True, slots=True)
class DecisionSuperseded:
    """A decision took the place of an earlier one."""

    old: DecisionRecord
    new: DecisionRecord


@dataclass(frozen=True, slots=True)
class OverrideProposed:
    """An officer proposed an override."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class OverrideDropped:
    """A proposed override came to nothing."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class ObjectionWaived:
    """A party waived its objections to a version of a decision."""

    stage: str
    version: int
    team: str
    waived_by: str


@dataclass(frozen=True, slots=True)
class DecisionFinalized:
    """A decision became final, at the end of its objection window or early, when all parties had waived."""

    decision: DecisionRecord
    advanced: tuple[str, ...]
    losses: tuple[Loss, ...]
    awards: tuple[Award, ...]
    closed_early: bool = False


SelectionEvent = (
    RuleSetPublished
    | RuleSetFrozen
    | RuleSetChangeProposed
    | RuleSetConsentRecorded
    | RuleSetChanged
    | RuleSetChangeDropped
    | StagePlanned
    | StageTriggered
    | StageCancelled
    | StageOpened
    | StageAdvanced
    | LatePickRevealed
    | LotSeedRevealed
    | GateJudgesSeated
    | GateConflictRecorded
    | GateJudgementRecorded
    | GateVerdictRecorded
    | DecisionProvisional
    | DecisionSuperseded
    | OverrideProposed
    | OverrideDropped
    | ObjectionWaived
    | DecisionFinalized
)

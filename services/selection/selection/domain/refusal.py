"""What selection refuses, each by its own name with the field, its value and the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selection.domain.waits import Wait


class RuleBrokenError(Exception):
    """Base of the refusals of selection."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Keep the `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {str(value)!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class RuleSetUnknownError(RuleBrokenError):
    """No rule set has this hash."""


class VersionNotNewError(RuleBrokenError):
    """A rule set has a version that is not above every earlier one."""


class RuleSetSupersededError(RuleBrokenError):
    """A newer version has taken the rule set's place."""


class RuleSetNotFrozenError(RuleBrokenError):
    """A stage needs a frozen rule set: only that one cannot change any more."""


class RuleSetFrozenLateError(RuleBrokenError):
    """The rule set was frozen after the stage opens: nothing may be decided under it."""


class StageTakenError(RuleBrokenError):
    """The stage is planned already."""


class StageMismatchError(RuleBrokenError):
    """The rule set is for another stage."""


class EntrantsSourceError(RuleBrokenError):
    """It is not clear, or not as the rule set says, where a stage's teams come from."""


class StageUnknownError(RuleBrokenError):
    """No stage has this id."""


class StageCancelledError(RuleBrokenError):
    """The stage was cancelled: it takes nothing until it is planned anew."""


class StageNotPlannedError(RuleBrokenError):
    """Only a stage that has not opened waits for events or can be cancelled."""


class TriggerInvalidError(RuleBrokenError):
    """A plan names an event that nobody could bring."""


class TriggerUnknownError(RuleBrokenError):
    """The stage waits for no such event."""


class TriggerForeignError(RuleBrokenError):
    """The plan names another pipeline for the event."""


class StageNotCollectingError(RuleBrokenError):
    """A stage takes scores and verdicts from its opening until it is decided."""


class TeamUnknownError(RuleBrokenError):
    """The team did not enter the stage."""


class GateUnknownError(RuleBrokenError):
    """The rule set has no such gate that people judge."""


class ReasonMissingError(RuleBrokenError):
    """A verdict has a reason."""


class QuorumMissedError(RuleBrokenError):
    """Too few people judged."""


class VerdictTakenError(RuleBrokenError):
    """There is one verdict a gate and team."""


class VerdictContradictedError(RuleBrokenError):
    """A panel's minute does not say what its judges said, each by himself."""


class ScoreTakenError(RuleBrokenError):
    """A score is given once."""


class ScoreRefusedError(RuleBrokenError):
    """A score breaks a rule of the stage's rule set: off its scale, an unknown team, source or criterion."""


class DecisionMissingError(RuleBrokenError):
    """The stage is not decided yet."""


class ScoreLateError(RuleBrokenError):
    """A score was handed in after the last instant for scores."""


class DraftInvalidError(RuleBrokenError):
    """A draft's id is no plain name, or its text is too long to be kept."""


class DraftUnknownError(RuleBrokenError):
    """No draft has this id."""


class DocumentSourceError(RuleBrokenError):
    """Either a document or a draft is published."""


class StageDecidedError(RuleBrokenError):
    """The stage is decided."""


class StageNotDecidedError(RuleBrokenError):
    """The stage is not decided yet."""


class ReopeningError(RuleBrokenError):
    """Only a final stage with a free seat can be opened again."""


class NotANewerVersionError(RuleBrokenError):
    """What is to govern must be a newer version of the rule set that governs the stage."""


class ChangePendingError(RuleBrokenError):
    """One change of a stage's rule set is decided on at a time."""


class ChangeUnknownError(RuleBrokenError):
    """No change has this id."""


class ChangeClosedError(RuleBrokenError):
    """The change is not pending any more."""


class ConsentTakenError(RuleBrokenError):
    """A team says yes or no once."""


class ConsentNotAskedError(RuleBrokenError):
    """The team has no say in this change."""


class EvidenceMissingError(RuleBrokenError):
    """What staff record for a team needs evidence."""


class LatePickUnknownError(RuleBrokenError):
    """The governing rule set does not commit to this pick."""


class LatePickRevealedError(RuleBrokenError):
    """A late pick is revealed once."""


class ContentInvalidError(RuleBrokenError):
    """What is revealed cannot be kept."""


class SeedNotNeededError(RuleBrokenError):
    """The seed of a lot is revealed only where a tie needs it."""


class CommitmentMismatchError(RuleBrokenError):
    """What is revealed is not what was committed to; `found` and `committed` are both hashes."""

    def __init__(self, field: str, found: str, committed: str) -> None:
        """Keep the `field` that was revealed, and both hashes."""
        super().__init__(field, found, f"its SHA-256 must be the committed {committed}")
        self.found = found
        self.committed = committed


class JudgesSeatedError(RuleBrokenError):
    """The judges of a gate are seated once."""


class JudgeRepeatedError(RuleBrokenError):
    """A judge is named twice, or not at all."""


class JudgeNotSeatedError(RuleBrokenError):
    """Only who is seated judges."""


class JudgeBarredError(RuleBrokenError):
    """A conflict of interest bars a judge."""


class JudgementTakenError(RuleBrokenError):
    """A judge finds once for each team."""


class VersionUnknownError(RuleBrokenError):
    """The decision has no such version."""


class CorrectionInvalidError(RuleBrokenError):
    """A correction changes nothing that could be decided on, or names the same value twice."""


class RedecisionImpossibleError(RuleBrokenError):
    """The stage cannot be decided on the corrected values; `waits` are the codes of what is missing or wrong."""

    def __init__(self, stage_id: str, waits: tuple[Wait, ...]) -> None:
        """Keep the stage and the codes, and say what each is about."""
        said = (" ".join([each.code.value, *(f"{name}={value}" for name, value in each.facts)]) for each in waits)
        super().__init__("stage_id", stage_id, f"cannot be decided again: {'; '.join(said)}")
        self.waits = tuple(each.code.value for each in waits)


class OverrideInvalidError(RuleBrokenError):
    """An override names teams that cannot go on, or nothing that differs."""


class OverridePendingError(RuleBrokenError):
    """One override of a stage is proposed at a time."""


class OverrideUnknownError(RuleBrokenError):
    """No override has this id."""


class OverrideClosedError(RuleBrokenError):
    """The override is not pending any more."""


class SecondOfficerError(RuleBrokenError):
    """An override takes two officers."""


class WaiverNotAllowedError(RuleBrokenError):
    """The rule set lets no waiver close the objection window early, or the stage is in none."""

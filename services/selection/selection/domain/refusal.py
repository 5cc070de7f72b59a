"""What selection refuses, each by its own name with the field, its value and the rule."""

from __future__ import annotations


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


class ScoreTakenError(RuleBrokenError):
    """A score is given once."""


class ScoreRefusedError(RuleBrokenError):
    """A score breaks a rule of the stage's rule set: off its scale, an unknown team, source or criterion."""


class DecisionMissingError(RuleBrokenError):
    """The stage is not decided yet."""

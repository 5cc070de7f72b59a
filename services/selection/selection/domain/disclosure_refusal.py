"""What disclosure refuses, each by its own name with the field, its value and the rule."""

from __future__ import annotations

from selection.domain.refusal import RuleBrokenError


class PolicyUnknownError(RuleBrokenError):
    """The stage's rule set has no policy of this id."""


class PolicyRefusedError(RuleBrokenError):
    """A policy document breaks a rule."""


class PolicyOrderError(RuleBrokenError):
    """A policy widens one that was not published yet."""


class PublicationEarlyError(RuleBrokenError):
    """The policy's instant has not come."""


class PublicationTakenError(RuleBrokenError):
    """The decision was published under this policy already."""


class PublicationLeaksError(RuleBrokenError):
    """An audience could find out what the policy hides. `leaks` names up to twenty, `leak_count` says how many."""

    def __init__(self, names: list[str]) -> None:
        """Keep the `names` of the leaks that nobody accepted."""
        rule = "points that are not shown could be computed; accept each leak by name and say why, or show less"
        super().__init__("accept_leaks", names[0], rule)
        self.leaks = names[:20]
        self.leak_count = len(names)


class DecisionOverriddenError(RuleBrokenError):
    """Officers decided otherwise than was computed: figures of the computed decision do not say who goes on."""


class LeakUnknownError(RuleBrokenError):
    """A leak is accepted that this publication does not have."""


class AcceptanceReasonMissingError(RuleBrokenError):
    """Leaks are accepted without a reason."""


class NotReleasedError(RuleBrokenError):
    """The decision is not open to everybody yet: what was published of it is in GetView."""


class AudienceForeignError(RuleBrokenError):
    """Somebody asked for what another audience was shown."""


class InstantFutureError(RuleBrokenError):
    """Somebody asked what will have been visible."""

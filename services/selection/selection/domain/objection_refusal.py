"""What objections and cases refuse, each by its own name with the field, its value and the rule."""

from __future__ import annotations

from selection.domain.refusal import RuleBrokenError


class GroundUnknownError(RuleBrokenError):
    """The ground is not in the closed list of its kind."""


class WindowClosedError(RuleBrokenError):
    """An objection comes after the end of its window; `window_ends_at` is that end, ISO 8601 UTC."""

    def __init__(self, stage_id: str, window_ends_at: str) -> None:
        """Keep the stage and the end of its window."""
        super().__init__("stage_id", stage_id, f"objections were open until {window_ends_at}")
        self.window_ends_at = window_ends_at


class ObjectionWaivedError(RuleBrokenError):
    """A team objects to a version that it waived its objections to."""


class ObjectionRepeatedError(RuleBrokenError):
    """A team has an open objection on this ground against this version."""


class AllegerUnknownError(RuleBrokenError):
    """An assessor opens a case in a stage in which he neither scored nor judges."""


class ProceedingUnknownError(RuleBrokenError):
    """No proceeding has this id."""


class ProceedingStateError(RuleBrokenError):
    """The proceeding is not in a state that allows this."""


class NotAPartyError(RuleBrokenError):
    """Who acts is not the party whose act this is."""


class ReplyLateError(RuleBrokenError):
    """The time to reply is over; `deadline` is its end, ISO 8601 UTC."""

    def __init__(self, proceeding_id: str, deadline: str) -> None:
        """Keep the proceeding and the end of its time to reply."""
        super().__init__("proceeding_id", proceeding_id, f"could be replied to until {deadline}")
        self.deadline = deadline


class TextInvalidError(RuleBrokenError):
    """A text is empty or too long."""


class ReplyDaysError(RuleBrokenError):
    """The time to reply is too short or too long."""


class EvidenceInvalidError(RuleBrokenError):
    """A piece of evidence has no hash, no size, or there are too many."""


class PanelInvalidError(RuleBrokenError):
    """A panel is too small, names somebody twice, or its quorum is no majority."""


class OriginalsUnknownError(RuleBrokenError):
    """Nobody can be seated while it is not known who scored, measured or judged; `unknown` are sources and gates."""

    def __init__(self, stage_id: str, unknown: tuple[str, ...]) -> None:
        """Keep the stage and what is not known."""
        super().__init__("stage_id", stage_id, f"it is not known who stood behind {', '.join(unknown)}")
        self.unknown = unknown


class SourceUnknownError(RuleBrokenError):
    """The rule set has no such source or gate."""


class MemberBarredError(RuleBrokenError):
    """Somebody may not sit: `why` is a stable word."""

    def __init__(self, field: str, person: str, why: str) -> None:
        """Keep the field, the person and why he is barred."""
        super().__init__(field, person, f"is barred: {why}")
        self.why = why


class MemberNotSeatedError(RuleBrokenError):
    """Only who sits in the panel finds."""


class FindingTakenError(RuleBrokenError):
    """A member finds once."""


class RemedyInvalidError(RuleBrokenError):
    """A remedy cannot be found or ordered here, or names what the stage does not have."""


class ScorerNotNamedError(RuleBrokenError):
    """Only who was named for it scores again."""


class FreshScoresTakenError(RuleBrokenError):
    """Fresh scores are handed in once."""


class FreshScoresInvalidError(RuleBrokenError):
    """Fresh scores are incomplete or break a rule of the rule set."""

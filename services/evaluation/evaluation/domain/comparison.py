"""What a comparison must be: of two teams of the stage, on one item, by who has a seat, once.

Source: requirement, selection and notary: Bradley-Terry, and comparisons that people make blind; docs/decisions/0010
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evaluation.domain.refusal import RuleBrokenError
from evaluation.domain.sheet import AssessorNotSeatedError, TeamUnknownError

if TYPE_CHECKING:
    from collections.abc import Collection

    from evaluation.domain.provenance import Provenance
    from evaluation.domain.stage import AssessorId, Source, SourceId, Stage, StageId, TeamId

_ITEM: Final = re.compile(r"(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*")


class ItemInvalidError(RuleBrokenError):
    """An item has no plain name."""


class ComparedWithItselfError(RuleBrokenError):
    """A team is compared with itself."""


class PreferredUnknownError(RuleBrokenError):
    """The better one is neither of the two."""


class TieNotAllowedError(RuleBrokenError):
    """The rule set wants one of the two."""


class ComparisonAlreadySubmittedError(RuleBrokenError):
    """The assessor has compared the two on this item before."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which of two teams, in order of their names, an assessor prefers on one item; `preferred` is `None` for a tie."""

    stage_id: StageId
    source_id: SourceId
    assessor_id: AssessorId
    item: str
    team_ids: tuple[TeamId, TeamId]
    preferred: TeamId | None
    provenance: Provenance

    @property
    def comparison_id(self) -> str:
        """The id: stage, source, assessor, item and both teams."""
        return "/".join((self.stage_id, self.source_id, self.assessor_id, self.item, *self.team_ids))


def check_comparison(given: Comparison, stage: Stage, source: Source, seated: Collection[AssessorId]) -> None:
    """Raise the `RuleBrokenError` of the first rule that `given` breaks; `seated` are the panel of the source."""
    if given.assessor_id not in seated:
        raise AssessorNotSeatedError("assessor_id", given.assessor_id, "must have a seat in the panel of this source")
    if not _ITEM.fullmatch(given.item):
        raise ItemInvalidError("item", given.item, "must be lower-case letters, digits and single hyphens, up to 64")
    for team in given.team_ids:
        if team not in stage.team_ids:
            raise TeamUnknownError("team_ids", team, f"must have entered the stage: {', '.join(stage.team_ids)}")
    if given.team_ids[0] == given.team_ids[1]:
        raise ComparedWithItselfError("team_ids", given.team_ids[0], "two different teams are compared")
    if given.preferred is None and not source.ties_allowed:
        raise TieNotAllowedError("preferred_team_id", "", "one of the two is better: the rule set allows no tie")
    if given.preferred is not None and given.preferred not in given.team_ids:
        rule = f"must be {given.team_ids[0]} or {given.team_ids[1]}, or empty for a tie"
        raise PreferredUnknownError("preferred_team_id", given.preferred, rule)


def already_submitted(given: Comparison) -> ComparisonAlreadySubmittedError:
    """Return the refusal of a second comparison of the same two on the same item."""
    value = f"{given.item}: {', '.join(given.team_ids)}"
    return ComparisonAlreadySubmittedError("item", value, "two teams are compared once on an item")

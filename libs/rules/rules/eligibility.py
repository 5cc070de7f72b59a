"""Who may enter a stage: those an earlier one let go on, eliminated teams and newcomers where its document says so.

Source: added call of 2026-01-23: first-call applicants, eliminated teams and newcomers may apply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rules.violations import Violation, violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rules.document import RuleSet


class Decided(Protocol):
    """What of an earlier decision says who may enter."""

    @property
    def stage(self) -> str:
        """Its stage."""

    @property
    def entered(self) -> tuple[str, ...]:
        """The teams that it was about."""

    @property
    def advanced(self) -> tuple[str, ...]:
        """The teams that went on."""


def check_entrants(rule_set: RuleSet, entrants: Iterable[str], earlier: Sequence[Decided]) -> list[Violation]:
    """A violation for each team that may not enter, given the earlier decisions of the programme, oldest first."""
    return [found for team in entrants for found in _entrant(rule_set, team, earlier)]


def _entrant(rule_set: RuleSet, team: str, earlier: Sequence[Decided]) -> Iterator[Violation]:
    allowed, path = rule_set.eligibility, f"entrants.{team}"
    entered = [decision for decision in earlier if team in decision.entered]
    if any(team in decision.advanced and decision.stage in allowed.advanced_from for decision in entered):
        return
    if not entered:
        if not allowed.newcomers_may_apply:
            yield violation(path, team, "newcomers may not enter this stage", "ENTRANT_NEW")
    elif team in entered[-1].advanced:
        wanted = ", ".join(allowed.advanced_from) or "no stage"
        rule = f"this stage takes the teams that went on from {wanted}; this one is in the programme by another"
        yield violation(path, f"{team}, on from {entered[-1].stage}", rule, "ENTRANT_FROM_ANOTHER_STAGE")
    elif not allowed.eliminated_teams_may_apply:
        rule = "eliminated teams may not enter this stage"
        yield violation(path, f"{team}, out in {entered[-1].stage}", rule, "ENTRANT_ELIMINATED")

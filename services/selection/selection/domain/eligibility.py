"""Who may enter a stage by a call: as its rule set says of eliminated teams and of newcomers.

Source: programme facts, "Added call": first-call applicants, eliminated teams and newcomers may apply
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rules import RuleSet


@dataclass(frozen=True, slots=True)
class Past:
    """How an earlier stage of the programme ended: who entered and who goes on. In order of opening."""

    stage: str
    entered: tuple[str, ...]
    advanced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefusedApplicant:
    """An applicant that may not enter, with a stable `code` and the `stage` that it refers to ("" for none)."""

    team: str
    code: str
    stage: str


def admit(
    applicants: Iterable[str], rules: RuleSet, past: Sequence[Past]
) -> tuple[tuple[str, ...], tuple[RefusedApplicant, ...]]:
    """Return who may enter and who may not, both sorted.

    Before any stage was decided there is nobody who could be new or eliminated: everyone may enter. A team that still
    is in the programme has its place and needs no second one.
    """
    teams = sorted(set(applicants))
    if not past:
        return tuple(teams), ()
    last = _last_stages(past)
    found = [(team, _refusal(team, rules, last)) for team in teams]
    return (
        tuple(team for team, refused in found if refused is None),
        tuple(refused for _, refused in found if refused is not None),
    )


def _last_stages(past: Sequence[Past]) -> Mapping[str, tuple[str, bool]]:
    """The last decided stage of each team, and whether it went on from there."""
    return {team: (each.stage, team in each.advanced) for each in past for team in each.entered}


def _refusal(team: str, rules: RuleSet, last: Mapping[str, tuple[str, bool]]) -> RefusedApplicant | None:
    if team not in last:
        return None if rules.eligibility.newcomers_may_apply else RefusedApplicant(team, "newcomer", "")
    stage, went_on = last[team]
    if went_on:
        return RefusedApplicant(team, "in-programme", stage)
    return None if rules.eligibility.eliminated_teams_may_apply else RefusedApplicant(team, "eliminated-before", stage)

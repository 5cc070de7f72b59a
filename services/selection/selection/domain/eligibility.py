"""Who may enter a stage by a call: as its rule set says, with the reason for each that may not.

Source: programme facts, "Added call": first-call applicants, eliminated teams and newcomers may apply
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import check_entrants

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rules import Decision, RuleSet


@dataclass(frozen=True, slots=True)
class RefusedApplicant:
    """An applicant that may not enter: a stable `code`, and the last stage that it entered ("" for a newcomer)."""

    team: str
    code: str
    stage: str


def admit(
    applicants: Iterable[str], rules: RuleSet, earlier: Sequence[Decision]
) -> tuple[tuple[str, ...], tuple[RefusedApplicant, ...]]:
    """Return who may enter and who may not, both sorted; `earlier` are the programme's final decisions, oldest first.

    A team that is in the programme by another stage has its place there and needs no second one.
    """
    entered: list[str] = []
    refused: list[RefusedApplicant] = []
    for team in sorted(set(applicants)):
        found = check_entrants(rules, [team], earlier)
        if found:
            last = next((each.stage for each in reversed(earlier) if team in each.entered), "")
            refused.append(RefusedApplicant(team, found[0].code, last))
        else:
            entered.append(team)
    return tuple(entered), tuple(refused)

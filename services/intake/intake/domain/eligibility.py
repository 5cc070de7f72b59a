"""Eligibility: named checks with evidence; one that is not met makes an application ineligible by that name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from intake.domain.application import ApplicationState
from intake.domain.call import CallState, require_slug
from intake.domain.refusal import RuleBrokenError, require_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.domain.application import ApplicationId
    from intake.domain.call import Call


class ApplicantsFinalError(RuleBrokenError):
    """A check would change who counts after the call closed and its applicants were made known."""


@dataclass(frozen=True, slots=True)
class EligibilityCheck:
    """An officer's confirmation of a named check on the current version of an application."""

    application_id: ApplicationId
    check: str
    passed: bool
    evidence: str


def confirm(check: EligibilityCheck) -> EligibilityCheck:
    """Return `check`; raise `RuleBrokenError` where it has no proper name or no evidence."""
    require_slug("check", check.check)
    require_text("evidence", check.evidence)
    return check


def state_after(verdicts: Mapping[str, bool]) -> ApplicationState:
    """Return the state that follows from the last verdict on each check by name; no check leaves it submitted."""
    if not verdicts:
        return ApplicationState.SUBMITTED
    return ApplicationState.ELIGIBLE if all(verdicts.values()) else ApplicationState.INELIGIBLE


def require_list_kept(call: Call, check: EligibilityCheck, before: ApplicationState, after: ApplicationState) -> None:
    """Raise `ApplicantsFinalError` where `check` changes who counts in a call that has closed.

    Its applicants were told to everyone at its closing: what changes them later would be kept and have no effect.
    """
    if call.state is CallState.CLOSED and ApplicationState.INELIGIBLE in {before, after} and before is not after:
        raise ApplicantsFinalError(
            "passed",
            str(check.passed).lower(),
            f"must not turn {before.value} into {after.value}: call {call.call_id} is closed, its applicants are final",
        )

"""What the sides and staff do before a panel has found: evidence, admission, reply or silence, withdrawal.

Source: design page "Selection and notary", "Objections"; programme facts, "What went wrong": a team's explanation not
heard: allegation, evidence, reply with deadline, finding, objection
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rules import dates

from selection.domain.objection_filing import LONGEST_STATEMENT
from selection.domain.objection_proceeding import (
    LONGEST_REASON,
    UNHEARD,
    EvidenceItem,
    Outcome,
    Party,
    State,
    closed,
    due_after,
    require_reason,
    require_state,
    require_text,
    utc_text,
)
from selection.domain.objection_refusal import EvidenceInvalidError, NotAPartyError, ReplyDaysError, ReplyLateError

if TYPE_CHECKING:
    from datetime import datetime

    from selection.domain.objection_proceeding import Proceeding

LONGEST_REFERENCE: Final = 500
MOST_EVIDENCE: Final = 200
LARGEST_EVIDENCE: Final = 10**12
USUAL_REPLY_DAYS: Final = 10
"""As many as there are to object: the other side has the same time."""
REPLY_DAYS: Final = (5, 30)


def with_evidence(
    found: Proceeding, party: Party, reference: str, sha256: str, size_bytes: int, description: str, actor: str,
    now: datetime,
) -> Proceeding:  # fmt: skip
    """Return the proceeding with one more piece of evidence: taken until the panel has found, and never removed."""
    require_state(found, *UNHEARD)
    require_text("reference", reference, LONGEST_REFERENCE)
    require_text("description", description, LONGEST_REASON)
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise EvidenceInvalidError("sha256", sha256, "must be 64 lower-case hexadecimal digits")
    if not 0 < size_bytes <= LARGEST_EVIDENCE:
        raise EvidenceInvalidError("size_bytes", size_bytes, f"must be 1 to {LARGEST_EVIDENCE}")
    if sum(each.party is party for each in found.evidence) >= MOST_EVIDENCE:
        raise EvidenceInvalidError("proceeding_id", found.id, f"takes at most {MOST_EVIDENCE} pieces of each side")
    item = EvidenceItem(
        len(found.evidence) + 1, party, reference, sha256, size_bytes, description, actor, now
    )  # fmt: skip
    return replace(found, evidence=(*found.evidence, item))


def admit(found: Proceeding, reason: str, reply_days: int, actor: str, zone: str, now: datetime) -> Proceeding:
    """Return the proceeding as admitted: the other side has `reply_days` (0: the usual number) to reply."""
    require_state(found, State.FILED)
    require_reason(reason)
    days = reply_days or USUAL_REPLY_DAYS
    least, most = REPLY_DAYS
    if not least <= days <= most:
        raise ReplyDaysError("reply_days", days, f"must be {least} to {most}")
    end = dates.end_of_day(now, days, zone)
    return replace(found, state=State.REPLY, admitted_by=actor, admission_reason=reason, reply_by=end, due=end)


def reject(found: Proceeding, reason: str, actor: str, now: datetime) -> Proceeding:
    """Return the proceeding as not admitted."""
    require_state(found, State.FILED)
    require_reason(reason)
    return closed(replace(found, admitted_by=actor, admission_reason=reason), Outcome.INADMISSIBLE, now)


def reply(found: Proceeding, party: Party, text: str, actor: str, zone: str, now: datetime) -> Proceeding:
    """Return the proceeding with the other side's reply. Raises `NotAPartyError` and `ReplyLateError`, among others."""
    if party is not Party.RESPONDENT:
        raise NotAPartyError("team_id", found.team_of(party), f"{found.id} is its own; the other side replies")
    if found.reply_by is not None and now >= found.reply_by:
        raise ReplyLateError(found.id, utc_text(found.reply_by))
    require_state(found, State.REPLY)
    require_text("text", text, LONGEST_STATEMENT)
    return replace(found, state=State.SEATING, reply=text, replied_by=actor, due=due_after(State.SEATING, now, zone))


def fall_silent(found: Proceeding, zone: str, now: datetime) -> Proceeding:
    """Return the proceeding as it goes on without a reply: silence is recorded as silence, never as agreement."""
    require_state(found, State.REPLY)
    return replace(found, state=State.SEATING, silent=True, due=due_after(State.SEATING, now, zone))


def withdraw(found: Proceeding, party: Party, reason: str, now: datetime) -> Proceeding:
    """Return the proceeding as its applicant takes it back, before the panel has found."""
    if party is not Party.APPLICANT:
        raise NotAPartyError("team_id", found.team_of(party), f"only who brought {found.id} withdraws it")
    require_state(found, *UNHEARD)
    require_reason(reason)
    return closed(replace(found, withdrawal_reason=reason), Outcome.WITHDRAWN, now)

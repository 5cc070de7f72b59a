"""Objections and cases on one machine: filed, admitted, replied to, heard by a fresh panel, remedied, closed.

Source: design page "Selection and notary", "Objections"; programme facts, "What went wrong": a team's explanation not
heard: allegation, evidence, reply with deadline, finding, objection
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from rules import dates

from selection.domain.objection_grounds import Kind, ground_of
from selection.domain.objection_refusal import (
    AllegerUnknownError,
    EvidenceInvalidError,
    NotAPartyError,
    ObjectionRepeatedError,
    ObjectionWaivedError,
    ProceedingStateError,
    ReplyDaysError,
    ReplyLateError,
    TextInvalidError,
    WindowClosedError,
)
from selection.domain.refusal import TeamUnknownError, VersionUnknownError
from selection.domain.stage import StageState, require_decided
from selection.domain.waits import Wait, WaitCode, wait

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from selection.domain.objection_panel import Finding
    from selection.domain.objection_remedy import FreshScoring, FreshSheet
    from selection.domain.stage import Stage
    from selection.domain.versions import Corrections

LONGEST_STATEMENT: Final = 20_000
LONGEST_REASON: Final = 2_000
LONGEST_REFERENCE: Final = 500
MOST_EVIDENCE: Final = 200
LARGEST_EVIDENCE: Final = 10**12
USUAL_REPLY_DAYS: Final = 10
"""As many as there are to object: the other side has the same time."""
REPLY_DAYS: Final = (5, 30)


class State(Enum):
    """Where a proceeding is."""

    FILED = "filed"
    REPLY = "reply"
    SEATING = "seating"
    HEARING = "hearing"
    FOUND = "found"
    RESCORING = "rescoring"
    CLOSED = "closed"


DAYS: Final = {State.FILED: 5, State.SEATING: 10, State.HEARING: 14, State.FOUND: 7, State.RESCORING: 14}
"""Calendar days that each state may last, the last one to its midnight. The time to reply is set at admission."""

GRACE: Final = timedelta(days=1)
"""How long after a deadline at which it goes on by itself a proceeding may stand before people are told."""

_WAKING: Final = frozenset({State.REPLY, State.HEARING})

UNHEARD: Final = frozenset({State.FILED, State.REPLY, State.SEATING, State.HEARING})
"""Before the panel has found: evidence is taken, and a proceeding can be withdrawn."""


class Outcome(Enum):
    """How a proceeding ended."""

    INADMISSIBLE = "inadmissible"
    WITHDRAWN = "withdrawn"
    UPHELD = "upheld"
    RECOMPUTED = "recomputed"
    RESCORED = "rescored"
    NOTED = "noted"


class Remedy(Enum):
    """What a panel finds must be done."""

    UPHOLD = "uphold"
    RECOMPUTE = "recompute"
    RESCORE = "re-score"
    NOTE = "note"


class Party(Enum):
    """The sides: a team and the programme, for which staff act."""

    APPLICANT = "applicant"
    RESPONDENT = "respondent"


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """A piece of evidence, kept elsewhere and bound by the SHA-256 of its bytes."""

    number: int
    party: Party
    reference: str
    sha256: str
    size_bytes: int
    description: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Proceeding:
    """An objection or a case. Instants are UTC; `due` is the deadline of its state, `None` once it is closed.

    `version` is the decision's that it is about, 0 where there was none. `members` are of the panel number `round`,
    `former` of those before; `findings` are of all of them. `corrections` are what was ordered, `before` what they
    replace; `fresh` is what is scored again, `sheets` what was handed in for it. `result_version` is the decision's
    that came of it, 0 for none.
    """

    id: str
    kind: Kind
    stage: str
    number: int
    ground: str
    team: str
    version: int
    statement: str
    filed_by: str
    filed_at: datetime
    due: datetime | None
    state: State = State.FILED
    admitted_by: str = ""
    admission_reason: str = ""
    reply_by: datetime | None = None
    reply: str = ""
    replied_by: str = ""
    silent: bool = False
    evidence: tuple[EvidenceItem, ...] = ()
    round: int = 0
    members: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    quorum: int = 0
    findings: tuple[Finding, ...] = ()
    remedy: Remedy | None = None
    remedy_reason: str = ""
    corrections: Corrections | None = None
    before: tuple[tuple[str, str], ...] = ()
    fresh: tuple[FreshScoring, ...] = ()
    sheets: tuple[FreshSheet, ...] = ()
    waits: tuple[Wait, ...] = ()
    outcome: Outcome | None = None
    withdrawal_reason: str = ""
    closed_at: datetime | None = None
    result_version: int = 0
    difference: bytes = b""
    sequence: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.state is not State.CLOSED

    @property
    def owner(self) -> str:
        """Who must act; empty once it is closed."""
        return {
            State.FILED: "staff",
            State.REPLY: Party.RESPONDENT.value,
            State.SEATING: "staff",
            State.HEARING: "staff" if self.waits else "panel",
            State.FOUND: "staff",
            State.RESCORING: "staff" if self.waits else "panel",
            State.CLOSED: "",
        }[self.state]

    @property
    def wake_at(self) -> datetime | None:
        """When it goes on by itself: a time to reply or to find is over."""
        return self.due if self.state in _WAKING and not self.waits else None

    @property
    def alarm_at(self) -> datetime | None:
        """When people are told that it is stuck."""
        return self.due + GRACE if self.due is not None and self.state in _WAKING else self.due

    def team_of(self, party: Party) -> str:
        """The team on this side; empty where it is the programme."""
        own = Party.APPLICANT if self.kind is Kind.OBJECTION else Party.RESPONDENT
        return self.team if party is own else ""

    def party_of(self, team: str) -> Party:
        """The side of a team, or of the programme (empty). Raises `NotAPartyError`."""
        for party in Party:
            if self.team_of(party) == team:
                return party
        raise NotAPartyError("team_id", team, f"is no party of {self.id}")


def due_after(state: State, now: datetime, zone: str) -> datetime:
    """Return the deadline of a state that is entered now: the midnight after its last day."""
    return dates.end_of_day(now, DAYS[state], zone)


def file_objection(
    stage: Stage,
    zone: str,
    number: int,
    *,
    team: str,
    version: int,
    ground: str,
    statement: str,
    actor: str,
    now: datetime,
    waived: Collection[str],
    others: Iterable[Proceeding],
) -> Proceeding:
    """Return an objection of `team` to the decision that counts; `others` are the stage's proceedings.

    The last instant of the window is not in it, as the decision is final then. Raises the refusal of the first rule
    that it breaks.
    """
    ground_of(Kind.OBJECTION, ground)
    require_decided(stage)
    if team not in stage.entrants:
        raise TeamUnknownError("team_id", team, f"must have entered {stage.id}")
    if stage.final_at is not None and (now >= stage.final_at or stage.state is StageState.FINAL):
        raise WindowClosedError(stage.id, utc_text(stage.final_at))
    if version != stage.decision_version:
        raise VersionUnknownError("decision_version", version, f"must be the one that counts, {stage.decision_version}")
    if team in waived:
        raise ObjectionWaivedError("team_id", team, f"waived its objections to version {version}")
    same = (Kind.OBJECTION, team, version, ground)
    if any((each.kind, each.team, each.version, each.ground) == same and each.is_open for each in others):
        raise ObjectionRepeatedError("ground", ground, f"{team} has an open objection on it against this version")
    _require_text("statement", statement, LONGEST_STATEMENT)
    return Proceeding(
        id=f"{stage.id}-objection-{number}",
        kind=Kind.OBJECTION,
        stage=stage.id,
        number=number,
        ground=ground,
        team=team,
        version=version,
        statement=statement,
        filed_by=actor,
        filed_at=now,
        due=due_after(State.FILED, now, zone),
    )


def open_case(
    stage: Stage,
    zone: str,
    number: int,
    *,
    team: str,
    ground: str,
    statement: str,
    actor: str,
    now: datetime,
    assessor: str,
    known: Collection[str],
) -> Proceeding:
    """Return a case about `team`, opened by staff or by an `assessor` (empty for staff) whom the stage knows."""
    ground_of(Kind.CASE, ground)
    if stage.state is StageState.PLANNED:
        raise TeamUnknownError("team_id", team, f"{stage.id} has not opened: nobody has entered")
    if team not in stage.entrants:
        raise TeamUnknownError("team_id", team, f"must have entered {stage.id}")
    if assessor and assessor not in known:
        raise AllegerUnknownError("alleged_by", assessor, f"must have scored in {stage.id}, or judge a gate of it")
    _require_text("statement", statement, LONGEST_STATEMENT)
    return Proceeding(
        id=f"{stage.id}-case-{number}",
        kind=Kind.CASE,
        stage=stage.id,
        number=number,
        ground=ground,
        team=team,
        version=stage.decision_version,
        statement=statement,
        filed_by=assessor or actor,
        filed_at=now,
        due=due_after(State.FILED, now, zone),
    )


def with_evidence(
    found: Proceeding, party: Party, reference: str, sha256: str, size_bytes: int, description: str, actor: str,
    now: datetime,
) -> Proceeding:  # fmt: skip
    """Return the proceeding with one more piece of evidence: taken until the panel has found, and never removed."""
    require_state(found, *UNHEARD)
    _require_text("reference", reference, LONGEST_REFERENCE)
    _require_text("description", description, LONGEST_REASON)
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
    _require_text("text", text, LONGEST_STATEMENT)
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


def closed(found: Proceeding, outcome: Outcome, now: datetime) -> Proceeding:
    """Return the proceeding at its end."""
    return replace(found, state=State.CLOSED, outcome=outcome, due=None, waits=(), closed_at=now)


def holds(proceedings: Iterable[Proceeding]) -> tuple[Wait, ...]:
    """Return why a decision cannot become final: what about it is not closed yet.

    What was filed in time and not yet ruled on counts: nobody loses an objection because staff were slow.
    """
    left = [each for each in proceedings if each.is_open]
    if not left:
        return ()
    return (
        wait(
            WaitCode.PROCEEDINGS_OPEN,
            count=len(left),
            proceedings=[each.id for each in left[:10]],
            until=max(each.due for each in left if each.due is not None),
        ),
    )


def require_state(found: Proceeding, *states: State) -> None:
    """Raise `ProceedingStateError` unless the proceeding is in one of these states."""
    if found.state not in states:
        named = " or ".join(sorted(each.value for each in states))
        raise ProceedingStateError("proceeding_id", found.id, f"must be {named}; it is {found.state.value}")


def require_reason(reason: str, field: str = "reason") -> None:
    """Raise `TextInvalidError` for a reason that is empty or too long."""
    _require_text(field, reason, LONGEST_REASON)


def utc_text(instant: datetime) -> str:
    """Return an instant in ISO 8601 UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _require_text(field: str, text: str, longest: int) -> None:
    if not text.strip():
        raise TextInvalidError(field, text, "must not be empty")
    if len(text) > longest:
        raise TextInvalidError(field, f"{len(text)} characters", f"must be at most {longest}")

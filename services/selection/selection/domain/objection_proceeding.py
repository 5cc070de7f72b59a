"""What an objection or a case is: its states with their deadlines and owners, its sides, its end.

Source: design page "Selection and notary", "The stage-gate pipeline": each state has a deadline, an owner and a visible
reason
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from rules import Provenance, dates

from selection.domain.objection_grounds import Kind
from selection.domain.objection_refusal import NotAPartyError, ProceedingStateError, TextInvalidError
from selection.domain.waits import Wait, WaitCode, wait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from selection.domain.objection_panel import Finding
    from selection.domain.objection_remedy import FreshScoring, FreshSheet
    from selection.domain.versions import Corrections

LONGEST_REASON: Final = 2_000


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
    that came of it, 0 for none. `provenance` marks one that a replay made up.
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
    provenance: Provenance = Provenance.RECORDED
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
    require_text(field, reason, LONGEST_REASON)


def utc_text(instant: datetime) -> str:
    """Return an instant in ISO 8601 UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def require_text(field: str, text: str, longest: int) -> None:
    """Raise `TextInvalidError` for a text that is empty or too long."""
    if not text.strip():
        raise TextInvalidError(field, text, "must not be empty")
    if len(text) > longest:
        raise TextInvalidError(field, f"{len(text)} characters", f"must be at most {longest}")

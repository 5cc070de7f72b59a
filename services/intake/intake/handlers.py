"""The use cases of intake: load, decide, save and publish."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import rfc8785
from common.errors import NotFoundError

from intake.domain.application import (
    Application,
    ApplicationReceived,
    ApplicationState,
    Receipt,
    application_id,
    check,
    check_size,
    document,
    next_version,
)
from intake.domain.call import (
    Call,
    CallAnnounced,
    CallEnded,
    CallId,
    CallState,
    CallTakenError,
    TeamId,
    announce,
    require_open,
)
from intake.domain.eligibility import EligibilityCheck, confirm, require_list_kept, state_after

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from common.clock import Clock

    from intake.domain.application import ApplicationId, Content

CALL_PROCESS: Final = "call"
OWNER: Final = "intake"
# A call that has not moved an hour after its instant is stuck, and staff must hear of it.
_OVERDUE_AFTER: Final = timedelta(hours=1)

Announcement = CallAnnounced | CallEnded | ApplicationReceived | EligibilityCheck


@dataclass(frozen=True, slots=True)
class Submission:
    """What a consortium hands in for `team_id`."""

    team_id: TeamId
    content: Content


class Records(Protocol):
    """What intake keeps, in one transaction."""

    async def call(self, call_id: CallId, *, locked: bool = False) -> Call | None:
        """Return a call; `locked` keeps it from being moved until the transaction ends, but not others from reading."""
        ...

    async def call_to_move(self, call_id: CallId) -> Call | None:
        """Return a call once nobody hands in an application to it, and let nobody until the transaction ends."""
        ...

    async def add_call(self, call: Call) -> bool:
        """Keep a new call; return `False` where its id is taken."""
        ...

    async def move_call(self, call_id: CallId, state: CallState) -> None:
        """Change the state of a call."""
        ...

    async def current(self, identity: ApplicationId, *, locked: bool = False) -> Application | None:
        """Return the current version; `locked` lets nobody else add a version until the transaction ends."""
        ...

    async def receipt(self, identity: ApplicationId, version: int) -> Receipt:
        """Return the receipt of a version that exists."""
        ...

    async def calls(self, after: int, limit: int) -> tuple[list[Call], int | None]:
        """Return up to `limit` calls after a position, oldest first, and where the next page begins."""
        ...

    async def applications(self, call_id: CallId, after: str, limit: int) -> tuple[list[Application], str | None]:
        """Return up to `limit` current versions after a team id, by team id, and where the next page begins."""
        ...

    async def receipts(self, call_id: str, after: int, limit: int) -> tuple[list[Receipt], int | None]:
        """Return up to `limit` receipts after a position, in order of receipt; an empty `call_id` means all calls."""
        ...

    async def add_version(self, application: Application, receipt: Receipt) -> None:
        """Keep a version with its receipt."""
        ...

    async def standings(self, call_id: CallId) -> dict[TeamId, ApplicationState]:
        """Return the state of each team's current version."""
        ...

    async def verdicts(self, identity: ApplicationId, version: int) -> dict[str, bool]:
        """Return the last verdict on each check of a version."""
        ...

    async def add_verdict(self, check: EligibilityCheck, version: int) -> None:
        """Keep a verdict."""
        ...

    async def watch_call(self, call_id: CallId, state: CallState, wake_at: datetime, deadline: datetime) -> None:
        """Have the call moved on from `state` at `wake_at`; staff hear of it past `deadline`."""
        ...

    async def publish(self, event: Announcement) -> UUID:
        """Say `event` to everyone; return the event's id."""
        ...


async def open_call(wished: Call, records: Records, clock: Clock) -> Call:
    """Announce a call, which then opens and closes by itself. Raises `RuleBrokenError`."""
    call = announce(wished, clock.now())
    if not await records.add_call(call):
        raise CallTakenError("call.call_id", call.call_id, "must not name a call that exists")
    await records.watch_call(call.call_id, call.state, call.opens_at, call.opens_at + _OVERDUE_AFTER)
    await records.publish(CallAnnounced(call))
    return call


async def open_at_its_instant(call_id: CallId, records: Records) -> Call:
    """Move an announced call on: its opening instant has come."""
    call = _found(await records.call_to_move(call_id), call_id)
    await records.move_call(call_id, CallState.OPEN)
    return replace(call, state=CallState.OPEN)


async def close_at_its_instant(call_id: CallId, records: Records) -> None:
    """End a call: its closing instant has come; say who counts."""
    _found(await records.call_to_move(call_id), call_id)
    await records.move_call(call_id, CallState.CLOSED)
    standings = await records.standings(call_id)
    ineligible = {team for team, state in standings.items() if state is ApplicationState.INELIGIBLE}
    await records.publish(CallEnded(call_id, tuple(sorted(standings.keys() - ineligible)), tuple(sorted(ineligible))))


def overdue_after(instant: datetime) -> datetime:
    """Return when a call that should have moved at `instant` is overdue."""
    return instant + _OVERDUE_AFTER


async def submit_application(submission: Submission, records: Records, clock: Clock) -> Receipt:
    """Take an application, or a new version of it; return its receipt. Raises `RuleBrokenError`, `NotFoundError`.

    The instant of receipt is read once the call is held: nothing can be received before the closing instant and yet
    be missing from the list that closing makes.
    """
    content = submission.content
    call = _found(await records.call(content.call_id, locked=True), content.call_id)
    received_at = clock.now()
    require_open(call, received_at)
    check(content, call, submission.team_id)
    current = await records.current(application_id(content.call_id, content.team_id), locked=True)
    application = next_version(current, content)
    canonical = rfc8785.dumps(document(application))
    check_size(canonical)
    receipt = Receipt(
        application_id=application.application_id,
        version=application.version,
        application_sha256=hashlib.sha256(canonical).hexdigest(),
        received_at=received_at,
        application_json=canonical,
    )
    event_id = await records.publish(ApplicationReceived(application, receipt))
    receipt = replace(receipt, event_id=str(event_id))
    await records.add_version(application, receipt)
    return receipt


async def record_eligibility(
    call_id: CallId, team_id: TeamId, wished: EligibilityCheck, records: Records
) -> ApplicationState:
    """Record an officer's confirmation on the current version; return the state that follows.

    The call is held: no check is recorded while the list of its applicants is made. Raises `RuleBrokenError` and
    `NotFoundError`.
    """
    verdict = confirm(wished)
    call = _found(await records.call(call_id, locked=True), call_id)
    application = await current_application(call_id, team_id, records, locked=True)
    verdicts = await records.verdicts(application.application_id, application.version)
    state = state_after({**verdicts, verdict.check: verdict.passed})
    require_list_kept(call, verdict, state_after(verdicts), state)
    await records.add_verdict(verdict, application.version)
    await records.publish(verdict)
    return state


async def current_application(
    call_id: CallId, team_id: TeamId, records: Records, *, locked: bool = False
) -> Application:
    """Return a team's current version; raise `NotFoundError` where it has none."""
    identity = application_id(call_id, team_id)
    application = await records.current(identity, locked=locked)
    if application is None:
        raise NotFoundError("application_id", identity)
    return application


async def get_call(call_id: CallId, records: Records) -> Call:
    """Return a call; raise `NotFoundError` where there is none."""
    return _found(await records.call(call_id), call_id)


def _found(call: Call | None, call_id: CallId) -> Call:
    if call is None:
        raise NotFoundError("call_id", call_id)
    return call

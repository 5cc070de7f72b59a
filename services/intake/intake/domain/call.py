"""When a call takes applications: the only place that compares an instant with a call's window."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, NewType

from intake.domain.refusal import NameInvalidError, RuleBrokenError, require_text

if TYPE_CHECKING:
    from datetime import datetime

CallId = NewType("CallId", str)
TeamId = NewType("TeamId", str)

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_SLUG: Final = 100


class CallState(Enum):
    """Where a call is."""

    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"


class CallWindowEmptyError(RuleBrokenError):
    """A call would close before or as it opens."""


class CallWindowPastError(RuleBrokenError):
    """A call would be over when it is announced."""


class CallTakenError(RuleBrokenError):
    """The id of a new call is taken."""


class CallNotOpenError(RuleBrokenError):
    """An application came before the call opened."""


class ApplicationLateError(RuleBrokenError):
    """An application came at or after the closing instant."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call for applications; a window of two instants in UTC, the first in and the second out."""

    call_id: CallId
    title_ko: str
    title_en: str
    opens_at: datetime
    closes_at: datetime
    requires_students: bool
    state: CallState = CallState.ANNOUNCED


@dataclass(frozen=True, slots=True)
class CallAnnounced:
    """A call was announced."""

    call: Call


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The closing instant has passed: who counts, and who was found ineligible, both sorted."""

    call_id: CallId
    team_ids: tuple[TeamId, ...]
    ineligible_team_ids: tuple[TeamId, ...]


def announce(call: Call, now: datetime) -> Call:
    """Return `call` as announced at `now`; raise `RuleBrokenError` where it could never take an application."""
    require_slug("call.call_id", call.call_id)
    require_text("call.title_ko", call.title_ko)
    require_text("call.title_en", call.title_en)
    if call.closes_at <= call.opens_at:
        raise CallWindowEmptyError(
            "call.closes_at", call.closes_at.isoformat(), f"must lie after opens_at, {call.opens_at.isoformat()}"
        )
    if call.closes_at <= now:
        raise CallWindowPastError(
            "call.closes_at", call.closes_at.isoformat(), f"must lie after now, {now.isoformat()}"
        )
    return replace(call, state=CallState.ANNOUNCED)


def require_open(call: Call, received_at: datetime) -> None:
    """Let pass what the server received at `received_at` if and only if opens_at ≤ received_at < closes_at.

    There is no hidden grace (intake-and-panels.md, "Call"). Raises `CallNotOpenError` before the window and
    `ApplicationLateError` after it. A call that has been closed stays so, whatever the clock says.
    """
    if received_at >= call.closes_at or call.state is CallState.CLOSED:
        raise ApplicationLateError(
            "received_at", received_at.isoformat(), f"must lie before the closing instant, {call.closes_at.isoformat()}"
        )
    if received_at < call.opens_at:
        raise CallNotOpenError(
            "received_at",
            received_at.isoformat(),
            f"must reach the opening instant, {call.opens_at.isoformat()}",
        )


def require_slug(field: str, value: str) -> None:
    """Raise `FieldEmptyError` or `NameInvalidError` where `value` is no id: lower case letters, digits and hyphens."""
    require_text(field, value)
    if len(value) > _LONGEST_SLUG or not _SLUG.fullmatch(value):
        raise NameInvalidError(
            field,
            value[:_LONGEST_SLUG],
            f"must be at most {_LONGEST_SLUG} lower case letters, digits and single hyphens",
        )

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from intake.domain.call import (
    ApplicationLateError,
    Call,
    CallId,
    CallNotOpenError,
    CallState,
    CallWindowEmptyError,
    CallWindowPastError,
    announce,
    require_open,
)
from intake.domain.refusal import FieldEmptyError, NameInvalidError

OPENS = datetime(2025, 6, 19, 15, tzinfo=UTC)
CLOSES = datetime(2025, 7, 21, 7, tzinfo=UTC)  # 16:00 in Seoul
CALL = Call(CallId("sovereign-ai-2025"), "공고", "Call", OPENS, CLOSES, requires_students=True)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("instant", [OPENS, OPENS + TICK, CLOSES - TICK])
def test_an_application_inside_the_window_is_accepted(instant: datetime) -> None:
    require_open(CALL, instant)


@pytest.mark.parametrize("instant", [CLOSES, CLOSES + TICK, CLOSES + timedelta(days=400)])
def test_a_late_application_is_refused_also_at_the_very_closing_instant(instant: datetime) -> None:
    with pytest.raises(ApplicationLateError) as refused:
        require_open(CALL, instant)
    assert refused.value.field == "received_at"
    assert refused.value.value == instant.isoformat()
    assert CLOSES.isoformat() in refused.value.rule


def test_an_application_before_the_opening_instant_is_refused() -> None:
    with pytest.raises(CallNotOpenError):
        require_open(CALL, OPENS - TICK)


def test_a_closed_call_stays_closed_whatever_the_clock_says() -> None:
    with pytest.raises(ApplicationLateError):
        require_open(replace(CALL, state=CallState.CLOSED), CLOSES - TICK)


@pytest.mark.parametrize("closes", [OPENS, OPENS - TICK])
def test_a_call_with_an_empty_window_is_refused(closes: datetime) -> None:
    with pytest.raises(CallWindowEmptyError):
        announce(replace(CALL, closes_at=closes), OPENS - timedelta(days=1))


def test_a_call_that_would_be_over_when_announced_is_refused() -> None:
    with pytest.raises(CallWindowPastError):
        announce(CALL, CLOSES)


def test_a_call_may_be_announced_after_its_opening_instant() -> None:
    assert announce(CALL, OPENS + TICK).state is CallState.ANNOUNCED


@pytest.mark.parametrize("name", ["Sovereign", "a--b", "-a", "a_b", "독파모", "a/b", "a" * 101])
def test_a_call_id_is_lower_case_letters_digits_and_hyphens(name: str) -> None:
    with pytest.raises(NameInvalidError):
        announce(replace(CALL, call_id=CallId(name)), OPENS)


def test_a_call_without_a_title_is_refused() -> None:
    with pytest.raises(FieldEmptyError) as refused:
        announce(replace(CALL, title_ko=" "), OPENS)
    assert refused.value.field == "call.title_ko"

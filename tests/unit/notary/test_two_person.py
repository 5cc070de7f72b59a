"""Acts of two people: one asks and says why, another confirms in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from notary.domain.two_person import (
    LAPSES_AFTER,
    Act,
    ActDoneError,
    ActLapsedError,
    ReasonMissingError,
    SamePersonError,
    require_reason,
)

NOW = datetime(2026, 2, 28, 12, tzinfo=UTC)
ASKED = Act("one", "court order 2026-17", "kim", NOW)


def test_another_person_confirms_what_one_asked_for() -> None:
    done = ASKED.confirmed("lee", NOW + timedelta(days=1))
    assert done.done
    assert (done.confirmed_by, done.confirmed_at) == ("lee", NOW + timedelta(days=1))
    assert not ASKED.done


def test_nobody_confirms_his_own_request() -> None:
    with pytest.raises(SamePersonError):
        ASKED.confirmed("kim", NOW)


def test_what_is_done_is_not_done_again() -> None:
    with pytest.raises(ActDoneError):
        ASKED.confirmed("lee", NOW).confirmed("park", NOW)


def test_a_request_lapses() -> None:
    assert ASKED.confirmed("lee", NOW + LAPSES_AFTER).done
    with pytest.raises(ActLapsedError):
        ASKED.confirmed("lee", NOW + LAPSES_AFTER + timedelta(microseconds=1))


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_a_reason_is_said_and_short_enough_to_be_read(reason: str) -> None:
    with pytest.raises(ReasonMissingError):
        require_reason(reason)
    assert require_reason(" court order ") == "court order"

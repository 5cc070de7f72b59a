"""Rules of entitlements."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from grants.domain.entitlement import (
    Entitlement,
    EntitlementExceededError,
    EntitlementState,
    Funds,
    HoldBalanceTooLowError,
    NoEntitlementError,
    SupportKind,
    SupportKindUnknownError,
    WindowInvalidError,
    WindowMissingError,
    Wish,
    cover,
    grant,
    support_kind,
)
from grants.domain.ledger import AmountNotPositiveError, TeamId, Unit

TEAM = TeamId("upstage")
FROM = datetime(2026, 1, 26, tzinfo=UTC)
TO = FROM + timedelta(days=10)
GPU = Entitlement(TEAM, SupportKind.GPU, 768, FROM, TO, "stage-1", "ab" * 32, FROM)
FUNDS = [Funds(GPU, GPU.ledger_amount)]


def wish(gpus: int = 512, max_seconds: int = 3600) -> Wish:
    return Wish("job-1", TEAM, gpus, max_seconds)


def test_a_gpu_grant_is_gpus_times_the_seconds_of_its_window() -> None:
    transaction = grant(GPU)
    assert transaction.unit is Unit.GPU_SECONDS
    assert {line.account: line.amount for line in transaction.postings} == {
        "POOL": -768 * 864_000,
        "upstage:granted": 768 * 864_000,
    }


@pytest.mark.parametrize("kind", [SupportKind.DATA, SupportKind.TALENT])
def test_money_has_a_purse_of_its_own_and_may_have_no_end(kind: SupportKind) -> None:
    entitlement = replace(GPU, kind=kind, amount=2_000_000_000, valid_to=None)
    transaction = grant(entitlement)
    assert transaction.unit is Unit.KRW
    assert [line.account for line in transaction.postings] == [f"POOL:{kind.value}", f"upstage:{kind.value}"]
    assert entitlement.is_valid(FROM + timedelta(days=9999))


def test_an_entitlement_without_amount_or_with_a_wrong_window_is_refused() -> None:
    with pytest.raises(AmountNotPositiveError):
        replace(GPU, amount=0)
    with pytest.raises(WindowInvalidError):
        replace(GPU, valid_to=FROM)
    with pytest.raises(WindowMissingError):
        replace(GPU, valid_to=None)
    with pytest.raises(SupportKindUnknownError) as refused:
        support_kind("awards[0].kind", "tpu")
    assert (refused.value.field, refused.value.value) == ("awards[0].kind", "tpu")


def test_a_job_is_covered_from_the_first_instant_to_before_the_last() -> None:
    assert cover(wish(), FUNDS, FROM) == GPU
    assert cover(wish(), FUNDS, TO - timedelta(microseconds=1)) == GPU
    for instant in (FROM - timedelta(microseconds=1), TO):
        with pytest.raises(NoEntitlementError):
            cover(wish(), FUNDS, instant)


@pytest.mark.parametrize("state", [EntitlementState.FORFEITED, EntitlementState.ENDED])
def test_a_lost_or_ended_entitlement_covers_nothing(state: EntitlementState) -> None:
    with pytest.raises(NoEntitlementError):
        cover(wish(), [Funds(replace(GPU, state=state), 10**9)], FROM)


def test_money_covers_no_job() -> None:
    with pytest.raises(NoEntitlementError):
        cover(wish(), [Funds(replace(GPU, kind=SupportKind.DATA), 10**9)], FROM)


def test_a_job_wider_than_the_entitlement_is_refused_with_both_figures() -> None:
    assert cover(wish(gpus=768), FUNDS, FROM) == GPU
    with pytest.raises(EntitlementExceededError, match="gpus is 769: at most 768"):
        cover(wish(gpus=769), FUNDS, FROM)


def test_a_job_longer_than_the_balance_is_refused() -> None:
    funds = [Funds(GPU, 512 * 3600 - 1)]
    with pytest.raises(HoldBalanceTooLowError) as refused:
        cover(wish(), funds, FROM)
    assert refused.value.field == "max_seconds"
    assert cover(wish(max_seconds=3599), funds, FROM) == GPU


def test_of_several_entitlements_the_one_that_ends_first_is_used() -> None:
    later = replace(GPU, valid_to=TO + timedelta(days=1), stage="added-call")
    assert cover(wish(), [Funds(later, 10**9), *FUNDS], FROM) == GPU
    assert cover(wish(), [Funds(later, 10**9), Funds(GPU, 1)], FROM) == later


@pytest.mark.parametrize(("gpus", "seconds", "field"), [(0, 1, "gpus"), (1, 0, "max_seconds")])
def test_a_wish_for_nothing_is_refused(gpus: int, seconds: int, field: str) -> None:
    with pytest.raises(AmountNotPositiveError) as refused:
        cover(wish(gpus, seconds), FUNDS, FROM)
    assert refused.value.field == field

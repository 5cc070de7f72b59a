"""Rules of double entry."""

from __future__ import annotations

import pytest
from grants.domain import ledger
from grants.domain.audit import LedgerFigures, findings
from grants.domain.ledger import (
    Account,
    AmountNotPositiveError,
    BalanceTooLowError,
    Posting,
    TeamId,
    Transaction,
    TransactionKind,
    TransactionUnbalancedError,
    Unit,
)
from hypothesis import given
from hypothesis import strategies as st

TEAM = TeamId("lg-ai-research")
TEAMS = [TeamId("lg-ai-research"), TeamId("sk-telecom"), TeamId("upstage")]


def transaction(*postings: tuple[str, int]) -> Transaction:
    lines = tuple(Posting(Account(account), amount) for account, amount in postings)
    return Transaction(TransactionKind.GRANT, Unit.GPU_SECONDS, TEAM, "cause", "entitlement", lines)


@pytest.mark.parametrize(
    "postings",
    [
        (("POOL", -5), ("lg:granted", 4)),
        (("POOL", 0),),
        (),
        (("POOL", 0), ("lg:granted", 0)),
        (("POOL", -5), ("POOL", 5)),
    ],
)
def test_a_transaction_that_is_not_double_entry_is_refused(postings: tuple[tuple[str, int], ...]) -> None:
    with pytest.raises(TransactionUnbalancedError):
        transaction(*postings)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_than_nothing_cannot_be_moved(amount: int) -> None:
    with pytest.raises(AmountNotPositiveError) as refused:
        ledger.hold(TEAM, amount, job="job", entitlement="e")
    assert refused.value.value == amount


def test_an_account_other_than_the_pool_never_goes_below_zero() -> None:
    hold = ledger.hold(TEAM, 11, job="job", entitlement="e")
    with pytest.raises(BalanceTooLowError) as refused:
        ledger.after({ledger.granted(TEAM): 10}, hold)
    assert (refused.value.field, refused.value.value) == ("lg-ai-research:granted", 11)
    assert ledger.after({ledger.granted(TEAM): 11}, hold)[ledger.granted(TEAM)] == 0


def test_the_pools_may_go_below_zero() -> None:
    assert ledger.after({}, transaction(("POOL:data", -5), ("x", 5))) == {"POOL:data": -5, "x": 5}
    assert not ledger.is_pool(Account("POOLS"))


def test_a_settled_hold_is_charged_by_its_use_and_released_by_its_rest() -> None:
    charge, release = ledger.settle(TEAM, 100, 30, 0, job="job", entitlement="e")
    assert {line.account: line.amount for line in charge.postings} == {
        "lg-ai-research:held": -30,
        "lg-ai-research:spent": 30,
    }
    assert {line.account: line.amount for line in release.postings} == {
        "lg-ai-research:held": -70,
        "lg-ai-research:granted": 70,
    }


def test_use_beyond_the_hold_is_charged_to_what_the_team_still_has() -> None:
    (charge,) = ledger.settle(TEAM, 100, 130, 30, job="job", entitlement="e")
    assert {line.account: line.amount for line in charge.postings} == {
        "lg-ai-research:held": -100,
        "lg-ai-research:granted": -30,
        "lg-ai-research:spent": 130,
    }


def test_use_beyond_hold_and_rest_is_refused_with_both_figures() -> None:
    with pytest.raises(BalanceTooLowError) as refused:
        ledger.settle(TEAM, 100, 131, 30, job="job", entitlement="e")
    assert (refused.value.value, refused.value.rule) == (31, "at most the balance of 30 gpu_seconds")


def test_an_unused_hold_is_released_whole_and_a_negative_use_is_refused() -> None:
    (release,) = ledger.settle(TEAM, 100, 0, 0, job="job", entitlement="e")
    assert release.kind is TransactionKind.RELEASE
    with pytest.raises(AmountNotPositiveError):
        ledger.settle(TEAM, 100, -1, 0, job="job", entitlement="e")


def test_what_is_given_back_passes_the_forfeited_account_and_ends_in_the_pool() -> None:
    steps = ledger.give_back(TEAM, 40, cause="e", entitlement="e")
    assert [step.kind for step in steps] == [TransactionKind.FORFEIT, TransactionKind.REALLOCATE]
    balances = {ledger.granted(TEAM): 40, ledger.pool(): -40}
    for step in steps:
        balances = ledger.after(balances, step)
    assert set(balances.values()) == {0}
    assert ledger.give_back(TEAM, 0, cause="e", entitlement="e") == []


@st.composite
def moves(draw: st.DrawFn) -> Transaction:
    team = draw(st.sampled_from(TEAMS))
    amount = draw(st.integers(1, 10**12))
    cause = draw(st.uuids()).hex
    kind = draw(st.sampled_from(["grant", "hold", "settle", "give back"]))
    if kind == "grant":
        return ledger.move(
            TransactionKind.GRANT, Unit.GPU_SECONDS, team, amount=amount, source=ledger.pool(),
            target=ledger.granted(team), cause=cause, entitlement=cause,
        )  # fmt: skip
    if kind == "hold":
        return ledger.hold(team, amount, job=cause, entitlement=cause)
    if kind == "settle":
        used = draw(st.integers(0, 10**12))
        return draw(
            st.sampled_from(ledger.settle(team, amount, used, max(0, used - amount), job=cause, entitlement=cause))
        )
    return draw(st.sampled_from(ledger.give_back(team, amount, cause=cause, entitlement=cause)))


@given(st.lists(moves(), max_size=40))
def test_any_sequence_keeps_the_sum_at_zero_and_every_account_at_or_above_zero(sequence: list[Transaction]) -> None:
    balances: dict[Account, int] = {}
    posted = []
    for each in sequence:
        try:
            balances = ledger.after(balances, each)
        except BalanceTooLowError:
            continue
        posted.append(each)
        assert sum(balances.values()) == 0
        assert all(balance >= 0 or ledger.is_pool(account) for account, balance in balances.items())
    sums = ledger.totals(posted)
    kept = {(account, Unit.GPU_SECONDS): balance for account, balance in balances.items()}
    assert sums == kept
    assert findings(LedgerFigures(len(posted), sums, kept, {})) == []


def test_a_check_names_everything_that_does_not_balance() -> None:
    gpu = Unit.GPU_SECONDS
    sums = {(Account("POOL"), gpu): -5, (Account("a:granted"), gpu): -1}
    kept = {(Account("POOL"), gpu): -5, (Account("a:granted"), gpu): 3}
    assert findings(LedgerFigures(1, sums, kept, {"grant/x": -6})) == [
        "a:granted is below zero: -1 gpu_seconds",
        "a:granted is kept as 3 gpu_seconds, its postings sum to -1",
        "all postings in gpu_seconds sum to -6",
        "transaction grant/x sums to -6",
    ]

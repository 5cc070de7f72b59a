"""Double entry: what moves, between which accounts, and what may never happen.

GPU time is counted in whole GPU-seconds of B200-equivalent, money in whole KRW. Source: design page "Grants and
training", "Double entry in integers".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

Account = NewType("Account", str)
TeamId = NewType("TeamId", str)

_POOL: Final = "POOL"
_SMALLEST_COUNT_OF_POSTINGS: Final = 2


class Unit(Enum):
    """What a transaction counts."""

    GPU_SECONDS = "gpu_seconds"
    KRW = "krw"


class TransactionKind(Enum):
    """Why something moves."""

    GRANT = "grant"
    HOLD = "hold"
    CHARGE = "charge"
    RELEASE = "release"
    FORFEIT = "forfeit"
    REALLOCATE = "reallocate"
    REVERSE = "reverse"


class AmountNotPositiveError(Exception):
    """Something that moves must be more than nothing."""

    def __init__(self, field: str, value: int) -> None:
        """Keep the `field` and its `value`."""
        super().__init__(f"{field} is {value}: must be more than 0")
        self.field = field
        self.value = value
        self.rule = "must be more than 0"


class TransactionUnbalancedError(Exception):
    """The postings of a transaction do not sum to zero, or are too few to be double entry."""

    def __init__(self, transaction_id: str, total: int, postings: int) -> None:
        """Keep the transaction's id, the sum of its `postings` and their number."""
        super().__init__(f"transaction {transaction_id}: {postings} postings sum to {total}, not to 0")
        self.field = "postings"
        self.value = total
        self.rule = "two or more postings, each account once, must sum to 0"
        self.transaction_id = transaction_id


class BalanceTooLowError(Exception):
    """An account other than the pool would go below zero."""

    def __init__(self, account: str, balance: int, wanted: int, unit: Unit) -> None:
        """Keep the account, its `balance` and how much was `wanted`, both in `unit`."""
        super().__init__(f"{account} has {balance} {unit.value}: {wanted} is more than that")
        self.field = account
        self.value = wanted
        self.rule = f"at most the balance of {balance} {unit.value}"
        self.unit = unit.value


@dataclass(frozen=True, slots=True)
class Posting:
    """One line: `amount` is added to `account` (taken from it where negative)."""

    account: Account
    amount: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """What moves at once, for one team and one cause.

    There is at most one transaction of a kind for a cause, hence the id: posting it again changes nothing.
    Raises `TransactionUnbalancedError` where the postings are not double entry.
    """

    kind: TransactionKind
    unit: Unit
    team: TeamId
    cause: str
    entitlement: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        total = sum(posting.amount for posting in self.postings)
        accounts = {posting.account for posting in self.postings if posting.amount}
        if total or len(self.postings) < _SMALLEST_COUNT_OF_POSTINGS or len(accounts) < len(self.postings):
            raise TransactionUnbalancedError(self.id, total, len(self.postings))

    @property
    def id(self) -> str:
        """Kind and cause."""
        return f"{self.kind.value}/{self.cause}"


@dataclass(frozen=True, slots=True)
class PostedTransaction:
    """A transaction and the instant (UTC) it was posted."""

    transaction: Transaction
    posted_at: datetime


def pool(purse: str = "") -> Account:
    """Return the pool: of GPU time, or of the money of `purse` ("data", "talent")."""
    return Account(f"{_POOL}:{purse}" if purse else _POOL)


def is_pool(account: Account) -> bool:
    """Say whether `account` is a pool: the only kind that may be below zero, by all that was ever given out of it."""
    return account == _POOL or account.startswith(f"{_POOL}:")


def granted(team: TeamId) -> Account:
    """Return the account of GPU time that the team may still use."""
    return Account(f"{team}:granted")


def held(team: TeamId) -> Account:
    """Return the account of GPU time set aside for jobs that are not finished."""
    return Account(f"{team}:held")


def spent(team: TeamId) -> Account:
    """Return the account of GPU time used."""
    return Account(f"{team}:spent")


def forfeited(team: TeamId) -> Account:
    """Return the account through which lost GPU time goes back to the pool."""
    return Account(f"{team}:forfeited")


def purse(team: TeamId, name: str) -> Account:
    """Return the account of money given to the team for `name` ("data", "talent")."""
    return Account(f"{team}:{name}")


def move(
    kind: TransactionKind,
    unit: Unit,
    team: TeamId,
    *,
    amount: int,
    source: Account,
    target: Account,
    cause: str,
    entitlement: str,
) -> Transaction:
    """Return the transaction that moves `amount` from `source` to `target`. Raises `AmountNotPositiveError`."""
    if amount <= 0:
        raise AmountNotPositiveError("amount", amount)
    postings = (Posting(source, -amount), Posting(target, amount))
    return Transaction(kind, unit, team, cause, entitlement, postings)


def hold(team: TeamId, gpu_seconds: int, *, job: str, entitlement: str) -> Transaction:
    """Return the setting aside of `gpu_seconds` for `job`, at admission: gpus × longest running time."""
    return move(
        TransactionKind.HOLD,
        Unit.GPU_SECONDS,
        team,
        amount=gpu_seconds,
        source=granted(team),
        target=held(team),
        cause=job,
        entitlement=entitlement,
    )


def settle(
    team: TeamId, gpu_seconds_held: int, gpu_seconds_used: int, gpu_seconds_left: int, *, job: str, entitlement: str
) -> list[Transaction]:
    """Return what ends a hold: the charge of the time used, then the release of the rest.

    Time used beyond the hold is charged to what is left of the same entitlement, never to another one of the team.
    Raises `AmountNotPositiveError` for a negative use and `BalanceTooLowError` for one beyond hold and rest.
    """
    if gpu_seconds_used < 0:
        raise AmountNotPositiveError("gpu_seconds", gpu_seconds_used)
    from_held = min(gpu_seconds_held, gpu_seconds_used)
    beyond = gpu_seconds_used - from_held
    if beyond > gpu_seconds_left:
        raise BalanceTooLowError(granted(team), gpu_seconds_left, beyond, Unit.GPU_SECONDS)
    rest = gpu_seconds_held - from_held
    ends: list[Transaction] = []
    if gpu_seconds_used:
        lines = (
            Posting(held(team), -from_held),
            Posting(granted(team), -beyond),
            Posting(spent(team), gpu_seconds_used),
        )
        postings = tuple(line for line in lines if line.amount)
        ends.append(Transaction(TransactionKind.CHARGE, Unit.GPU_SECONDS, team, job, entitlement, postings))
    if rest:
        ends.append(
            move(
                TransactionKind.RELEASE,
                Unit.GPU_SECONDS,
                team,
                amount=rest,
                source=held(team),
                target=granted(team),
                cause=job,
                entitlement=entitlement,
            )
        )
    return ends


def give_back(team: TeamId, gpu_seconds: int, *, cause: str, entitlement: str) -> list[Transaction]:
    """Return the forfeit of unspent GPU time and its reallocation to the pool; nothing where nothing is left."""
    if gpu_seconds == 0:
        return []
    steps = (
        (TransactionKind.FORFEIT, granted(team), forfeited(team)),
        (TransactionKind.REALLOCATE, forfeited(team), pool()),
    )
    return [
        move(
            kind,
            Unit.GPU_SECONDS,
            team,
            amount=gpu_seconds,
            source=source,
            target=target,
            cause=cause,
            entitlement=entitlement,
        )
        for kind, source, target in steps
    ]


def reverse(
    team: TeamId, unit: Unit, amount: int, *, source: Account, target: Account, cause: str, entitlement: str
) -> list[Transaction]:
    """Return the reversing entry of a grant, as far as `amount` of it is left; nothing where nothing is left.

    Source: requirement, selection and notary: a superseded decision is corrected by new entries, no entry is changed
    """
    if amount == 0:
        return []
    moved = move(
        TransactionKind.REVERSE,
        unit,
        team,
        amount=amount,
        source=source,
        target=target,
        cause=cause,
        entitlement=entitlement,
    )
    return [moved]


def after(balances: Mapping[Account, int], transaction: Transaction) -> dict[Account, int]:
    """Return the balances once `transaction` is posted; an account not named has 0.

    Raises `BalanceTooLowError` where an account other than a pool would go below zero: the rule of the ledger.
    """
    result = dict(balances)
    for posting in transaction.postings:
        before = result.get(posting.account, 0)
        if before + posting.amount < 0 and not is_pool(posting.account):
            raise BalanceTooLowError(posting.account, before, -posting.amount, transaction.unit)
        result[posting.account] = before + posting.amount
    return result


def totals(transactions: Iterable[Transaction]) -> dict[tuple[Account, Unit], int]:
    """Return the balance of every account and unit that `transactions` touch."""
    sums: Counter[tuple[Account, Unit]] = Counter()
    for transaction in transactions:
        for posting in transaction.postings:
            sums[posting.account, transaction.unit] += posting.amount
    return dict(sums)

"""What a team may use, for how long, and which job that covers.

Source: programme facts, "Support": an eliminated team loses its GPUs and keeps the data it was given; talent runs to
its own end whatever happens to the team. Which kinds are lost is data of the decision, never a constant here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from grants.domain import ledger
from grants.domain.ledger import AmountNotPositiveError, TeamId, Transaction, TransactionKind, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from grants.domain.ledger import Account


class SupportKind(Enum):
    """What is given."""

    GPU = "gpu"
    DATA = "data"
    TALENT = "talent"


class EntitlementState(Enum):
    """Where an entitlement is in its life. Nothing leads back to active."""

    ACTIVE = "active"
    FORFEITED = "forfeited"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class SupportKindUnknownError(Exception):
    """A decision names a kind of support that nobody keeps."""

    def __init__(self, field: str, value: str) -> None:
        """Keep the `field` and its `value`."""
        self.rule = "must be one of " + ", ".join(kind.value for kind in SupportKind)
        super().__init__(f"{field} is {value!r}: {self.rule}")
        self.field = field
        self.value = value


class WindowInvalidError(Exception):
    """An entitlement would end before it begins."""

    def __init__(self, valid_from: datetime, valid_to: datetime) -> None:
        """Keep both ends (UTC)."""
        self.rule = f"must be after valid_from, {valid_from.isoformat()}"
        super().__init__(f"valid_to is {valid_to.isoformat()}: {self.rule}")
        self.field = "valid_to"
        self.value = valid_to.isoformat()


class WindowMissingError(Exception):
    """GPU time needs an end: what is granted is GPUs times the seconds of the window."""

    def __init__(self, team: TeamId) -> None:
        """Keep the `team`."""
        self.rule = "a GPU entitlement has an end"
        super().__init__(f"valid_to of the GPUs of {team} is missing: {self.rule}")
        self.field = "valid_to"
        self.value = "nothing"


class EntitlementChangedError(Exception):
    """A decision was made known twice, and says something else the second time."""

    def __init__(self, entitlement_id: str) -> None:
        """Keep the entitlement's id."""
        self.rule = "a final decision never changes"
        super().__init__(f"entitlement {entitlement_id} exists with other terms: {self.rule}")
        self.field = "awards"
        self.value = entitlement_id


class HoldRefusalError(Exception):
    """A job gets no GPU time: `field`, `value` and `rule` say why."""

    def __init__(self, field: str, value: str, rule: str) -> None:
        """Keep the `field` of the job, its `value` and the `rule` it breaks."""
        super().__init__(f"{field} is {value}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class NoEntitlementError(HoldRefusalError):
    """The team has no GPU entitlement that is valid now."""


class EntitlementExceededError(HoldRefusalError):
    """The job wants more GPUs than any valid entitlement has."""


class HoldBalanceTooLowError(HoldRefusalError):
    """The job could use more GPU time than the entitlement has left."""


def support_kind(field: str, text: str) -> SupportKind:
    """Return the kind that `text` names. Raises `SupportKindUnknownError` with `field`."""
    try:
        return SupportKind(text)
    except ValueError:
        raise SupportKindUnknownError(field, text) from None


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Something a team may use from `valid_from` up to but not including `valid_to` (UTC), where it has an end.

    `amount` is GPUs in B200-equivalents for GPU, whole KRW otherwise; `granted_at` is when the decision of `stage` that
    gave it became final (UTC), `version` that decision's. `lost_in` is the stage whose decision took it away again,
    empty where none did; `restores` the entitlement whose rest it gives back, empty where it is the decision's own.
    Raises `AmountNotPositiveError`, `WindowMissingError` and `WindowInvalidError`.
    """

    team: TeamId
    kind: SupportKind
    amount: int
    valid_from: datetime
    valid_to: datetime | None
    stage: str
    decision_sha256: str
    granted_at: datetime
    state: EntitlementState = EntitlementState.ACTIVE
    lost_in: str = ""
    version: int = 1
    restores: str = ""

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise AmountNotPositiveError(f"amount of {self.kind.value} for {self.team}", self.amount)
        if self.valid_to is None and self.kind is SupportKind.GPU:
            raise WindowMissingError(self.team)
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise WindowInvalidError(self.valid_from, self.valid_to)

    @property
    def id(self) -> str:
        """Stage, team, kind and first day (UTC): the same decision always gives the same ids.

        A later version's have its number beside, and what it gives back the id of what was lost before.
        """
        own = self.restores or f"{self.stage}/{self.team}/{self.kind.value}/{self.valid_from:%Y-%m-%d}"
        return own if self.version == 1 else f"{own}/{self.stage}-{self.version}"

    def is_award_of(self, stage: str) -> bool:
        """Say whether the decision of `stage` gave it, as far as a version that counts did."""
        return self.stage == stage and not self.restores and self.state is not EntitlementState.WITHDRAWN

    def takes_the_place_of(self, other: Entitlement) -> bool:
        """Say whether a later version gives what `other` gave; money is the same from whenever it can be used.

        Raises `EntitlementChangedError` where it gives the team another amount or window: the same rules give the same.
        """
        if (self.team, self.kind) != (other.team, other.kind):
            return False
        gpu = self.kind is SupportKind.GPU
        if gpu and self.valid_from != other.valid_from:
            return False
        if (self.amount, self.valid_to) != (other.amount, other.valid_to):
            raise EntitlementChangedError(other.id)
        return True

    @property
    def ledger_amount(self) -> int:
        """GPU-seconds over the whole window for GPU, KRW otherwise: what the grant moves."""
        if self.kind is SupportKind.GPU and self.valid_to is not None:
            return self.amount * int((self.valid_to - self.valid_from).total_seconds())
        return self.amount

    def is_valid(self, now: datetime) -> bool:
        """Say whether it can be used at `now`."""
        begun = self.state is EntitlementState.ACTIVE and self.valid_from <= now
        return begun and (self.valid_to is None or now < self.valid_to)

    def ends_by(self, now: datetime) -> bool:
        """Say whether its last instant has passed at `now`."""
        return self.valid_to is not None and self.valid_to <= now


@dataclass(frozen=True, slots=True)
class Funds:
    """An entitlement and the GPU-seconds of it that are neither held nor spent."""

    entitlement: Entitlement
    unspent_gpu_seconds: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What a job asks for: `gpus` (B200-equivalents) for at most `max_seconds`."""

    job: str
    team: TeamId
    gpus: int
    max_seconds: int

    @property
    def gpu_seconds(self) -> int:
        """The most it can use."""
        return self.gpus * self.max_seconds


def grant(entitlement: Entitlement) -> Transaction:
    """Return the transaction that gives `entitlement` to its team."""
    unit, source, target = _accounts(entitlement)
    return ledger.move(
        TransactionKind.GRANT,
        unit,
        entitlement.team,
        amount=entitlement.ledger_amount,
        source=source,
        target=target,
        cause=entitlement.id,
        entitlement=entitlement.id,
    )


def withdraw(entitlement: Entitlement, left: int, cause: str) -> list[Transaction]:
    """Return the reversing entry for what is `left` of a grant that no longer stands; nothing where nothing is."""
    unit, source, target = _accounts(entitlement)
    return ledger.reverse(
        entitlement.team, unit, left, source=target, target=source, cause=cause, entitlement=entitlement.id
    )


def restored(
    lost: Entitlement, known: Sequence[Entitlement], stage: str, version: int, sha256: str, final_at: datetime
) -> list[Entitlement]:
    """Return what a team gets back by a later version of `stage`, final at `final_at`, that lets it go on.

    GPUs for the rest of the window, since what was lost went back to the pool, and once; money was never taken back.
    `known` are all entitlements of the team.
    """
    begins = max(lost.valid_from, final_at)
    taken = lost.state is EntitlementState.FORFEITED and lost.lost_in == stage != lost.stage
    if not taken or lost.kind is not SupportKind.GPU or lost.valid_to is None or lost.valid_to <= begins:
        return []
    if any(each.restores == lost.id and each.state is not EntitlementState.FORFEITED for each in known):
        return []
    back = replace(
        lost,
        valid_from=begins,
        stage=stage,
        decision_sha256=sha256,
        state=EntitlementState.ACTIVE,
        lost_in="",
        version=version,
        restores=lost.id,
    )
    return [back]


def _accounts(entitlement: Entitlement) -> tuple[Unit, Account, Account]:
    """The unit of a grant, and from where to where it moves."""
    team = entitlement.team
    match entitlement.kind:
        case SupportKind.GPU:
            return Unit.GPU_SECONDS, ledger.pool(), ledger.granted(team)
        case SupportKind.DATA | SupportKind.TALENT:
            purse = entitlement.kind.value
            return Unit.KRW, ledger.pool(purse), ledger.purse(team, purse)
        case _:
            assert_never(entitlement.kind)


def cover(wish: Wish, funds: Sequence[Funds], now: datetime) -> Entitlement:
    """Return the entitlement that covers `wish` at `now`: of those that do, the one that ends first.

    Raises `AmountNotPositiveError` for a wish of nothing; `NoEntitlementError`, `EntitlementExceededError` or
    `HoldBalanceTooLowError` where none covers it.
    """
    for field, value in (("gpus", wish.gpus), ("max_seconds", wish.max_seconds)):
        if value <= 0:
            raise AmountNotPositiveError(field, value)
    valid = sorted(
        (fund for fund in funds if fund.entitlement.kind is SupportKind.GPU and fund.entitlement.is_valid(now)),
        key=lambda fund: (fund.entitlement.valid_to or now, fund.entitlement.id),
    )
    if not valid:
        raise NoEntitlementError("team_id", wish.team, f"needs a GPU entitlement that is valid at {now.isoformat()}")
    wide = [fund for fund in valid if fund.entitlement.amount >= wish.gpus]
    if not wide:
        most = max(fund.entitlement.amount for fund in valid)
        raise EntitlementExceededError("gpus", str(wish.gpus), f"at most {most}, the entitlement of {wish.team}")
    deep = [fund for fund in wide if fund.unspent_gpu_seconds >= wish.gpu_seconds]
    if not deep:
        most = max(fund.unspent_gpu_seconds for fund in wide)
        rule = f"gpus × max_seconds, {wish.gpu_seconds} GPU-seconds, must be at most {most}, what {wish.team} has left"
        raise HoldBalanceTooLowError("max_seconds", str(wish.max_seconds), rule)
    return deep[0].entitlement

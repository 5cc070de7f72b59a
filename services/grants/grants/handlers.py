"""Use cases of grants: each loads, decides by the domain, saves and says so, in one transaction of its caller."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from grants.domain import ledger
from grants.domain.audit import findings
from grants.domain.entitlement import (
    EntitlementChangedError,
    EntitlementState,
    Funds,
    HoldRefusalError,
    SupportKind,
    Wish,
    cover,
    grant,
    restored,
    withdraw,
)
from grants.domain.events import (
    EntitlementEnded,
    EntitlementForfeited,
    EntitlementGranted,
    EntitlementWithdrawn,
    GrantsEvent,
    HoldPosted,
    HoldRefused,
    TransactionPosted,
)
from grants.domain.hold import Hold, HoldSettledError, HoldUnknownError, JobTakenError
from grants.domain.ledger import Account, PostedTransaction, TeamId, Transaction, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from grants.domain.audit import LedgerFigures
    from grants.domain.decision import AppliedDecision, Elimination, FinalDecision
    from grants.domain.entitlement import Entitlement

ENTITLEMENT_PROCESS: Final = "entitlement"
ELIMINATION_PROCESS: Final = "elimination"
"""Kinds of process managers."""

RUNNING_JOBS_DEADLINE: Final = timedelta(days=14)
"""How long the last jobs of an eliminated team may take to settle before people are told."""


class Books(Protocol):
    """What the use cases need to remember, and how they tell others."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""

    async def lock_decisions(self, teams: Iterable[TeamId]) -> None:
        """Let no other decision give to or take from these teams until the transaction ends."""

    async def concerned(self, stage: str) -> frozenset[TeamId]:
        """Teams that the decision of `stage` has given to or taken from."""

    async def applied_decision(self, stage: str) -> AppliedDecision | None:
        """The version of the decision of `stage` that was applied; `None` before the first."""

    async def note_decision(self, decision: FinalDecision) -> None:
        """Note that `decision` was applied, and who left by it, in the place of an earlier version."""

    async def eliminations(self, team: TeamId) -> list[Elimination]:
        """Decisions by which a team left, the earliest first."""

    async def entitlement(self, entitlement_id: str) -> Entitlement | None:
        """The entitlement, locked; `None` where there is none."""

    async def entitlements(self, team: TeamId) -> list[Entitlement]:
        """All entitlements of a team, locked."""

    async def add_entitlement(self, entitlement: Entitlement) -> None:
        """Keep a new entitlement and wake its ending at its end."""

    async def save_state(self, entitlement: Entitlement) -> None:
        """Keep the state of an entitlement that changed."""

    async def unspent(self, entitlement: Entitlement) -> int:
        """GPU-seconds of the entitlement that are neither held, spent nor given back."""

    async def hold(self, job: str) -> Hold | None:
        """The hold of a job, locked; `None` where there is none."""

    async def add_hold(self, hold: Hold) -> None:
        """Keep a new hold."""

    async def settle_hold(self, hold: Hold) -> None:
        """Keep the use of a hold."""

    async def open_holds(self, stage: str, team: TeamId) -> int:
        """Count the unsettled holds of what the team lost by the decision of `stage`."""

    async def lock_balances(self, accounts: Iterable[Account], unit: Unit) -> Mapping[Account, int]:
        """Balances of these accounts, locked until the transaction ends."""

    async def append(self, posted: PostedTransaction) -> bool:
        """Append to the ledger; `False` where it was there before."""

    async def wait_for_jobs(self, stage: str, team: TeamId, holds: int, deadline: datetime) -> None:
        """Note that `holds` jobs of a team that left in `stage` are not settled; people are told after `deadline`."""

    async def stop_waiting(self, stage: str, team: TeamId) -> None:
        """Note that all jobs of a team that left in `stage` are settled."""

    async def figures(self) -> LedgerFigures:
        """What a check of the whole ledger looks at, at one instant."""

    async def publish(self, event: GrantsEvent) -> None:
        """Tell others."""


async def apply_decision(decision: FinalDecision, books: Books) -> None:
    """Give and take what a final decision says, once; decisions of different stages may be told in any order.

    A later version of a stage's decision takes the place of an earlier one: what only the earlier gave is withdrawn,
    what it took is given back, and what both give stays untouched. Raises `DecisionChangedError` where a version is
    told otherwise than before, `EntitlementChangedError` and what the ledger raises.
    """
    await books.lock_decisions(decision.teams | await books.concerned(decision.stage))
    applied = await books.applied_decision(decision.stage)
    if not decision.counts_after(applied):
        return
    awards = decision.awards if applied is None else await _correct(decision, books)
    await books.note_decision(decision)
    for elimination in decision.eliminations:
        await _eliminate(elimination, books)
    for entitlement in awards:
        await _award(entitlement, books)


async def _correct(decision: FinalDecision, books: Books) -> list[Entitlement]:
    """Withdraw what an earlier version of the decision gave and this one does not; return what this one adds."""
    missing, out = list(decision.awards), {each.team for each in decision.eliminations}
    for team in sorted(await books.concerned(decision.stage)):
        known = await books.entitlements(team)
        for each in known:
            if each.is_award_of(decision.stage):
                same = next((award for award in missing if award.takes_the_place_of(each)), None)
                if same is not None:
                    missing.remove(same)
                elif each.state is EntitlementState.ACTIVE:
                    await _withdraw(each, decision.stage, books)
            elif team not in out:
                missing += restored(each, known, decision.stage, decision.version, decision.sha256, decision.final_at)
        if team not in out:
            await books.stop_waiting(decision.stage, team)
    return missing


async def admit(wish: Wish, books: Books, codes: Mapping[type[HoldRefusalError], str]) -> None:
    """Hold GPU time for a job, or tell it why not, by the stable code of the refusal.

    Raises `JobTakenError` where another job has the id.
    """
    known = await books.hold(wish.job)
    if known is not None:
        if (known.team, known.gpu_seconds) != (wish.team, wish.gpu_seconds):
            raise JobTakenError(wish.job, known.team)
        return
    funds = [
        Funds(each, await books.unspent(each))
        for each in await books.entitlements(wish.team)
        if each.kind is SupportKind.GPU
    ]
    try:
        chosen = cover(wish, funds, books.now)
    except HoldRefusalError as refusal:
        await books.publish(HoldRefused(wish.job, wish.team, codes[type(refusal)], str(refusal)))
        return
    await _post(ledger.hold(wish.team, wish.gpu_seconds, job=wish.job, entitlement=chosen.id), books)
    await books.add_hold(Hold(wish.job, wish.team, chosen.id, wish.gpu_seconds))
    await books.publish(HoldPosted(wish.job, wish.team, wish.gpu_seconds, chosen.id))


async def admit_on_own_gpus(job: str, team: TeamId, books: Books) -> None:
    """Let a job run that uses no granted GPU time."""
    await books.publish(HoldPosted(job, team, 0))


async def settle(job: str, team: TeamId, gpu_seconds: int, books: Books) -> None:
    """Charge the metered use of a job and release the rest of its hold.

    A job that was refused has no hold and uses nothing. The rest of an entitlement that is no longer active goes back
    to the pool. Raises `HoldUnknownError`, `HoldSettledError` and `BalanceTooLowError`.
    """
    hold = await books.hold(job)
    if hold is None:
        if gpu_seconds:
            raise HoldUnknownError(job)
        return
    if hold.team != team:
        raise JobTakenError(job, hold.team)
    if hold.used is not None:
        if hold.used != gpu_seconds:
            raise HoldSettledError(job, gpu_seconds, hold.used)
        return
    # Before any account: whoever holds a lock on accounts already has the entitlement's.
    entitlement = await books.entitlement(hold.entitlement)
    left = 0 if entitlement is None else await books.unspent(entitlement)
    ends = ledger.settle(team, hold.gpu_seconds, gpu_seconds, left, job=job, entitlement=hold.entitlement)
    for transaction in ends:
        await _post(transaction, books)
    await books.settle_hold(replace(hold, used=gpu_seconds))
    if entitlement is not None and entitlement.state is not EntitlementState.ACTIVE:
        await _give_back(entitlement, books, cause=job)
    if entitlement is not None and entitlement.lost_in and not await books.open_holds(entitlement.lost_in, team):
        await books.stop_waiting(entitlement.lost_in, team)


async def end(entitlement_id: str, books: Books) -> None:
    """End an entitlement whose last instant has passed; GPU time that nobody used goes back to the pool."""
    entitlement = await books.entitlement(entitlement_id)
    if entitlement is None or entitlement.state is not EntitlementState.ACTIVE or not entitlement.ends_by(books.now):
        return
    ended = replace(entitlement, state=EntitlementState.ENDED)
    await books.save_state(ended)
    await books.publish(EntitlementEnded(ended))
    await _give_back(ended, books, cause=ended.id)


async def check(books: Books) -> tuple[int, list[str]]:
    """Return the number of transactions and what does not balance, in words."""
    figures = await books.figures()
    return figures.transactions, findings(figures)


async def _award(entitlement: Entitlement, books: Books) -> None:
    known = await books.entitlement(entitlement.id)
    if known is not None:
        raise EntitlementChangedError(entitlement.id)
    await books.add_entitlement(entitlement)
    await books.publish(EntitlementGranted(entitlement))
    await _post(grant(entitlement), books)
    taken = [each for each in await books.eliminations(entitlement.team) if each.takes(entitlement)]
    if taken:  # a later decision was told first
        await _forfeit(entitlement, taken[0].stage, books)


async def _eliminate(elimination: Elimination, books: Books) -> None:
    for entitlement in await books.entitlements(elimination.team):
        if entitlement.state is EntitlementState.ACTIVE and elimination.takes(entitlement):
            await _forfeit(entitlement, elimination.stage, books)
    await _wait_for_jobs(elimination.stage, elimination.team, books)


async def _wait_for_jobs(stage: str, team: TeamId, books: Books) -> None:
    if holds := await books.open_holds(stage, team):
        await books.wait_for_jobs(stage, team, holds, books.now + RUNNING_JOBS_DEADLINE)


async def _forfeit(entitlement: Entitlement, stage: str, books: Books) -> None:
    forfeited = replace(entitlement, state=EntitlementState.FORFEITED, lost_in=stage)
    await books.save_state(forfeited)
    await books.publish(EntitlementForfeited(forfeited))
    await _give_back(forfeited, books, cause=forfeited.id)


async def _withdraw(entitlement: Entitlement, stage: str, books: Books) -> None:
    withdrawn = replace(entitlement, state=EntitlementState.WITHDRAWN, lost_in=stage)
    await books.save_state(withdrawn)
    await books.publish(EntitlementWithdrawn(withdrawn))
    await _give_back(withdrawn, books, cause=withdrawn.id)


async def _give_back(entitlement: Entitlement, books: Books, *, cause: str) -> None:
    if entitlement.state is EntitlementState.WITHDRAWN:
        # What was held for a job is reversed when the job is settled; what was used was used.
        left = await books.unspent(entitlement) if entitlement.kind is SupportKind.GPU else entitlement.amount
        for transaction in withdraw(entitlement, left, cause):
            await _post(transaction, books)
    elif entitlement.kind is SupportKind.GPU:
        # Money stays where it was given: only GPU time can go unused.
        left = await books.unspent(entitlement)
        for transaction in ledger.give_back(entitlement.team, left, cause=cause, entitlement=entitlement.id):
            await _post(transaction, books)


async def _post(transaction: Transaction, books: Books) -> None:
    accounts = [posting.account for posting in transaction.postings]
    ledger.after(await books.lock_balances(accounts, transaction.unit), transaction)
    posted = PostedTransaction(transaction, books.now)
    if await books.append(posted):
        await books.publish(TransactionPosted(posted))

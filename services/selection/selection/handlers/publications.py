"""Use cases of disclosure: publications when they are due or when staff make them, and the release."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from rules.disclosure import policy_sha256
from rules.disclosure_limits import limits

from selection.domain import disclosure
from selection.domain.disclosure import Acceptance, Publication, ResultsPublished, ResultsReleased
from selection.domain.disclosure_refusal import DecisionOverriddenError, PolicyOrderError, PublicationLeaksError
from selection.domain.refusal import DecisionMissingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rules.disclosure import Policy
    from rules.disclosure_leaks import AudienceLeak
    from rules.disclosure_limits import Limit

    from selection.domain.disclosure import Decided, Shown

PUBLICATION_PROCESS: Final = "publication"
"""Kind of the process managers; their ids are "<stage>/<policy>", and "<stage>/" for the release."""

PUBLICATION_GRACE: Final = timedelta(days=1)
"""How long a publication may be due before people are told."""


class PublicationRecords(Protocol):
    """What the use cases of disclosure need to remember, and how they tell others."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction (UTC)."""

    async def lock(self, stage_id: str) -> None:
        """Keep others from publishing results of a stage until the transaction ends."""

    async def decided(self, stage_id: str) -> Decided | None:
        """The decision of a stage that counts now; `None` before there is one."""

    async def publications(self, stage_id: str) -> Sequence[Publication]:
        """All publications of a stage, in order."""

    async def add_publication(self, publication: Publication, views: Sequence[Shown]) -> None:
        """Keep a publication with what each audience is shown."""

    async def released(self, stage_id: str, decision_sha256: str) -> datetime | None:
        """Since when everything about a decision is open to everybody; `None` while it is not."""

    async def add_release(self, stage_id: str, decision_sha256: str) -> None:
        """Keep that everything is open from now on."""

    async def plan(self, process_id: str, *, owner: str, wake_at: datetime | None, deadline: datetime | None) -> None:
        """Note when a publication is due: by itself, or by whom until when; again after a new decision."""

    async def wait(self, process_id: str, reason: str, *, deadline: datetime) -> None:
        """Note that a publication waits for staff, and why."""

    async def done(self, process_id: str) -> None:
        """Note that a publication was made, if it was planned."""

    async def publish(self, event: ResultsPublished | ResultsReleased) -> None:
        """Tell others."""


async def plan_publications(stage_id: str, records: PublicationRecords) -> None:
    """Plan every publication of a stage's decision and its release, as far as their instants are known by now."""
    await records.lock(stage_id)
    decided = await records.decided(stage_id)
    if decided is None:
        return
    before = _of(decided, await records.publications(stage_id))
    made = {each.policy_sha256 for each in before}
    for policy in decided.rules.disclosure.every_policy():
        if policy_sha256(policy) in made:
            continue
        due = disclosure.instant_of(policy.when, decided.decided_at, decided.finalized_at)
        if due is not None:
            by_itself = policy.by == "date"
            await records.plan(
                f"{stage_id}/{policy.id}",
                owner="selection" if by_itself else "staff",
                wake_at=due if by_itself else None,
                deadline=due + PUBLICATION_GRACE,
            )
    release = disclosure.instant_of(decided.rules.disclosure.released(), decided.decided_at, decided.finalized_at)
    if release is not None and await records.released(stage_id, decided.sha256) is None:
        await records.plan(f"{stage_id}/", owner="selection", wake_at=release, deadline=release + PUBLICATION_GRACE)


async def publish_due(process_id: str, records: PublicationRecords) -> None:
    """Make the publication or the release that is due; one that would leak waits for staff and says what for."""
    stage_id, _, policy_id = process_id.partition("/")
    await records.lock(stage_id)
    decided = await records.decided(stage_id)
    if decided is None:
        raise DecisionMissingError("stage_id", stage_id, "is not decided yet")
    if not policy_id:
        await _release(decided, process_id, records)
        return
    policy = disclosure.policy_of(decided.rules, policy_id, "")
    before = _of(decided, await records.publications(stage_id))
    if policy_sha256(policy) in {each.policy_sha256 for each in before}:
        await records.done(process_id)
        return
    try:
        await _make(decided, policy, before, Acceptance(), records)
    except (PublicationLeaksError, PolicyOrderError, DecisionOverriddenError) as error:
        await records.wait(process_id, str(error), deadline=records.now + PUBLICATION_GRACE)


async def publish_results(
    stage_id: str, policy_id: str, document: str, given: Acceptance, records: PublicationRecords
) -> Publication:
    """Publish a stage's results because staff say so. Raises what the domain refuses, and `DecisionMissingError`."""
    await records.lock(stage_id)
    decided = await _decided(stage_id, records)
    policy = disclosure.policy_of(decided.rules, policy_id, document)
    return await _make(decided, policy, _of(decided, await records.publications(stage_id)), given, records)


async def preview_publication(
    stage_id: str, policy_id: str, document: str, records: PublicationRecords
) -> tuple[Policy, Sequence[Shown], Sequence[AudienceLeak], Sequence[Limit]]:
    """Return what a publication would show to whom, what each could then find out, and what is not concluded."""
    decided = await _decided(stage_id, records)
    policy = disclosure.policy_of(decided.rules, policy_id, document)
    before = _of(decided, await records.publications(stage_id))
    unconcluded = limits(decided.rules, [*(each.policy for each in before), policy])
    return policy, disclosure.views_of(decided, policy), await _leaks(decided, policy, before), unconcluded


async def _decided(stage_id: str, records: PublicationRecords) -> Decided:
    decided = await records.decided(stage_id)
    if decided is None:
        raise DecisionMissingError("stage_id", stage_id, "is not decided yet")
    return decided


async def _make(
    decided: Decided, policy: Policy, before: Sequence[Publication], given: Acceptance, records: PublicationRecords
) -> Publication:
    disclosure.require_due(decided, policy, before, records.now)
    accepted = disclosure.accept(await _leaks(decided, policy, before), policy, before, given)
    number = len(await records.publications(decided.stage)) + 1
    publication = Publication(
        f"{decided.stage}/{number}",
        decided.stage,
        policy,
        decided.decision.rule_set_sha256,
        decided.sha256,
        records.now,
        accepted.leaks,
        accepted.reason,
    )
    views = disclosure.views_of(decided, policy)
    await records.add_publication(publication, views)
    for shown in views:
        await records.publish(ResultsPublished(publication, shown))
    await records.done(f"{decided.stage}/{policy.id}")
    # What widens this one may have waited for it.
    await plan_publications(decided.stage, records)
    return publication


async def _leaks(decided: Decided, policy: Policy, before: Sequence[Publication]) -> Sequence[AudienceLeak]:
    """Beside the loop: the integer program of many teams takes seconds."""
    if _opened_with_it(decided):
        return ()
    return await asyncio.to_thread(disclosure.leaks_of, decided, policy, before)


def _opened_with_it(decided: Decided) -> bool:
    """Whether everything is open the moment that anything is published: then nothing is hidden."""
    release = disclosure.instant_of(decided.rules.disclosure.released(), decided.decided_at, decided.finalized_at)
    return release is not None and release <= decided.decided_at


async def _release(decided: Decided, process_id: str, records: PublicationRecords) -> None:
    release = disclosure.instant_of(decided.rules.disclosure.released(), decided.decided_at, decided.finalized_at)
    if release is None or release > records.now:
        return
    if await records.released(decided.stage, decided.sha256) is None:
        await records.add_release(decided.stage, decided.sha256)
        await records.publish(ResultsReleased(decided.stage, decided.sha256, records.now))
    await records.done(process_id)


def _of(decided: Decided, publications: Sequence[Publication]) -> list[Publication]:
    """Those of the decision that counts now."""
    return [each for each in publications if each.decision_sha256 == decided.sha256]

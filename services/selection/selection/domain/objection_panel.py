"""The fresh panel: nobody who scored, measured or judged before, or belongs to a side; where that is not known, nobody.

Source: design page "Selection and notary", "Objections": fresh panel, original assessors barred, fail closed
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from selection.domain.objection_grounds import Kind
from selection.domain.objection_proceeding import (
    Outcome,
    Remedy,
    State,
    closed,
    due_after,
    require_reason,
    require_state,
)
from selection.domain.objection_refusal import (
    FindingTakenError,
    MemberBarredError,
    MemberNotSeatedError,
    OriginalsUnknownError,
    PanelInvalidError,
    RemedyInvalidError,
)
from selection.domain.waits import WaitCode, wait

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from rules import Comparison, Measurement, Score, Verdict

    from selection.domain.gates import Bench
    from selection.domain.objection_proceeding import Proceeding

LEAST_MEMBERS: Final = 3

_SMALLEST_FIRST: Final[tuple[Remedy, ...]] = (Remedy.NOTE, Remedy.RECOMPUTE, Remedy.RESCORE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one member of the panel number `round` finds, and why."""

    round: int
    member: str
    remedy: Remedy
    reason: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Originals:
    """Who scored, measured or judged in a stage, and the sources and gates of which nobody is known."""

    people: frozenset[str]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Barred:
    """Who may not sit, each with the reason as a stable word; `unknown` is what must be known first."""

    stage: str
    why: Mapping[str, str]
    unknown: tuple[str, ...]


def originals(
    scores: Iterable[Score | Comparison],
    measurements: Iterable[Measurement],
    verdicts: Iterable[Verdict],
    bench: Bench,
    recorded: Mapping[str, Collection[str]],
) -> Originals:
    """Return who the original assessors are; `recorded` are the people that staff named, by source or gate.

    Sheets and comparisons name their assessors and seats their judges. Measurements and a panel's minute name nobody:
    somebody must be recorded for each of their sources and gates.
    """
    people = {each.assessor for each in scores}
    people |= {judge for judges in bench.judges.values() for judge in judges}
    people |= {each.judge for each in bench.judgements} | {each.judge for each in bench.conflicts}
    people |= {person for named in recorded.values() for person in named}
    nameless = {each.source for each in measurements}
    nameless |= {each.gate for each in verdicts if each.gate not in bench.judges}
    return Originals(frozenset(people), tuple(sorted(each for each in nameless if not recorded.get(each))))


def barred(found: Proceeding, originals: Originals, sided: Collection[str]) -> Barred:
    """Return who may not sit in the panel of a proceeding; `sided` are people known to belong to a team of the stage.

    Whoever acted in the proceeding belongs to a side of it.
    """
    parties = {found.filed_by, found.admitted_by, found.replied_by, *(each.added_by for each in found.evidence)}
    why = dict.fromkeys((*sided, *parties), "party")
    why |= dict.fromkeys(found.former, "earlier-panel")
    why |= dict.fromkeys(originals.people, "original-assessor")
    why.pop("", None)
    return Barred(found.stage, why, originals.unknown)


def require_fresh(people: Sequence[str], bars: Barred, field: str) -> None:
    """Raise `OriginalsUnknownError`, `PanelInvalidError` or `MemberBarredError` unless everybody named may sit."""
    if bars.unknown:
        raise OriginalsUnknownError(bars.stage, bars.unknown)
    for number, person in enumerate(people):
        if not person.strip() or person in people[:number]:
            raise PanelInvalidError(f"{field}[{number}]", person, "must be named, and once")
        if person in bars.why:
            raise MemberBarredError(f"{field}[{number}]", person, bars.why[person])


def seat(
    found: Proceeding, members: Sequence[str], quorum: int, reason: str, bars: Barred, zone: str, now: datetime
) -> Proceeding:
    """Return the proceeding before a panel: the first, or for a `reason` another one, whose members are all new to it.

    A quorum of 0 means all. Raises the refusal of the first rule that the panel breaks.
    """
    require_state(found, State.SEATING, State.HEARING)
    if found.round:
        require_reason(reason)
    former = (*found.former, *found.members)
    require_fresh(members, replace(bars, why={**bars.why, **dict.fromkeys(former, "earlier-panel")}), "member_ids")
    if len(members) < LEAST_MEMBERS:
        raise PanelInvalidError("member_ids", len(members), f"must be at least {LEAST_MEMBERS}")
    needed = quorum or len(members)
    if needed > len(members) or needed < LEAST_MEMBERS or 2 * needed <= len(members):
        rule = (
            f"must be at least {LEAST_MEMBERS} and more than half of the {len(members)} members, and no more than they"
        )
        raise PanelInvalidError("quorum", quorum, rule)
    return replace(
        found,
        state=State.HEARING,
        round=found.round + 1,
        members=tuple(sorted(members)),
        former=former,
        quorum=needed,
        waits=(),
        due=due_after(State.HEARING, now, zone),
    )


def find(
    found: Proceeding, member: str, remedy: Remedy, reason: str, bars: Barred, now: datetime
) -> Proceeding:  # fmt: skip
    """Return the proceeding with what a member finds.

    Who became barred after the seating finds no more. Raises the refusal of the first rule that the finding breaks.
    """
    require_state(found, State.HEARING)
    if member not in found.members:
        raise MemberNotSeatedError("member_id", member, f"must sit in panel {found.round} of {found.id}")
    require_fresh([member], bars, "member_id")
    if any((each.round, each.member) == (found.round, member) for each in found.findings):
        raise FindingTakenError("member_id", member, "finds once")
    if remedy is Remedy.NOTE and found.kind is not Kind.CASE:
        raise RemedyInvalidError("remedy", remedy.value, "is found in cases only")
    require_reason(reason)
    return replace(found, findings=(*found.findings, Finding(found.round, member, remedy, reason, now)))


def counting(found: Proceeding, bars: Barred) -> tuple[Finding, ...]:
    """Return the findings of the panel that sits, without those of members who became barred."""
    return tuple(each for each in found.findings if each.round == found.round and each.member not in bars.why)


def is_complete(found: Proceeding, bars: Barred) -> bool:
    """Whether nothing more is to come: every member who may has found, and they are the quorum."""
    able = [each for each in found.members if each not in bars.why]
    return not bars.unknown and len(counting(found, bars)) == len(able) >= found.quorum


def is_quorate(found: Proceeding, bars: Barred) -> bool:
    """Whether enough members have found for the panel to find at the end of its time."""
    return not bars.unknown and len(counting(found, bars)) >= found.quorum


def short(found: Proceeding, bars: Barred) -> Proceeding:
    """Return the proceeding as its panel's time is over without the quorum: staff seat another one."""
    have = len(counting(found, bars))
    return replace(found, waits=(wait(WaitCode.FINDINGS_MISSING, have=have, need=found.quorum),))


def conclude(found: Proceeding, bars: Barred, zone: str, now: datetime) -> Proceeding:
    """Return the proceeding with what its panel found.

    More than half of those who found must hold it founded; with even votes everything stands. What is done is what most
    of them found, and of what as many found the smaller thing: a note, a recomputation, a re-score.
    """
    require_state(found, State.HEARING)
    votes = counting(found, bars)
    founded = [each.remedy for each in votes if each.remedy is not Remedy.UPHOLD]
    if 2 * len(founded) <= len(votes):
        return closed(replace(found, remedy=Remedy.UPHOLD), Outcome.UPHELD, now)
    counts: Counter[Remedy] = Counter(founded)
    remedy: Remedy = max(_SMALLEST_FIRST, key=counts.__getitem__)
    if remedy is Remedy.NOTE:
        return closed(replace(found, remedy=remedy), Outcome.NOTED, now)
    return replace(found, remedy=remedy, state=State.FOUND, waits=(), due=due_after(State.FOUND, now, zone))


def tally(found: Proceeding, bars: Barred) -> tuple[int, int]:
    """Return how many members whose findings count hold it founded, and how many do not."""
    votes = [each.remedy is not Remedy.UPHOLD for each in counting(found, bars)]
    return sum(votes), len(votes) - sum(votes)


def dissents(found: Proceeding, finding: Finding) -> bool:
    """Whether a member of the panel that decided found otherwise than the panel, also of the remedy alone."""
    return found.remedy is not None and finding.round == found.round and finding.remedy is not found.remedy

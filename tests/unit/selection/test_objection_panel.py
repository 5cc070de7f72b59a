"""The fresh panel: who may not sit, how it finds, and that nothing is found by who may not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from selection.domain.gates import Bench
from selection.domain.objection_panel import (
    Barred,
    barred,
    conclude,
    counting,
    dissents,
    find,
    is_complete,
    is_quorate,
    originals,
    seat,
    short,
    tally,
)
from selection.domain.objection_proceeding import Outcome, Party, Remedy, State
from selection.domain.objection_refusal import (
    FindingTakenError,
    MemberBarredError,
    MemberNotSeatedError,
    OriginalsUnknownError,
    PanelInvalidError,
    ProceedingStateError,
    RemedyInvalidError,
    TextInvalidError,
)
from selection.domain.objections import admit, reply

from tests.builders.objection_cases import (
    BARS,
    FRESH,
    GIVEN,
    NOW,
    ZONE,
    admitted,
    alleged,
    heard,
    objected,
    replied,
    seated,
)

if TYPE_CHECKING:
    from rules import Verdict

UPHOLD, RECOMPUTE, RESCORE, NOTE = Remedy.UPHOLD, Remedy.RECOMPUTE, Remedy.RESCORE, Remedy.NOTE
MEASURED = {each.source for each in GIVEN.measurements}
EMPTY = Bench({}, (), ())


def known(
    recorded: dict[str, list[str]], bench: Bench = EMPTY, verdicts: tuple[Verdict, ...] = GIVEN.verdicts
) -> Barred:
    found = originals(list(GIVEN.scores()), GIVEN.measurements, verdicts, bench, recorded)
    return barred(replied(), found, {"member:upstage"})


def test_nobody_sits_while_it_is_not_known_who_measured_or_stood_behind_a_minute() -> None:
    bars = known({})
    assert set(bars.unknown) == MEASURED | {"originality"}
    with pytest.raises(OriginalsUnknownError) as refused:
        seat(replied(), FRESH, 0, "", bars, ZONE, NOW)
    assert refused.value.unknown == bars.unknown
    all_but_one = {each: ["tester"] for each in bars.unknown[1:]}
    assert known(all_but_one).unknown == bars.unknown[:1]
    with pytest.raises(OriginalsUnknownError):
        seat(replied(), FRESH, 0, "", known(all_but_one), ZONE, NOW)
    assert seat(replied(), FRESH, 0, "", known({key: ["tester"] for key in bars.unknown}), ZONE, NOW).members == FRESH


def test_single_judges_of_a_gate_are_known_by_their_seats() -> None:
    bench = Bench({"originality": ("judge-1", "judge-2")}, (), ())
    bars = known({each: ["tester"] for each in MEASURED}, bench)
    assert bars.unknown == ()
    assert {bars.why[each] for each in ("judge-1", "judge-2", "tester")} == {"original-assessor"}


def test_barred_are_original_assessors_parties_and_who_sat_before() -> None:
    bars = known({each: ["tester"] for each in (*MEASURED, "originality")})
    assessors = {each.assessor for each in GIVEN.scores()}
    assert {bars.why[each] for each in assessors} == {"original-assessor"}
    assert {bars.why[each] for each in ("member:nc-ai", "member:upstage", "kim")} == {"party"}
    assert "" not in bars.why
    for person in (*sorted(assessors)[:2], "member:nc-ai", "kim", "tester"):
        with pytest.raises(MemberBarredError) as refused:
            seat(replied(), (*FRESH[:2], person), 0, "", bars, ZONE, NOW)
        assert (refused.value.field, refused.value.value) == ("member_ids[2]", person)


def test_another_panel_is_all_new_and_has_a_reason() -> None:
    first = seated()
    with pytest.raises(TextInvalidError):
        seat(first, ("a", "b", "c"), 0, "", BARS, ZONE, NOW)
    for again in (FRESH[0], FRESH[2]):
        with pytest.raises(MemberBarredError) as refused:
            seat(first, ("a", "b", again), 0, "one is ill", BARS, ZONE, NOW)
        assert refused.value.why == "earlier-panel"
    second = seat(first, ("a", "b", "c"), 0, "one is ill", BARS, ZONE, NOW)
    assert (second.round, second.former) == (2, FRESH)
    third = seat(second, ("d", "e", "f"), 0, "another is", BARS, ZONE, NOW)
    with pytest.raises(MemberBarredError):
        seat(third, ("a", "h", "i"), 0, "and another", BARS, ZONE, NOW)


@pytest.mark.parametrize(
    ("members", "quorum"),
    [(("a", "b"), 0), (("a", "b", "b"), 0), (("a", "b", ""), 0), (FRESH, 4), (FRESH, 2), (tuple("abcdef"), 3)],
)
def test_a_panel_is_three_or_more_each_once_and_its_quorum_most_of_them(members: tuple[str, ...], quorum: int) -> None:
    with pytest.raises(PanelInvalidError):
        seat(replied(), members, quorum, "", BARS, ZONE, NOW)


def test_a_panel_sits_after_the_reply_and_not_before() -> None:
    for early in (objected(), admitted()):
        with pytest.raises(ProceedingStateError):
            seat(early, FRESH, 0, "", BARS, ZONE, NOW)


@pytest.mark.parametrize(
    ("found", "remedy", "state"),
    [
        ((UPHOLD, UPHOLD, RECOMPUTE), UPHOLD, State.CLOSED),
        ((RECOMPUTE, RECOMPUTE, UPHOLD), RECOMPUTE, State.FOUND),
        ((RECOMPUTE, RESCORE, UPHOLD), RECOMPUTE, State.FOUND),
        ((RESCORE, RESCORE, RECOMPUTE), RESCORE, State.FOUND),
        ((UPHOLD, UPHOLD, UPHOLD), UPHOLD, State.CLOSED),
    ],
)
def test_what_most_find_is_found_and_of_remedies_the_smaller_where_as_many_found_it(
    found: tuple[Remedy, ...], remedy: Remedy, state: State
) -> None:
    hearing = heard(*found)
    assert is_complete(hearing, BARS)
    done = conclude(hearing, BARS, ZONE, NOW)
    assert (done.remedy, done.state) == (remedy, state)
    assert done.outcome is (Outcome.UPHELD if remedy is UPHOLD else None)
    assert [each.member for each in done.findings if dissents(done, each)] == [
        member for member, one in zip(FRESH, found, strict=True) if one is not remedy
    ]
    assert tally(done, BARS) == (sum(each is not UPHOLD for each in found), sum(each is UPHOLD for each in found))


def test_with_even_votes_everything_stands() -> None:
    four = seated(members=("a", "b", "c", "d"))
    done = conclude(heard(RECOMPUTE, RECOMPUTE, UPHOLD, UPHOLD, found=four), BARS, ZONE, NOW)
    assert done.outcome is Outcome.UPHELD


def test_a_true_allegation_without_a_value_to_correct_is_noted_in_cases_only() -> None:
    case = reply(admit(alleged(), "serious", 0, "kim", ZONE, NOW), Party.RESPONDENT, "no", "member", ZONE, NOW)
    done = conclude(heard(NOTE, NOTE, RECOMPUTE, found=seated(case)), BARS, ZONE, NOW)
    assert (done.outcome, done.remedy) == (Outcome.NOTED, NOTE)
    with pytest.raises(RemedyInvalidError):
        heard(NOTE)


def test_a_member_finds_once_for_a_reason_and_only_who_sits() -> None:
    hearing = heard(UPHOLD)
    with pytest.raises(FindingTakenError):
        find(hearing, FRESH[0], RECOMPUTE, "again", BARS, NOW)
    with pytest.raises(MemberNotSeatedError):
        find(hearing, "stranger", UPHOLD, "why not", BARS, NOW)
    with pytest.raises(TextInvalidError):
        find(hearing, FRESH[1], UPHOLD, " ", BARS, NOW)
    with pytest.raises(ProceedingStateError):
        find(replied(), FRESH[0], UPHOLD, "early", BARS, NOW)


def test_who_is_barred_after_the_seating_finds_no_more_and_what_he_found_does_not_count() -> None:
    hearing = heard(RECOMPUTE, RECOMPUTE)
    later = replace(BARS, why={**BARS.why, FRESH[1]: "original-assessor", FRESH[2]: "party"})
    with pytest.raises(MemberBarredError):
        find(hearing, FRESH[2], RECOMPUTE, "late", later, NOW)
    assert [each.member for each in counting(hearing, later)] == [FRESH[0]]
    assert not is_complete(hearing, later)
    assert not is_quorate(hearing, later)
    unknown = replace(BARS, unknown=("nia",))
    assert not is_quorate(heard(UPHOLD, UPHOLD, UPHOLD), unknown)
    with pytest.raises(OriginalsUnknownError):
        find(hearing, FRESH[2], RECOMPUTE, "late", unknown, NOW)


def test_a_panel_short_of_its_quorum_at_its_end_waits_for_staff_to_seat_another() -> None:
    hearing = short(heard(UPHOLD), BARS)
    assert (hearing.state, hearing.owner, hearing.wake_at) == (State.HEARING, "staff", None)
    assert dict(hearing.waits[0].facts) == {"have": "1", "need": "3"}
    again = seat(hearing, ("a", "b", "c"), 0, "two did not come", BARS, ZONE, NOW)
    assert (again.owner, again.waits) == ("panel", ())
    assert counting(again, BARS) == ()

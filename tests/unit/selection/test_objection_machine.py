"""Whatever is done in whatever order: nobody barred is heard, silence agrees to nothing, nothing open becomes final."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from selection.domain import objection_panel as panels
from selection.domain import objections
from selection.domain.objection_proceeding import Outcome, Party, Proceeding, Remedy, State, closed, holds
from selection.domain.refusal import RuleBrokenError

from tests.builders.objection_cases import NOW, STAGE, ZONE, alleged, objected

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

MOST = 3
PEOPLE = [f"person-{number}" for number in range(9)]
TEAMS = [*STAGE.entrants, ""]


class Machine(RuleBasedStateMachine):
    """Any number of proceedings about one provisional decision, and everything that can be tried with them."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOW
        self.kept: dict[str, Proceeding] = {}
        self.barred: set[str] = {"person-0"}
        self.unknown: tuple[str, ...] = ()
        self.final_at: datetime | None = None
        # Who was barred when he was heard, which must stay empty.
        self.heard_barred: list[str] = []

    def attempt(self, key: str, act: Callable[[Proceeding], Proceeding]) -> None:
        with suppress(RuleBrokenError):
            self.kept[key] = act(self.kept[key])

    def bars(self, found: Proceeding) -> panels.Barred:
        originals = panels.Originals(frozenset(self.barred), self.unknown)
        return panels.barred(found, originals, {"person-1"})

    @initialize(known=st.booleans())
    def begin(self, known: bool) -> None:
        self.unknown = () if known else ("nia",)

    @precondition(lambda self: len(self.kept) < MOST)
    @rule(members=st.lists(st.sampled_from(PEOPLE[2:]), min_size=3, max_size=4, unique=True))
    def bring_before_a_panel(self, members: list[str]) -> None:
        """The usual way, so that what follows it is tried often."""
        key = f"c{len(self.kept) + 1}"
        self.kept[key] = replace(alleged(self.now), id=key, number=len(self.kept) + 1)
        self.attempt(key, lambda each: objections.admit(each, "serious", 0, "staff", ZONE, self.now))
        self.attempt(key, lambda each: objections.reply(each, Party.RESPONDENT, "no", "member", ZONE, self.now))
        self.attempt(key, lambda each: panels.seat(each, members, 0, "", self.bars(each), ZONE, self.now))

    @precondition(lambda self: len(self.kept) < MOST)
    @rule(team=st.sampled_from(STAGE.entrants), ground=st.sampled_from(["input", "conflict"]))
    def object(self, team: str, ground: str) -> None:
        try:
            filed = objected(self.now, team=team, ground=ground, others=self.kept.values())
        except RuleBrokenError:
            return
        number = len(self.kept) + 1
        self.kept[f"o{number}"] = replace(filed, id=f"o{number}", number=number)

    @precondition(lambda self: len(self.kept) < MOST)
    @rule(team=st.sampled_from(STAGE.entrants))
    def allege(self, team: str) -> None:
        number = len(self.kept) + 1
        self.kept[f"c{number}"] = replace(alleged(self.now, team=team), id=f"c{number}", number=number)

    @rule(hours=st.integers(1, 100))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        for key, found in list(self.kept.items()):
            if found.wake_at is None or found.wake_at > self.now:
                continue
            bars = self.bars(found)
            if found.state is State.REPLY:
                self.attempt(key, lambda each: objections.fall_silent(each, ZONE, self.now))
            elif panels.is_quorate(found, bars):
                self.attempt(key, partial(panels.conclude, bars=bars, zone=ZONE, now=self.now))
            else:
                self.attempt(key, partial(panels.short, bars=bars))

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), admitted=st.booleans())
    def rule_on(self, data: st.DataObject, admitted: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.kept)))
        if admitted:
            self.attempt(key, lambda each: objections.admit(each, "in time", 0, "staff", ZONE, self.now))
        else:
            self.attempt(key, lambda each: objections.reject(each, "no ground", "staff", self.now))

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), team=st.sampled_from(TEAMS), who=st.sampled_from(PEOPLE))
    def answer(self, data: st.DataObject, team: str, who: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.kept)))
        self.attempt(key, lambda each: objections.reply(each, each.party_of(team), "no", who, ZONE, self.now))

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), team=st.sampled_from(TEAMS))
    def withdraw(self, data: st.DataObject, team: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.kept)))
        self.attempt(key, lambda each: objections.withdraw(each, each.party_of(team), "settled", self.now))

    @rule(data=st.data(), anyone=st.sampled_from(PEOPLE), sitting=st.booleans())
    def learn(self, data: st.DataObject, anyone: str, sitting: bool) -> None:
        """Somebody turns out to be an original assessor, often one who sits by now."""
        members = sorted({member for each in self.kept.values() for member in each.members})
        self.barred.add(data.draw(st.sampled_from(members)) if sitting and members else anyone)

    @rule()
    def learn_all(self) -> None:
        self.unknown = ()

    @precondition(lambda self: self.kept)
    @rule(data=st.data(), members=st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=5, unique=True))
    def seat(self, data: st.DataObject, members: list[str]) -> None:
        key = data.draw(st.sampled_from(sorted(self.kept)))
        self.attempt(key, lambda each: panels.seat(each, members, 0, "another", self.bars(each), ZONE, self.now))

    @precondition(lambda self: any(each.state is State.HEARING for each in self.kept.values()))
    @rule(data=st.data(), others=st.lists(st.sampled_from(PEOPLE), max_size=1))
    def find(self, data: st.DataObject, others: list[str]) -> None:
        key = data.draw(st.sampled_from(sorted(k for k, each in self.kept.items() if each.state is State.HEARING)))
        sitting = data.draw(st.lists(st.sampled_from(self.kept[key].members), min_size=1, max_size=4, unique=True))
        for member in [*others, *sitting]:
            before = self.kept[key]
            bars = self.bars(before)
            remedy = data.draw(st.sampled_from(Remedy))
            self.attempt(key, partial(self.one_finds, member=member, remedy=remedy))
            after = self.kept[key]
            if len(after.findings) > len(before.findings) and (member in bars.why or bars.unknown):
                self.heard_barred.append(member)
            if after.state is State.HEARING and panels.is_complete(after, bars):
                self.attempt(key, partial(panels.conclude, bars=bars, zone=ZONE, now=self.now))
                last = [each for each in after.findings if each.round == after.round]
                counted = [each for each in last if each.member not in bars.why]
                founded = sum(each.remedy is not Remedy.UPHOLD for each in counted)
                assert len(counted) >= after.quorum >= panels.LEAST_MEMBERS
                assert (self.kept[key].remedy is not Remedy.UPHOLD) == (2 * founded > len(counted))

    def one_finds(self, found: Proceeding, member: str, remedy: Remedy) -> Proceeding:
        return panels.find(found, member, remedy, "seen", self.bars(found), self.now)

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def carry_out(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.kept)))
        if self.kept[key].state is State.FOUND:
            self.attempt(key, lambda each: closed(each, Outcome.RECOMPUTED, self.now))

    @rule()
    def finalize(self) -> None:
        assert STAGE.final_at is not None
        if self.now >= STAGE.final_at and not holds(self.kept.values()) and self.final_at is None:
            self.final_at = self.now

    @invariant()
    def nothing_open_is_final(self) -> None:
        if self.final_at is not None:
            left = [each for each in self.kept.values() if each.filed_at < self.final_at and each.is_open]
            assert left == []
            late = [each for each in self.kept.values() if each.kind.value == "objection"]
            assert all(each.filed_at < (STAGE.final_at or self.now) for each in late)

    @invariant()
    def nobody_barred_was_heard(self) -> None:
        assert self.heard_barred == []

    @invariant()
    def silence_is_no_answer_and_no_agreement(self) -> None:
        for each in self.kept.values():
            assert not (each.silent and each.reply)
            decided = each.outcome in {Outcome.UPHELD, Outcome.NOTED, Outcome.RECOMPUTED}
            assert not decided or each.round > 0

    @invariant()
    def whatever_is_open_has_an_owner_and_a_deadline(self) -> None:
        for each in self.kept.values():
            assert (bool(each.owner), each.due is not None, each.outcome is None) == (each.is_open,) * 3
            assert not set(each.members) & set(each.former)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

"""The use cases of openings, on a log in memory: nothing is public too early, erasing leaves the log as it was."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dokpamo.evaluation.v1.events_pb2 import PanelSeated, ScoreSheetSubmitted
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from dokpamo.selection.v1.events_pb2 import ResultsReleased
from notary import handlers
from notary.domain.erasing import Erasure, ErasureUnknownError, OpeningErasedError
from notary.domain.extent import NotLoggedError
from notary.domain.two_person import Act, ActDoneError, ReasonMissingError, SamePersonError

from tests.builders.notary_log import MemoryLog
from tests.builders.notary_openings import MemoryOpenings
from tests.builders.public_record import LogBuilder

NOW = datetime(2026, 1, 10, tzinfo=UTC)


def told(*, released: bool) -> LogBuilder:
    log = LogBuilder()
    log.add(PanelSeated(stage_id="trial", source_id="panel", assessor_ids=["kim", "lee"]))
    row = ScoreRow(team_id="alpha", criterion="plan", value="41")
    log.add(ScoreSheetSubmitted(sheet_id="trial/panel/kim", stage_id="trial", assessor_id="kim", rows=[row]))
    if released:
        log.add(ResultsReleased(stage_id="trial"))
    return log


async def recorded(log: LogBuilder) -> tuple[MemoryLog, MemoryOpenings]:
    memory = MemoryLog()
    openings = MemoryOpenings(memory)
    await handlers.record(log.arrived, memory, openings)
    await handlers.sequence(memory)
    return memory, openings


def asked(act_id: str, event_id: str, path: str, *, reason: str = "forget me") -> Erasure:
    return Erasure(Act(act_id, reason, "han", NOW), event_id, (path,))


async def paths(openings: MemoryOpenings) -> list[tuple[int, str]]:
    return [(opened.index, opened.path) for opened in await openings.released(0, 100)]


SHEET_PATHS = ["/payload/assessor_id", "/payload/rows", "/payload/sheet_id", "/place"]
RELEASED = [(0, "/payload/assessor_ids/0"), (0, "/payload/assessor_ids/1"), *((1, path) for path in SHEET_PATHS)]


async def test_nothing_is_released_before_the_stage_is_decided() -> None:
    _, openings = await recorded(told(released=False))
    assert await paths(openings) == []


async def test_with_the_release_of_results_what_was_blind_is_released_and_what_is_personal_is_not() -> None:
    _, openings = await recorded(told(released=True))
    assert await paths(openings) == RELEASED


async def test_what_arrives_after_the_end_of_its_embargo_is_released_at_once() -> None:
    """Topics have no common order: a sheet may reach the notary after the decision that it counted in."""
    log = told(released=True)
    memory = MemoryLog()
    openings = MemoryOpenings(memory)
    await handlers.record(log.arrived[2:], memory, openings)
    await handlers.record(log.arrived[:2], memory, openings)
    await handlers.sequence(memory)
    assert len(await paths(openings)) == len(RELEASED)


async def test_a_redelivery_leaves_entry_and_openings_as_they_were() -> None:
    log = told(released=False)
    memory, openings = await recorded(log)
    leaves, kept = dict(memory.arrived), {event: dict(each) for event, each in openings.kept.items()}
    await handlers.record(log.arrived, memory, openings)
    assert (memory.arrived, openings.kept) == (leaves, kept)


async def test_staff_release_a_value_early_and_say_why() -> None:
    log = told(released=False)
    memory, openings = await recorded(log)
    event_id = log.arrived[0].event_id
    await handlers.release(event_id, ["/payload/assessor_ids/1"], "lee asked for it", memory, openings)
    assert await paths(openings) == [(0, "/payload/assessor_ids/1")]
    assert openings.told == [(event_id, ("/payload/assessor_ids/1",), "lee asked for it")]


async def test_one_person_is_erased_by_two_people_without_another() -> None:
    log = told(released=True)
    memory, openings = await recorded(log)
    leaves, frontier = dict(memory.arrived), memory.frontier
    wanted = asked("e-1", log.arrived[0].event_id, "/payload/assessor_ids/0")
    await handlers.request_erasure(wanted, memory, openings)
    assert (0, "/payload/assessor_ids/0") in await paths(openings)
    with pytest.raises(SamePersonError):
        await handlers.confirm_erasure("e-1", "han", NOW, openings)
    done = await handlers.confirm_erasure("e-1", "lim", NOW, openings)
    assert await paths(openings) == RELEASED[1:]
    assert openings.told == [done]
    with pytest.raises(ActDoneError):
        await handlers.confirm_erasure("e-1", "lim", NOW, openings)
    assert (memory.arrived, memory.frontier) == (leaves, frontier)
    states = {each.path: each.opening is not None for each in await handlers.read(wanted.event_id, memory, openings)}
    assert states == {"/actor": True, "/payload/assessor_ids/0": False, "/payload/assessor_ids/1": True}
    with pytest.raises(OpeningErasedError):
        await handlers.release(wanted.event_id, ["/payload/assessor_ids/0"], "too late", memory, openings)


async def test_of_two_requests_for_one_value_the_second_finds_it_gone() -> None:
    log = told(released=False)
    memory, openings = await recorded(log)
    for number in ("e-1", "e-2"):
        await handlers.request_erasure(asked(number, log.arrived[0].event_id, "/actor"), memory, openings)
    await handlers.confirm_erasure("e-1", "lim", NOW, openings)
    with pytest.raises(OpeningErasedError):
        await handlers.confirm_erasure("e-2", "lim", NOW, openings)


async def test_without_a_reason_nothing_is_released_or_asked_for() -> None:
    log = told(released=False)
    memory, openings = await recorded(log)
    event_id = log.arrived[0].event_id
    with pytest.raises(ReasonMissingError):
        await handlers.release(event_id, ["/actor"], " ", memory, openings)
    with pytest.raises(ReasonMissingError):
        await handlers.request_erasure(asked("e", event_id, "/actor", reason=""), memory, openings)
    assert (await paths(openings), openings.asked) == ([], {})


async def test_what_is_not_logged_or_not_asked_for_is_refused() -> None:
    memory, openings = await recorded(told(released=False))
    nobody = "00000000-0000-0000-0000-0000000000ff"
    with pytest.raises(NotLoggedError):
        await handlers.read(nobody, memory, openings)
    with pytest.raises(NotLoggedError):
        await handlers.release(nobody, ["/actor"], "why", memory, openings)
    with pytest.raises(NotLoggedError):
        await handlers.request_erasure(asked("e", nobody, "/actor"), memory, openings)
    with pytest.raises(ErasureUnknownError):
        await handlers.confirm_erasure("e", "lim", NOW, openings)

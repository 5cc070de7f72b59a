"""Who has the notary's key and says something else in the log is found out by the documents that were published.

Each value that a check reads is changed in the log, and the log is signed anew; each event is left out; another one is
put beside it that contradicts it. Of a small record always, of the model programme with `make attacks`.
"""

from __future__ import annotations

from functools import cache

import pytest
from verify import told

from tests.builders.forged_log import (
    Event,
    events_of,
    forged,
    forgeries,
    missed,
    missed_in_programme,
    missed_without,
    programme,
    read_values,
    said_of,
)
from tests.builders.in_parallel import in_parallel
from tests.builders.public_record import small_record
from tests.builders.tampering import NEAR, Change

MAY_BE_LEFT_OUT = {
    # Nothing is claimed to have been shown then.
    told.RESULTS_PUBLISHED,
    told.RESULTS_RELEASED,
}
OTHERS = {"stage_id", "source_id", "gate", "call_id"}
"""Fields that make an event one of another stage, source, gate or call, which the decision does not rest on."""


@cache
def small() -> tuple[Event, ...]:
    return tuple(events_of(small_record()))


def test_the_log_holds_as_it_is() -> None:
    assert said_of(forged(small_record(), small())).findings == []


def test_a_changed_value_of_any_event_that_is_read_is_noticed_and_a_score_is_named() -> None:
    one_of_each = {
        (small()[forgery[0][0]].entry.type, *(step for step in forgery[0][1].steps if isinstance(step, str))): forgery
        for forgery in forgeries(small())
    }
    assert len(one_of_each) > 25
    for forgery in one_of_each.values():
        assert missed(small_record(), small(), forgery) == []


@pytest.mark.parametrize("index", range(len(small())))
def test_an_event_that_is_left_out_is_noticed(index: int) -> None:
    report = said_of(forged(small_record(), [*small()[:index], *small()[index + 1 :]]))
    assert report.holds == (small()[index].entry.type in MAY_BE_LEFT_OUT)


def contradictions() -> list[tuple[int, Change]]:
    """A value of each field of each kind of event by which another event of the same matter contradicts it."""
    found: dict[tuple[str, ...], tuple[int, Change]] = {}
    for index, event in enumerate(small()):
        for steps in read_values(event):
            if steps[-1] not in OTHERS and event.entry.type not in (told.RULE_SET_FROZEN, told.RESULTS_RELEASED):
                name = (event.entry.type, *(step for step in steps if isinstance(step, str)))
                found.setdefault(name, (index, Change(steps, NEAR)))
    return list(found.values())


@pytest.mark.parametrize("before", [True, False])
def test_an_event_that_contradicts_another_is_noticed_wherever_it_stands(*, before: bool) -> None:
    assert len(contradictions()) > 25
    for index, change in contradictions():
        other = small()[index].again(index).with_change(change)
        place = index + (not before)
        report = said_of(forged(small_record(), [*small()[:place], other, *small()[place:]]))
        assert report.findings, (small()[index].entry.type, change)


@pytest.mark.on_demand
@pytest.mark.timeout(0)
def test_every_changed_value_of_the_model_programme_s_log_is_noticed() -> None:
    every = list(forgeries(programme()[1]))
    print(f"{sum(map(len, every)):,} values that are read")
    assert in_parallel(missed_in_programme, every, "values of the log, changed by who has the key", size=4) == []


@pytest.mark.on_demand
@pytest.mark.timeout(0)
def test_every_event_of_the_model_programme_that_is_left_out_is_noticed() -> None:
    wanted = [index for index, event in enumerate(programme()[1]) if event.entry.type not in MAY_BE_LEFT_OUT]
    assert in_parallel(missed_without, wanted, "events left out by who has the key", size=4) == []

"""What is said once is not said twice otherwise: the event that contradicts another one is named, and what it is of."""

from __future__ import annotations

from functools import cache

import pytest
from verify import told

from tests.builders.forged_log import Event, events_of, forged, said_of
from tests.builders.public_record import RULES_SHA256, small_record
from tests.builders.tampering import NEAR, Change

Steps = tuple[str | int, ...]


@cache
def events() -> tuple[Event, ...]:
    return tuple(events_of(small_record()))


def said_when_added(event_type: str, steps: Steps | None) -> list[str]:
    """What a check says where the first event of a type is there again, with this value changed."""
    index = next(number for number, event in enumerate(events()) if event.entry.type == event_type)
    again = events()[index].again(index)
    again = again if steps is None else again.with_change(Change(("payload", *steps), NEAR))
    return [str(finding) for finding in said_of(forged(small_record(), [*events(), again])).findings]


@pytest.mark.parametrize(
    ("event_type", "steps", "of", "index"),
    [
        (told.APPLICATION_SUBMITTED, ("receipt", "application_sha256"), "application call/alpha version 1", 0),
        (told.STAGE_OPENED, ("team_ids", 0), "the opening of stage trial", 5),
        (told.SCORE_SHEET_SUBMITTED, ("rows", 0, "value"), "the sheet of trial, panel, kim", 6),
        (told.MEASUREMENTS_RECORDED, ("rows", 0, "value"), "the measurement of trial, bench, alpha, accuracy", 9),
        (told.GATE_VERDICT_RECORDED, ("reason",), "the verdict of trial, originality, alpha", 10),
        (told.DECISION_PROVISIONAL, ("inputs_sha256",), "version 1 of the decision of stage trial", 13),
        (told.DECISION_FINALIZED, ("decision_sha256",), "version 1 of the decision of stage trial", 13),
        (told.DECISION_FINALIZED, ("advanced", 0), "who goes on by version 1 of stage trial", 14),
    ],
)
def test_an_event_that_contradicts_another_is_named(event_type: str, steps: Steps, of: str, index: int) -> None:
    place = f"entries/000000.jsonl, line {len(events()) + 1}: "
    assert f"{place}says otherwise of {of} than entry {index}" in said_when_added(event_type, steps)


def test_a_rule_set_under_the_hash_of_another_is_named() -> None:
    found = said_when_added(told.RULE_SET_PUBLISHED, ("rule_set_sha256",))
    assert any(each.endswith(f"the rule set in it has the SHA-256 {RULES_SHA256}") for each in found)


@pytest.mark.parametrize("event_type", [told.SCORE_SHEET_SUBMITTED, told.MEASUREMENTS_RECORDED, told.STAGE_OPENED])
def test_what_is_said_again_as_it_was_is_no_contradiction(event_type: str) -> None:
    assert said_when_added(event_type, None) == []

"""Objections and cases about stage 1 of the model programme, in states that tests begin from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rules import load_rule_set
from selection.domain import objection_filing, objections
from selection.domain.objection_panel import Barred, find, seat
from selection.domain.objection_proceeding import Party, Proceeding, Remedy
from selection.domain.stage import Stage, StageState, objection_end

from tests.builders.selection_cases import DECIDES, STAGE_ONE_BY_CALL, inputs

RULES = load_rule_set(STAGE_ONE_BY_CALL)
GIVEN = inputs("stage-1")
ZONE = RULES.zone
NOW = DECIDES + timedelta(days=2)
FRESH = ("fresh-1", "fresh-2", "fresh-3")
STAGE = Stage(
    "stage-1",
    "1차",
    "Stage 1",
    "a" * 64,
    "call",
    (),
    RULES.dates.opens,
    RULES.dates.closes,
    RULES.dates.decides,
    state=StageState.OBJECTION,
    entrants=GIVEN.entrants,
    opened_at=RULES.dates.opens,
    final_at=objection_end(RULES, DECIDES),
    decision_version=1,
)
BARS = Barred("stage-1", {"judge-1": "original-assessor", "member:nc-ai": "party"}, ())
DIGEST = "0" * 63 + "1"


def objected(now: datetime = NOW, stage: Stage = STAGE, **changes: Any) -> Proceeding:
    named: dict[str, Any] = {
        "team": "nc-ai",
        "version": 1,
        "ground": "input",
        "statement": "the hidden set was scored with an old key",
        "actor": "member:nc-ai",
        "waived": (),
        "others": (),
    }
    return objection_filing.file_objection(stage, ZONE, 1, now=now, **(named | changes))


def alleged(now: datetime = NOW, stage: Stage = STAGE, **changes: Any) -> Proceeding:
    named: dict[str, Any] = {
        "team": "naver-cloud",
        "ground": "technical",
        "statement": "the encoder is another model's",
        "actor": "kim",
        "assessor": "",
        "known": (),
    }
    return objection_filing.open_case(stage, ZONE, 1, now=now, **(named | changes))


def admitted(found: Proceeding | None = None) -> Proceeding:
    return objections.admit(found or objected(), "within its window, on a ground of the list", 0, "kim", ZONE, NOW)


def replied(found: Proceeding | None = None) -> Proceeding:
    asked = found or admitted()
    return objections.reply(asked, Party.RESPONDENT, "the key was the right one", "kim", ZONE, NOW)


def seated(found: Proceeding | None = None, members: tuple[str, ...] = FRESH, quorum: int = 0) -> Proceeding:
    return seat(found or replied(), members, quorum, "", BARS, ZONE, NOW)


def heard(*remedies: Remedy, found: Proceeding | None = None) -> Proceeding:
    hearing = found or seated()
    for member, remedy in zip(hearing.members, remedies, strict=False):
        hearing = find(hearing, member, remedy, f"{member} has looked at it", BARS, NOW)
    return hearing


def at(state: StageState) -> Stage:
    return replace(STAGE, state=state)


MIDNIGHT_AFTER_THE_TENTH_DAY = datetime(2026, 1, 25, 15, tzinfo=UTC)

"""A stage of the programme: planned → collecting → objection → final, at the instants of its rule set.

Source: design page "Selection and notary", "Stages and gates".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from selection.domain.refusal import (
    EntrantsSourceError,
    RuleSetNotFrozenError,
    StageMismatchError,
    StageNotCollectingError,
)
from selection.domain.rule_set import KeptRuleSet, RuleSetState, require_frozen_before

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules import RuleSet


class StageState(Enum):
    """Where a stage is."""

    PLANNED = "planned"
    COLLECTING = "collecting"
    OBJECTION = "objection"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage under one rule set. Instants are UTC; `entrants` are sorted and fixed at the opening.

    Its teams come from the call `from_call`, or from those that advanced in `from_stages`. `waits_for` says in words
    what it lacks, empty where it lacks nothing.
    """

    id: str
    title_ko: str
    title_en: str
    rule_set_sha256: str
    from_call: str
    from_stages: tuple[str, ...]
    opens_at: datetime
    closes_at: datetime
    decides_at: datetime
    state: StageState = StageState.PLANNED
    waits_for: str = ""
    entrants: tuple[str, ...] = ()
    opened_at: datetime | None = None
    final_at: datetime | None = None


def plan(stage_id: str, kept: KeptRuleSet, from_call: str, from_stages: Iterable[str]) -> Stage:
    """Return the planned stage.

    Raises `RuleSetNotFrozenError`, `RuleSetFrozenLateError`, `StageMismatchError` and `EntrantsSourceError`.
    """
    rules = kept.rules
    if kept.state is not RuleSetState.FROZEN:
        raise RuleSetNotFrozenError("rule_set_sha256", kept.sha256, f"must be frozen; it is {kept.state.value}")
    if rules.stage != stage_id:
        raise StageMismatchError("stage_id", stage_id, f"the rule set is for {rules.stage}")
    require_frozen_before(kept, rules.dates.opens)
    stages = tuple(sorted(from_stages))
    _check_source(rules, from_call, stages)
    return Stage(
        id=stage_id,
        title_ko=rules.title.ko,
        title_en=rules.title.en,
        rule_set_sha256=kept.sha256,
        from_call=from_call,
        from_stages=stages,
        opens_at=rules.dates.opens,
        closes_at=rules.dates.closes,
        decides_at=rules.dates.decides,
    )


def open_with(stage: Stage, teams: Iterable[str], now: datetime) -> Stage:
    """Return the stage opened at `now` with these teams, each once, sorted."""
    entrants = tuple(sorted(set(teams)))
    return replace(stage, state=StageState.COLLECTING, entrants=entrants, opened_at=now, waits_for="")


def decided(stage: Stage, rules: RuleSet, now: datetime) -> Stage:
    """Return the stage decided at `now`: the objection window is open."""
    return replace(stage, state=StageState.OBJECTION, final_at=objection_end(rules, now), waits_for="")


def finalized(stage: Stage) -> Stage:
    """Return the stage at its end."""
    return replace(stage, state=StageState.FINAL)


def objection_end(rules: RuleSet, decided_at: datetime) -> datetime:
    """Return when a decision of `decided_at` becomes final: the midnight after the last day to object.

    Days are calendar days of the rule set's zone; the day of the decision is not one of them; with 0 days
    it is final at once. Source: the ministry's
    "10-day objection window".
    """
    days = rules.objections.days
    if days == 0:
        return decided_at
    zone = ZoneInfo(rules.zone)
    day_after = decided_at.astimezone(zone).date() + timedelta(days=days + 1)
    return datetime.combine(day_after, time(), zone).astimezone(ZoneInfo("UTC"))


def require_collecting(stage: Stage) -> None:
    """Raise `StageNotCollectingError` unless the stage takes scores and verdicts."""
    if stage.state is not StageState.COLLECTING:
        raise StageNotCollectingError("stage_id", stage.id, f"must be collecting; it is {stage.state.value}")


def _check_source(rules: RuleSet, from_call: str, from_stages: tuple[str, ...]) -> None:
    if bool(from_call) == bool(from_stages):
        raise EntrantsSourceError("from_call_id", from_call, "either a call or stages are named")
    wanted = tuple(sorted(rules.eligibility.advanced_from))
    if from_stages != wanted:
        named = ", ".join(wanted) or "no stage: its teams enter by a call"
        raise EntrantsSourceError("from_stage_ids", ", ".join(from_stages), f"the rule set names {named}")

"""A stage of the programme: planned → collecting → objection → final, at the instants of its rule set.

A planned stage may be cancelled, and planned anew. A decided stage that is decided again goes back to its objection
window; the decision before is superseded.

Source: design page "Selection and notary", "Stages and gates".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from rules import dates

from selection.domain import trigger
from selection.domain.refusal import (
    EntrantsSourceError,
    ReasonMissingError,
    ReopeningError,
    RuleSetNotFrozenError,
    StageCancelledError,
    StageDecidedError,
    StageMismatchError,
    StageNotCollectingError,
    StageNotDecidedError,
    StageNotPlannedError,
)
from selection.domain.rule_set import KeptRuleSet, RuleSetState, require_frozen_before

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rules import Decision, RuleSet

    from selection.domain.eligibility import RefusedApplicant
    from selection.domain.trigger import Trigger
    from selection.domain.waits import Wait


class StageState(Enum):
    """Where a stage is."""

    PLANNED = "planned"
    COLLECTING = "collecting"
    OBJECTION = "objection"
    FINAL = "final"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage under one rule set. Instants are UTC; `entrants` are sorted and fixed at the opening.

    Its teams come from the call `from_call`, or from those that advanced in `from_stages`. `waits` is what holds it up,
    empty where only time must pass. `change_id` names the consented change by which its rule set came to govern, empty
    where it was planned under it; `reopens` the stage whose seats it opens again. `sequence` counts its history,
    `decision_version` its decisions. It opens when all `triggers` have come besides; `cancel_reason` says why it was
    cancelled.
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
    waits: tuple[Wait, ...] = ()
    entrants: tuple[str, ...] = ()
    refused: tuple[RefusedApplicant, ...] = ()
    opened_at: datetime | None = None
    final_at: datetime | None = None
    change_id: str = ""
    reopens: str = ""
    sequence: int = 0
    decision_version: int = 0
    triggers: tuple[Trigger, ...] = ()
    cancel_reason: str = ""


def plan(
    stage_id: str,
    kept: KeptRuleSet,
    from_call: str,
    from_stages: Iterable[str],
    reopens: str = "",
    triggers: Iterable[Trigger] = (),
) -> Stage:
    """Return the planned stage, which opens the seats of `reopens` again where one is named.

    Raises `RuleSetNotFrozenError`, `RuleSetFrozenLateError`, `StageMismatchError`, `EntrantsSourceError` and
    `TriggerInvalidError`.
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
        reopens=_reopened(rules, reopens),
        triggers=trigger.planned(triggers),
    )


def is_same_plan(stage: Stage, plan: Stage) -> bool:
    """Say whether `stage` is planned as `plan` says, whatever has come or is waited for since."""
    asked = tuple(replace(each, arrived_at=None) for each in stage.triggers)
    return plan == replace(stage, waits=(), sequence=0, change_id="", triggers=asked)


def planned_anew(cancelled: Stage, plan: Stage) -> Stage:
    """Return the plan of a stage that was cancelled before: its history goes on."""
    return replace(plan, sequence=cancelled.sequence)


def triggered(stage: Stage, trigger_id: str, pipeline: str | None, now: datetime) -> Stage:
    """Return the stage once an event has come, brought by `pipeline`, or by staff for `None`.

    A stage opens only with all of them, so that what comes later has come before. Raises `StageCancelledError`,
    `TriggerUnknownError` and `TriggerForeignError`.
    """
    _require_not_cancelled(stage)
    return replace(stage, triggers=trigger.arrived(stage.triggers, trigger_id, pipeline, now))


def cancelled(stage: Stage, reason: str) -> Stage:
    """Return the stage as it is cancelled. Raises `StageNotPlannedError` and `ReasonMissingError`."""
    if stage.state is not StageState.PLANNED:
        raise StageNotPlannedError("stage_id", stage.id, f"must be planned; it is {stage.state.value}")
    if not reason.strip():
        raise ReasonMissingError("reason", reason, "a stage is cancelled for a reason")
    return replace(stage, state=StageState.CANCELLED, cancel_reason=reason, waits=())


def _reopened(rules: RuleSet, named: str) -> str:
    """The stage whose seats are opened again, as the document says or as is `named`."""
    document = rules.seats.reopened_from or ""
    if document and named and named != document:
        raise ReopeningError("reopens_stage_id", named, f"must be the one of the rule set, {document}")
    return document or named


def check_reopening(stage: Stage, decision: Decision | None, reason: str) -> None:
    """Raise `ReopeningError` unless `stage` is final and left seats free, `ReasonMissingError` without a `reason`.

    Source: programme facts, 2026-01-15: the plan of five to four became five to three plus a new place
    """
    if not reason.strip():
        raise ReasonMissingError("reason", reason, "seats are opened again for a reason")
    if stage.state is not StageState.FINAL or decision is None:
        raise ReopeningError("reopens_stage_id", stage.id, f"must be final; it is {stage.state.value}")
    if decision.seats.filled >= decision.seats.planned:
        rule = f"must have left a seat free; {decision.seats.filled} of {decision.seats.planned} are taken"
        raise ReopeningError("reopens_stage_id", stage.id, rule)


def open_with(stage: Stage, teams: Iterable[str], now: datetime, refused: Iterable[RefusedApplicant] = ()) -> Stage:
    """Return the stage opened at `now` with these teams, each once, sorted, and those that may not enter."""
    entrants = tuple(sorted(set(teams)))
    return replace(
        stage, state=StageState.COLLECTING, entrants=entrants, refused=tuple(refused), opened_at=now, waits=()
    )


def decided(stage: Stage, rules: RuleSet, now: datetime) -> Stage:
    """Return the stage decided at `now`, for the first time or again: the objection window is open."""
    return replace(
        stage,
        state=StageState.OBJECTION,
        final_at=objection_end(rules, now),
        waits=(),
        decision_version=stage.decision_version + 1,
    )


def governed_by(stage: Stage, kept: KeptRuleSet, change_id: str) -> Stage:
    """Return the stage under another version of its rule set, at that version's dates."""
    dates = kept.rules.dates
    return replace(
        stage,
        rule_set_sha256=kept.sha256,
        change_id=change_id,
        opens_at=stage.opens_at if stage.opened_at else dates.opens,
        closes_at=dates.closes,
        decides_at=dates.decides,
        waits=(),
    )


def require_undecided(stage: Stage) -> None:
    """Raise `StageDecidedError` once the stage is decided, `StageCancelledError` where it was cancelled."""
    _require_not_cancelled(stage)
    if stage.state in {StageState.OBJECTION, StageState.FINAL}:
        raise StageDecidedError("stage_id", stage.id, f"is decided: it is {stage.state.value}")


def require_decided(stage: Stage) -> None:
    """Raise `StageNotDecidedError` before the stage is decided."""
    if stage.state not in {StageState.OBJECTION, StageState.FINAL}:
        raise StageNotDecidedError("stage_id", stage.id, f"must be decided; it is {stage.state.value}")


def finalized(stage: Stage) -> Stage:
    """Return the stage at its end."""
    return replace(stage, state=StageState.FINAL)


def objection_end(rules: RuleSet, decided_at: datetime) -> datetime:
    """Return when a decision of `decided_at` becomes final under `rules`."""
    return dates.objection_end(decided_at, rules.objections.days, rules.zone)


def require_collecting(stage: Stage) -> None:
    """Raise `StageNotCollectingError` unless the stage takes scores and verdicts."""
    if stage.state is not StageState.COLLECTING:
        raise StageNotCollectingError("stage_id", stage.id, f"must be collecting; it is {stage.state.value}")


def _require_not_cancelled(stage: Stage) -> None:
    if stage.state is StageState.CANCELLED:
        raise StageCancelledError("stage_id", stage.id, f"was cancelled: {stage.cancel_reason}")


def _check_source(rules: RuleSet, from_call: str, from_stages: tuple[str, ...]) -> None:
    if bool(from_call) == bool(from_stages):
        raise EntrantsSourceError("from_call_id", from_call, "either a call or stages are named")
    wanted = tuple(sorted(rules.eligibility.advanced_from))
    if from_stages != wanted:
        named = ", ".join(wanted) or "no stage: its teams enter by a call"
        raise EntrantsSourceError("from_stage_ids", ", ".join(from_stages), f"the rule set names {named}")

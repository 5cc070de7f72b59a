"""Deciding a stage: the rules library's decision, or what it waits for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rules import InputsIncompleteError, InputsRefusedError, Lacking, collect, decide

from selection.domain.gates import judges_missing, verdicts_of
from selection.domain.late_pick import unrevealed
from selection.domain.refusal import RuleSetFrozenLateError
from selection.domain.rule_set import require_frozen_before
from selection.domain.versions import corrected
from selection.domain.waits import Wait, WaitCode, wait, waits_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from rules import CarriedFigure, Comparison, Decision, Inputs, Measurement, RuleSet, Score, Verdict

    from selection.domain.gates import Bench, Found
    from selection.domain.rule_set import KeptRuleSet
    from selection.domain.stage import Stage
    from selection.domain.versions import Corrections


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything given to a stage in time, in any order, and what was revealed (`revealed`: pick and hash).

    `carried` are figures of earlier stages' final decisions, as the rule set carries them over.
    """

    scores: Sequence[Score]
    measurements: Sequence[Measurement]
    verdicts: Sequence[Verdict]
    bench: Bench
    revealed: Collection[tuple[str, str]] = ()
    seed: str | None = None
    carried: Sequence[CarriedFigure] = ()
    comparisons: Sequence[Comparison] = ()


@dataclass(frozen=True, slots=True)
class ScoringClose:
    """What evaluation took for a stage until `closes_at`: sheets, measured values or comparisons, a number a source."""

    closes_at: datetime
    handed_in: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, what it was computed from, and the verdicts that follow from single judgements."""

    inputs: Inputs
    decision: Decision
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """No decision yet, and why."""

    waits: tuple[Wait, ...]


def attempt(
    stage: Stage, kept: KeptRuleSet, rules: RuleSet, evidence: Evidence, corrections: Sequence[Corrections] = ()
) -> Decided | Waiting:
    """Return the stage's decision, or what it waits for. The same evidence in any order gives the same bytes.

    Nothing is decided under a rule set that was frozen after the stage opened, unless the teams consented to it.
    """
    try:
        _require_governing(stage, kept)
    except RuleSetFrozenLateError as error:
        return Waiting((wait(WaitCode.RULE_SET_FROZEN_LATE, frozen_at=error.value, opened_at=stage.opened_at),))
    if picks := unrevealed(rules, evidence.revealed):
        return Waiting((wait(WaitCode.LATE_PICKS_UNREVEALED, picks=picks),))
    found = verdicts_of(evidence.bench, rules, evidence.verdicts)
    verdicts = [*evidence.verdicts, *(each.verdict for each in found)]
    read = corrected(replace(evidence, verdicts=verdicts), corrections)
    try:
        inputs = collect(
            stage.id,
            stage.entrants,
            scores=read.scores,
            measurements=read.measurements,
            verdicts=read.verdicts,
            comparisons=read.comparisons,
            carried=read.carried,
            seed=read.seed,
        )
        return Decided(inputs, decide(rules, inputs), found)
    except InputsIncompleteError as error:
        return Waiting(_missing(error, rules, evidence.bench))
    except InputsRefusedError as error:
        return Waiting((wait(WaitCode.INPUTS_REFUSED, path=error.field, value=error.value, defect=error.code),))


def underway(stage: Stage, rules: RuleSet, close: ScoringClose | None, arrived: Mapping[str, int]) -> tuple[Wait, ...]:
    """Return what was handed in in time to a source of `rules` and has not arrived; `arrived` is the number by source.

    Evaluation says what it has once the last instant for scores is over: before that nobody knows that all has come.
    """
    if close is None or close.closes_at != stage.closes_at:
        return (wait(WaitCode.SCORING_NOT_CLOSED, closes_at=stage.closes_at),)
    sources = {source.id for source in rules.sources}
    return tuple(
        wait(WaitCode.SCORES_UNDERWAY, source=source, have=arrived.get(source, 0), handed_in=number)
        for source, number in sorted(close.handed_in.items())
        if source in sources and arrived.get(source, 0) < number
    )


def _require_governing(stage: Stage, kept: KeptRuleSet) -> None:
    # A change takes effect only with the consents that the former version demanded: then it may be younger.
    if not stage.change_id:
        require_frozen_before(kept, stage.opened_at or stage.opens_at)


def _missing(error: InputsIncompleteError, rules: RuleSet, bench: Bench) -> tuple[Wait, ...]:
    """What is missing; where judges are seated for a gate, how many of them have judged."""
    waits: list[Wait] = []
    for each in waits_of(error.missing):
        facts = dict(each.facts)
        gate = facts.get("gate", "")
        unjudged = (one.teams for one in error.missing if (one.what, one.source) == (Lacking.VERDICT, gate))
        teams = [team for named in unjudged for team in named]
        judges = judges_missing(bench, rules, gate, teams) if each.code is WaitCode.VERDICTS_MISSING else ()
        waits += judges or (each,)
    return tuple(waits)

"""Deciding a stage: the rules library's decision, or what is still missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules import InputsIncompleteError, InputsRefusedError, collect, decide

from selection.domain.refusal import RuleSetFrozenLateError
from selection.domain.rule_set import require_frozen_before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules import Decision, Inputs, Measurement, RuleSet, Score, Verdict

    from selection.domain.rule_set import KeptRuleSet
    from selection.domain.stage import Stage


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything given to a stage, in any order."""

    scores: Sequence[Score]
    measurements: Sequence[Measurement]
    verdicts: Sequence[Verdict]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and what it was computed from."""

    inputs: Inputs
    decision: Decision


@dataclass(frozen=True, slots=True)
class Waiting:
    """No decision yet, and why."""

    reason: str


def attempt(stage: Stage, kept: KeptRuleSet, rules: RuleSet, evidence: Evidence) -> Decided | Waiting:
    """Return the stage's decision, or what it waits for. The same evidence in any order gives the same bytes.

    Nothing is decided under a rule set that was frozen after the stage opened.
    """
    try:
        require_frozen_before(kept, stage.opened_at or stage.opens_at)
        inputs = collect(
            stage.id,
            stage.entrants,
            scores=evidence.scores,
            measurements=evidence.measurements,
            verdicts=evidence.verdicts,
        )
        return Decided(inputs, decide(rules, inputs))
    except (InputsIncompleteError, InputsRefusedError, RuleSetFrozenLateError) as error:
        return Waiting(str(error))

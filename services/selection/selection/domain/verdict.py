"""A gate's verdict on one team: apart from the score, with evidence, quorum and reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selection.domain.refusal import (
    GateUnknownError,
    QuorumMissedError,
    ReasonMissingError,
    TeamUnknownError,
    VerdictContradictedError,
    VerdictTakenError,
)
from selection.domain.stage import require_collecting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules import RuleSet, Verdict
    from rules.document import VerdictGate

    from selection.domain.gates import Bench
    from selection.domain.stage import Stage


def judged_gate(gate_id: str, rules: RuleSet) -> VerdictGate:
    """Return the gate that people judge. Raises `GateUnknownError`."""
    gates = {gate.id: gate for gate in rules.gates if gate.kind == "verdict"}
    if gate_id not in gates:
        raise GateUnknownError("gate", gate_id, f"must be one of the rule set: {', '.join(gates) or 'it has none'}")
    return gates[gate_id]


def check_verdict(verdict: Verdict, stage: Stage, rules: RuleSet, earlier: Iterable[Verdict]) -> None:
    """Raise the refusal of the first rule that `verdict` breaks; `earlier` are the stage's verdicts so far."""
    require_collecting(stage)
    if verdict.team not in stage.entrants:
        raise TeamUnknownError("team_id", verdict.team, f"must have entered {stage.id}")
    gate = judged_gate(verdict.gate, rules)
    if not verdict.reason.strip():
        raise ReasonMissingError("reason", verdict.reason, "must not be empty")
    if verdict.judged_by < gate.quorum:
        raise QuorumMissedError("judged_by", verdict.judged_by, f"must be at least {gate.quorum}")
    if any((each.gate, each.team) == (verdict.gate, verdict.team) for each in earlier):
        raise VerdictTakenError("team_id", verdict.team, f"has a verdict of gate {verdict.gate} already")


def check_minute(verdict: Verdict, bench: Bench) -> None:
    """Raise `VerdictContradictedError` where a panel's minute says the opposite of what its judges found singly."""
    judged = bench.counting().get((verdict.gate, verdict.team), ())
    found_for = sum(each.passed for each in judged)
    if judged and verdict.passed != (2 * found_for > len(judged)):
        rule = f"must be what its judges found: {found_for} of {len(judged)} for {verdict.team}"
        raise VerdictContradictedError("passed", verdict.passed, rule)

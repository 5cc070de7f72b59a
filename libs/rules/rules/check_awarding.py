"""What seats, gates, procedure and tie chain of a rule set must hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rules.awarding import (
    CutStep,
    GateStep,
    LotTie,
    MajorityStep,
    MinimumScoreGate,
    PartTie,
    RankStep,
    RefillStep,
    WildcardStep,
)
from rules.exact import plain
from rules.sources import SheetSource
from rules.violations import Violation, repeated, violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.document import RuleSet


def check_awarding(rule_set: RuleSet) -> Iterator[Violation]:
    """Every violation from seats to ties, in document order."""
    yield from _seats(rule_set)
    yield from _gates(rule_set)
    yield from _procedure(rule_set)
    yield from _ties(rule_set)


def _seats(rule_set: RuleSet) -> Iterator[Violation]:
    seats = rule_set.seats
    if not seats.minimum <= seats.planned <= seats.maximum:
        value = f"{seats.minimum}, {seats.planned}, {seats.maximum}"
        yield violation("seats", value, "minimum ≤ planned ≤ maximum", "SEATS_OUT_OF_ORDER")


def _gates(rule_set: RuleSet) -> Iterator[Violation]:
    yield from repeated("gates", (gate.id for gate in rule_set.gates), "gate")
    parts = {part.id for part in rule_set.every_part()} | {"total"}
    for number, gate in enumerate(rule_set.gates):
        if isinstance(gate, MinimumScoreGate) and gate.part not in parts:
            yield violation(f"gates[{number}].part", gate.part, "the part exists", "PART_UNKNOWN")


def _procedure(rule_set: RuleSet) -> Iterator[Violation]:
    steps = rule_set.procedure
    ranks = [number for number, step in enumerate(steps) if isinstance(step, RankStep)]
    cuts = [number for number, step in enumerate(steps) if isinstance(step, CutStep)]
    if len(ranks) != 1 or len(cuts) != 1 or ranks[0] > cuts[0]:
        names = ", ".join(step.step for step in steps)
        yield violation("procedure", names, "one rank and, after it, one cut", "PROCEDURE_ORDER")
    else:
        yield from _taking_back(rule_set, cuts[0])
    applied = Counter(step.gate for step in steps if isinstance(step, GateStep))
    declared = {gate.id for gate in rule_set.gates}
    for number, step in enumerate(steps):
        path = f"procedure[{number}]"
        if isinstance(step, GateStep) and step.gate not in declared:
            yield violation(f"{path}.gate", step.gate, "the gate is declared in gates", "GATE_UNKNOWN")
        if isinstance(step, MajorityStep):
            yield from _majority(rule_set, step, path)
    for number, gate in enumerate(rule_set.gates):
        if applied[gate.id] != 1:
            rule = "the procedure applies each gate once"
            yield violation(
                f"gates[{number}]", f"{gate.id} applied {applied[gate.id]} times", rule, "GATE_NOT_APPLIED_ONCE"
            )


def _taking_back(rule_set: RuleSet, cut_at: int) -> Iterator[Violation]:
    """Wildcards and second rounds take from those who were cut, and never fill more seats than there may be."""
    parts = {part.id for part in rule_set.every_part()}
    seats, cut = rule_set.seats, rule_set.procedure[cut_at]
    most = seats.maximum if isinstance(cut, CutStep) and cut.keep == "maximum" else seats.planned
    for number, step in enumerate(rule_set.procedure):
        path = f"procedure[{number}]"
        if isinstance(step, WildcardStep | RefillStep) and number < cut_at:
            yield violation(path, step.step, "only after the cut is there somebody to take back", "PROCEDURE_ORDER")
        if isinstance(step, WildcardStep):
            most += step.seats
            if step.part not in parts:
                yield violation(f"{path}.part", step.part, "the part exists", "PART_UNKNOWN")
            if most > seats.maximum:
                rule = f"cut and wildcards keep at most {seats.maximum} teams"
                yield violation(f"{path}.seats", most, rule, "SEATS_OVER_MAXIMUM")


def _majority(rule_set: RuleSet, step: MajorityStep, path: str) -> Iterator[Violation]:
    source = {source.id: source for source in rule_set.sources}.get(step.source)
    if not isinstance(source, SheetSource):
        yield violation(f"{path}.source", step.source, "a majority is of a declared panel's sheets", "SOURCE_UNKNOWN")
        return
    known = {criterion.id for criterion in source.criteria}
    for index, name in enumerate(step.criteria):
        if name not in known:
            rule = f"the criterion is declared by {source.id}"
            yield violation(f"{path}.criteria[{index}]", name, rule, "CRITERION_UNKNOWN")
    if not step.criteria:
        yield violation(f"{path}.criteria", "none", "a majority has a criterion", "CRITERION_UNKNOWN")
    if not 0 <= step.share < 1:
        yield violation(f"{path}.share", plain(step.share), "0 ≤ share < 1", "SHARE_OUT_OF_RANGE")


def _ties(rule_set: RuleSet) -> Iterator[Violation]:
    kinds = [tie.by for tie in rule_set.ties]
    if kinds.count("lot") != 1 or kinds[-1] != "lot":
        yield violation("ties", ", ".join(kinds) or "none", "the chain ends in its one lot", "TIE_CHAIN_WITHOUT_LOT")
    parts = {part.id for part in rule_set.every_part()}
    named = [tie.part for tie in rule_set.ties if isinstance(tie, PartTie)]
    yield from repeated("ties", named, "part")
    for number, tie in enumerate(rule_set.ties):
        if not isinstance(tie, LotTie) and tie.part not in parts:
            yield violation(f"ties[{number}].part", tie.part, "the part exists", "PART_UNKNOWN")

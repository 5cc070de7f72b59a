"""What a well-formed rule set must also hold: points that add up, names that exist, steps that lead to a score."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from rules.document import (
    CutStep,
    GateStep,
    LotTie,
    MajorityStep,
    MinimumScoreGate,
    PartTie,
    RankStep,
    RatioToTarget,
    RuleSet,
    SheetSource,
)
from rules.exact import plain
from rules.reach import check_steps
from rules.violations import Violation, violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.document import Part


def check(rule_set: RuleSet) -> list[Violation]:
    """Every violation of a well-formed document, in document order."""
    return [
        *_dates(rule_set),
        *_seats(rule_set),
        *_sources(rule_set),
        *_parts(rule_set, rule_set.parts, "parts"),
        *_sum_of_points(rule_set.parts, rule_set.points, "parts"),
        *_unused(rule_set),
        *_duplicates("parts", (part.id for part in rule_set.every_part()), "part"),
        *_gates(rule_set),
        *_procedure(rule_set),
        *_ties(rule_set),
        *_consequences(rule_set),
    ]


def _dates(rule_set: RuleSet) -> Iterator[Violation]:
    dates = rule_set.dates
    names = ("published", "opens", "closes", "decides")
    for earlier, later in pairwise(names):
        if getattr(dates, earlier) > getattr(dates, later):
            rule = f"{earlier} is not after {later}"
            yield violation(f"dates.{later}", getattr(dates, later).isoformat(), rule, "DATES_OUT_OF_ORDER")
    support = rule_set.consequences.support
    if support and support.gpu and support.gpu.valid_from >= support.gpu.valid_to:
        path = "consequences.support.gpu.valid_to"
        yield violation(path, support.gpu.valid_to.isoformat(), "a support ends after it begins", "DATES_OUT_OF_ORDER")


def _seats(rule_set: RuleSet) -> Iterator[Violation]:
    seats = rule_set.seats
    if not seats.minimum <= seats.planned <= seats.maximum:
        value = f"{seats.minimum}, {seats.planned}, {seats.maximum}"
        yield violation("seats", value, "minimum ≤ planned ≤ maximum", "SEATS_OUT_OF_ORDER")


def _sources(rule_set: RuleSet) -> Iterator[Violation]:
    yield from _duplicates("sources", (source.id for source in rule_set.sources), "source")
    for number, source in enumerate(rule_set.sources):
        path = f"sources[{number}]"
        yield from _duplicates(f"{path}.criteria", (criterion.id for criterion in source.criteria), "criterion")
        if not source.criteria:
            yield violation(f"{path}.criteria", "none", "a source has a criterion", "SOURCE_EMPTY")
        for index, criterion in enumerate(source.criteria):
            if not criterion.minimum < criterion.maximum:
                value = f"{criterion.minimum} to {criterion.maximum}"
                yield violation(f"{path}.criteria[{index}]", value, "minimum < maximum", "SCALE_EMPTY")
        if isinstance(source, SheetSource) and not 1 <= source.panel.minimum <= source.panel.planned:
            value = f"{source.panel.minimum} of {source.panel.planned}"
            yield violation(f"{path}.panel", value, "1 ≤ minimum ≤ planned", "PANEL_SIZE")


def _parts(rule_set: RuleSet, parts: Iterable[Part], path: str) -> Iterator[Violation]:
    for number, part in enumerate(parts):
        here = f"{path}[{number}]"
        if bool(part.parts) == bool(part.source):
            rule = "a part has either parts of its own or a source"
            yield violation(here, part.id, rule, "PART_FORM")
        elif part.parts:
            yield from _branch(rule_set, part, here)
        else:
            yield from _leaf(rule_set, part, here)


def _branch(rule_set: RuleSet, part: Part, path: str) -> Iterator[Violation]:
    if part.steps or part.criteria:
        yield violation(path, part.id, "a part with parts is their sum and has no steps or criteria", "PART_FORM")
    yield from _sum_of_points(part.parts, part.points, f"{path}.parts")
    yield from _parts(rule_set, part.parts, f"{path}.parts")


def _leaf(rule_set: RuleSet, part: Part, path: str) -> Iterator[Violation]:
    sources = {source.id: source for source in rule_set.sources}
    source = sources.get(part.source or "")
    if source is None:
        yield violation(f"{path}.source", part.source, "the source is declared in sources", "SOURCE_UNKNOWN")
        return
    known = {criterion.id for criterion in source.criteria}
    for index, name in enumerate(part.criteria):
        if name not in known:
            rule = f"the criterion is declared by {source.id}"
            yield violation(f"{path}.criteria[{index}]", name, rule, "CRITERION_UNKNOWN")
    yield from _duplicates(f"{path}.criteria", part.criteria, "criterion")
    if known.issuperset(part.criteria) and source.criteria:
        yield from check_steps(rule_set, part, source, sources, path)


def _sum_of_points(parts: tuple[Part, ...], points: object, path: str) -> Iterator[Violation]:
    for number, part in enumerate(parts):
        if part.points <= 0:
            yield violation(
                f"{path}[{number}].points", plain(part.points), "points are above zero", "POINTS_NOT_POSITIVE"
            )
    added = sum(part.points for part in parts)
    if added != points:
        rule = f"the points of the parts add up to {points}"
        yield violation(path, str(added), rule, "POINTS_DO_NOT_ADD_UP")


def _unused(rule_set: RuleSet) -> Iterator[Violation]:
    used: set[tuple[str, str]] = set()
    for leaf in rule_set.leaves():
        names = leaf.criteria or _criteria_of(rule_set, leaf.source)
        used.update((leaf.source or "", name) for name in names)
        targets = [step.target for step in leaf.steps if isinstance(step, RatioToTarget)]
        used.update((target, name) for target in targets for name in names)
    for step in rule_set.procedure:
        if isinstance(step, MajorityStep):
            used.update((step.source, name) for name in step.criteria)
    for number, source in enumerate(rule_set.sources):
        for index, criterion in enumerate(source.criteria):
            if (source.id, criterion.id) not in used:
                path = f"sources[{number}].criteria[{index}]"
                yield violation(
                    path, criterion.id, "every criterion is used by a part or a majority", "CRITERION_UNUSED"
                )


def _criteria_of(rule_set: RuleSet, source_id: str | None) -> tuple[str, ...]:
    for source in rule_set.sources:
        if source.id == source_id:
            return tuple(criterion.id for criterion in source.criteria)
    return ()


def _gates(rule_set: RuleSet) -> Iterator[Violation]:
    yield from _duplicates("gates", (gate.id for gate in rule_set.gates), "gate")
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
    yield from _duplicates("ties", named, "part")
    for number, tie in enumerate(rule_set.ties):
        if not isinstance(tie, LotTie) and tie.part not in parts:
            yield violation(f"ties[{number}].part", tie.part, "the part exists", "PART_UNKNOWN")


def _consequences(rule_set: RuleSet) -> Iterator[Violation]:
    elimination = rule_set.consequences.elimination
    for kind in sorted(set(elimination.forfeits) & set(elimination.keeps)):
        rule = "a kind of support is either forfeited or kept"
        yield violation("consequences.elimination", kind, rule, "FORFEIT_AND_KEEP")


def _duplicates(path: str, names: Iterable[str], what: str) -> Iterator[Violation]:
    for name, count in Counter(names).items():
        if count > 1:
            yield violation(path, f"{name}, {count} times", f"each {what} stands once", "DUPLICATE")

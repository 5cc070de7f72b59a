"""What the rule sets of a programme must hold together: stages that exist, no circle, dates one after another.

Source: design page "Selection and notary", "Stages and gates": stages are data, with eligibility and carry-over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.dates import objection_end
from rules.exact import plain
from rules.sources import CarriedSource
from rules.violations import Violation, repeated, violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from rules.document import RuleSet

    Stages = Mapping[str, RuleSet]


def check_programme(rule_sets: Sequence[RuleSet], instants: Mapping[str, datetime] | None = None) -> list[Violation]:
    """Every violation between the rule sets of a programme; a path begins with the stage.

    With the instants of a schedule, its dates `<stage>.opens` and so on are those of the rule sets, where it has them.
    """
    stages = {each.stage: each for each in rule_sets}
    return [
        *repeated("", (each.stage for each in rule_sets), "stage"),
        *(found for each in rule_sets for found in _stage(each, stages)),
        *_circles(stages),
        *(found for each in rule_sets for found in _scheduled(each, instants or {})),
    ]


def _named(rule_set: RuleSet) -> Iterator[tuple[str, str]]:
    """The earlier stages that a rule set names, with where."""
    for at, stage in enumerate(rule_set.eligibility.advanced_from):
        yield f"{rule_set.stage}.eligibility.advanced_from[{at}]", stage
    for at, source in enumerate(rule_set.sources):
        if isinstance(source, CarriedSource):
            yield f"{rule_set.stage}.sources[{at}].stage", source.stage
    if rule_set.seats.reopened_from is not None:
        yield f"{rule_set.stage}.seats.reopened_from", rule_set.seats.reopened_from


def _stage(rule_set: RuleSet, stages: Stages) -> Iterator[Violation]:
    for path, name in _named(rule_set):
        earlier = stages.get(name)
        if earlier is None:
            yield violation(path, name, "the stage is one of the programme's", "STAGE_UNKNOWN")
            continue
        final = objection_end(earlier.dates.decides, earlier.objections.days, earlier.zone)
        if rule_set.dates.opens < earlier.dates.decides:
            rule = f"it opens when {name} is decided, {earlier.dates.decides.isoformat()}"
            yield violation(path, rule_set.dates.opens.isoformat(), rule, "DATES_OVERLAP")
        if rule_set.dates.decides < final:
            rule = f"{name} is final before this stage is decided, {final.isoformat()}"
            yield violation(path, rule_set.dates.decides.isoformat(), rule, "DATES_OVERLAP")
    for at, source in enumerate(rule_set.sources):
        if isinstance(source, CarriedSource) and source.stage in stages:
            yield from _carried(source, stages[source.stage], f"{rule_set.stage}.sources[{at}]")


def _carried(source: CarriedSource, earlier: RuleSet, path: str) -> Iterator[Violation]:
    """What is carried over is a part of the earlier stage, with its points and digits."""
    points = {part.id: part.points for part in earlier.every_part()} | {"total": earlier.points}
    for at, criterion in enumerate(source.criteria):
        here = f"{path}.criteria[{at}]"
        if criterion.id not in points:
            yield violation(here, criterion.id, f"the part exists in {earlier.stage}", "PART_UNKNOWN")
        elif criterion.maximum != points[criterion.id]:
            rule = f"the maximum is the part's points in {earlier.stage}, {plain(points[criterion.id])}"
            yield violation(f"{here}.maximum", plain(criterion.maximum), rule, "CARRIED_SCALE")
        elif criterion.digits < earlier.rounding.digits:
            rule = f"the digits are those of {earlier.stage}, {earlier.rounding.digits}"
            yield violation(f"{here}.digits", criterion.digits, rule, "CARRIED_SCALE")


def _circles(stages: Stages) -> Iterator[Violation]:
    """Each circle of stages once, at the first of its names."""
    following = {stage: {name for _, name in _named(each) if name in stages} for stage, each in stages.items()}
    for stage in sorted(stages):
        circle = _way_back(stage, following)
        if circle and min(circle) == stage:
            way = " after ".join([*circle, stage])
            yield violation(stage, way, "no stage depends on itself", "STAGE_CYCLE")


def _way_back(stage: str, following: Mapping[str, set[str]]) -> list[str]:
    """The shortest way from a stage back to itself, empty where there is none."""
    ways, seen = [[stage]], set[str]()
    for way in ways:  # grows while it is walked
        for name in sorted(following[way[-1]]):
            if name == stage:
                return way
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def _scheduled(rule_set: RuleSet, instants: Mapping[str, datetime]) -> Iterator[Violation]:
    dates = rule_set.dates
    final = objection_end(dates.decides, rule_set.objections.days, rule_set.zone)
    given = {"published": dates.published, "opens": dates.opens, "closes": dates.closes, "decides": dates.decides}
    for name, instant in {**given, "final": final}.items():
        planned = instants.get(f"{rule_set.stage}.{name}")
        if planned is not None and planned != instant:
            rule = f"the schedule has {planned.isoformat()}"
            path = f"{rule_set.stage}.dates.{name}"
            yield violation(path, instant.isoformat(), rule, "DATE_DIFFERS_FROM_SCHEDULE")

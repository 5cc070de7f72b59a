"""What a well-formed rule set must also hold: points that add up, names that exist, steps that lead to a score."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from rules.awarding import MajorityStep
from rules.check_awarding import check_awarding
from rules.disclosure_checks import check_disclosure
from rules.exact import plain
from rules.formulas import RatioToTarget
from rules.reach import check_steps
from rules.sources import CarriedSource, ComparisonSource, SheetSource
from rules.violations import Violation, repeated, violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.document import Part, RuleSet
    from rules.sources import ScoredSource


def check(rule_set: RuleSet) -> list[Violation]:
    """Every violation of a well-formed document, in document order."""
    return [
        *_dates(rule_set),
        *_stages(rule_set),
        *_sources(rule_set),
        *_parts(rule_set, rule_set.parts, "parts"),
        *_sum_of_points(rule_set.parts, rule_set.points, "parts"),
        *_unused(rule_set),
        *repeated("parts", (part.id for part in rule_set.every_part()), "part"),
        *check_awarding(rule_set),
        *_consequences(rule_set),
        *check_disclosure(rule_set),
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


def _stages(rule_set: RuleSet) -> Iterator[Violation]:
    """A stage takes teams, figures and seats from earlier ones, never from itself."""
    named = {f"eligibility.advanced_from[{at}]": name for at, name in enumerate(rule_set.eligibility.advanced_from)}
    for number, source in enumerate(rule_set.sources):
        if isinstance(source, CarriedSource):
            named[f"sources[{number}].stage"] = source.stage
            if rule_set.eligibility.newcomers_may_apply:
                rule = "nothing is carried over in a stage that newcomers may enter: they have no earlier figure"
                yield violation(f"sources[{number}]", source.id, rule, "NEWCOMERS_WITHOUT_FIGURE")
    if rule_set.seats.reopened_from is not None:
        named["seats.reopened_from"] = rule_set.seats.reopened_from
    for path, stage in named.items():
        if stage == rule_set.stage:
            yield violation(path, stage, "an earlier stage, not this one", "STAGE_CYCLE")


def _sources(rule_set: RuleSet) -> Iterator[Violation]:
    yield from repeated("sources", (source.id for source in rule_set.sources), "source")
    for number, source in enumerate(rule_set.sources):
        path = f"sources[{number}]"
        if not isinstance(source, ComparisonSource):
            yield from _criteria(source, path)
        if isinstance(source, SheetSource | ComparisonSource) and not 1 <= source.panel.minimum <= source.panel.planned:
            value = f"{source.panel.minimum} of {source.panel.planned}"
            yield violation(f"{path}.panel", value, "1 ≤ minimum ≤ planned", "PANEL_SIZE")


def _criteria(source: ScoredSource, path: str) -> Iterator[Violation]:
    yield from repeated(f"{path}.criteria", (criterion.id for criterion in source.criteria), "criterion")
    if not source.criteria:
        yield violation(f"{path}.criteria", "none", "a source has a criterion", "SOURCE_EMPTY")
    for index, criterion in enumerate(source.criteria):
        if not criterion.minimum < criterion.maximum:
            value = f"{criterion.minimum} to {criterion.maximum}"
            yield violation(f"{path}.criteria[{index}]", value, "minimum < maximum", "SCALE_EMPTY")


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
    known = set(_criteria_of(rule_set, source.id))
    for index, name in enumerate(part.criteria):
        if name not in known:
            rule = f"the criterion is declared by {source.id}"
            yield violation(f"{path}.criteria[{index}]", name, rule, "CRITERION_UNKNOWN")
    yield from repeated(f"{path}.criteria", part.criteria, "criterion")
    if known.issuperset(part.criteria) and (known or isinstance(source, ComparisonSource)):
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
    compared = {leaf.source for leaf in rule_set.leaves()}
    for number, source in enumerate(rule_set.sources):
        path = f"sources[{number}]"
        if isinstance(source, ComparisonSource):
            if source.id not in compared:
                yield violation(path, source.id, "every source is used by a part", "SOURCE_UNUSED")
            continue
        for index, criterion in enumerate(source.criteria):
            if (source.id, criterion.id) not in used:
                rule = "every criterion is used by a part or a majority"
                yield violation(f"{path}.criteria[{index}]", criterion.id, rule, "CRITERION_UNUSED")


def _criteria_of(rule_set: RuleSet, source_id: str | None) -> tuple[str, ...]:
    for source in rule_set.sources:
        if source.id == source_id and not isinstance(source, ComparisonSource):
            return tuple(criterion.id for criterion in source.criteria)
    return ()


def _consequences(rule_set: RuleSet) -> Iterator[Violation]:
    elimination = rule_set.consequences.elimination
    for kind in sorted(set(elimination.forfeits) & set(elimination.keeps)):
        rule = "a kind of support is either forfeited or kept"
        yield violation("consequences.elimination", kind, rule, "FORFEIT_AND_KEEP")

"""The sensitivity report: how a decision would move if one rule or one panellist were otherwise.

Before freezing it is made on past or synthetic scores, after deciding on the real ones. It is exact, and the same each
time: every figure follows from `decide` on changed rules or inputs, or is a fraction of points.

Source: design page "Selection and notary", "Rule sets": staff see, before freezing, how the order would change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rules.deciding import decide
from rules.exact import exact_text, fixed
from rules.loading import sha256_of
from rules.scoring import score_table
from rules.sensitivity_spread import spreads
from rules.sensitivity_trials import Outcome, prepared, tried
from rules.sensitivity_variants import variants
from rules.sensitivity_weights import weight_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from rules.decision import TieStep
    from rules.document import RuleSet
    from rules.inputs import Inputs
    from rules.sensitivity_spread import Spread
    from rules.sensitivity_variants import Variant
    from rules.sensitivity_weights import Flip, Stretch, WeightReport

FORMAT = "dokpamo/sensitivity/1"
_ABOUT_DIGITS = 2


@dataclass(frozen=True, slots=True)
class LostLeader:
    """A team that leads in a part and does not go on; `from_points` is the part's size above which it would.

    None where it would not at any size of the part.
    """

    part: str
    team: str
    rank: int | None
    from_points: Fraction | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The whole report. `assumed` names verdicts, as gate and team, that nobody gave and that count as passed here."""

    rule_set_sha256: str
    inputs_sha256: str
    stage: str
    base: Outcome
    ties: tuple[TieStep, ...]
    weights: tuple[WeightReport, ...]
    spreads: tuple[Spread, ...]
    variants: tuple[Variant, ...]
    lost_leaders: tuple[LostLeader, ...]
    assumed: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The report as JSON values: exact numbers as text (a plain decimal, or p/q), each with a rounded one."""
        return {
            "format": FORMAT,
            "stage": self.stage,
            "rule_set_sha256": self.rule_set_sha256,
            "inputs_sha256": self.inputs_sha256,
            "base": _outcome(self.base) | {"totals": dict(self.base.totals), "margin": _margin(self.base)},
            "ties": [{"teams": list(tie.teams), "by": tie.by, "order": list(tie.order)} for tie in self.ties],
            "assumed_verdicts": list(self.assumed),
            "weights": [_weight(each) for each in self.weights],
            "spreads": [_spread(each) for each in self.spreads],
            "lost_leaders": [
                {"part": each.part, "team": each.team, "rank": each.rank, "from_points": _number(each.from_points)}
                for each in self.lost_leaders
            ],
            "variants": [_variant(each, self.base) for each in self.variants],
        }


def sensitivity(rule_set: RuleSet, inputs: Inputs, progress: Callable[[int, int], None] | None = None) -> Sensitivity:
    """The report on a rule set with these inputs; `progress` is told trials done and all of them.

    Raises what `decide` raises where the inputs themselves cannot be decided.
    """
    decision = decide(rule_set, inputs)
    table = score_table(rule_set, inputs)
    rules, given, assumed = prepared(rule_set, inputs)
    base = tried(rules, given)
    parts, others = rule_set.every_part(), variants(rules, given)
    told = progress or (lambda _done, _all: None)
    total = len(parts) + len(others)
    weights, found = [], []
    for done, part in enumerate(parts, 1):
        weights.append(weight_report(rules, given, table, part))
        told(done, total)
    for done, other in enumerate(others, len(parts) + 1):
        found.append(other())
        told(done, total)
    reports = tuple(each for each in weights if each is not None)
    spread = spreads(rule_set, table) if table else ()
    return Sensitivity(
        sha256_of(rule_set),
        inputs.sha256(),
        rule_set.stage,
        base,
        decision.ties,
        reports,
        spread,
        tuple(found),
        _lost(base, spread, reports),
        assumed,
    )


def _lost(base: Outcome, spread: tuple[Spread, ...], weights: tuple[WeightReport, ...]) -> tuple[LostLeader, ...]:
    by_part = {each.part: each for each in weights}
    ranks = {team: rank for rank, team in enumerate(base.order, 1)}
    found = []
    for each in spread:
        report = by_part.get(each.part)
        for team in each.leaders if len(each.leaders) < len(base.totals) else ():
            if team not in base.advanced:
                points = report.in_from(team) if report else None
                found.append(LostLeader(each.part, team, ranks.get(team), points))
    return tuple(found)


def _number(value: Fraction | None) -> dict[str, str] | None:
    return None if value is None else {"exact": exact_text(value), "about": fixed(value, _ABOUT_DIGITS)}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if outcome.refused:
        return {"refused": [str(each) for each in outcome.refused]}
    return {"order": list(outcome.order), "advanced": list(outcome.advanced)}


def _margin(outcome: Outcome) -> dict[str, str] | None:
    found = outcome.margin()
    return None if found is None else {"last_in": found[0], "first_out": found[1], "points": exact_text(found[2])}


def _weight(report: WeightReport) -> dict[str, Any]:
    return {
        "part": report.part,
        "points": _number(report.points),
        "stretches": [_stretch(each) for each in report.stretches],
        "flips": [_flip(each) for each in report.flips],
    }


def _stretch(stretch: Stretch) -> dict[str, Any]:
    ends = {"above": exact_text(stretch.low), "below": exact_text(stretch.high), "tried": exact_text(stretch.sample)}
    return ends | _outcome(stretch.outcome)


def _flip(flip: Flip) -> dict[str, Any]:
    return {
        "points": _number(flip.points),
        "winners_change": flip.winners,
        "level": [list(pair) for pair in flip.level],
        "in_above": sorted(set(flip.above.outcome.advanced) - set(flip.below.outcome.advanced)),
        "out_above": sorted(set(flip.below.outcome.advanced) - set(flip.above.outcome.advanced)),
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {
        "part": spread.part,
        "points": exact_text(spread.points),
        "nominal_share": _number(spread.nominal),
        "effective_share": _number(spread.effective),
        "lowest": exact_text(spread.lowest),
        "highest": exact_text(spread.highest),
        "used_share": _number(spread.used),
        "leaders": list(spread.leaders),
    }


def _variant(variant: Variant, base: Outcome) -> dict[str, Any]:
    outcome = variant.outcome
    shift = outcome.largest_shift(base)
    moved = {} if outcome.refused else {team: list(ranks) for team, ranks in outcome.moved(base).items()}
    return {
        "kind": variant.kind,
        "where": variant.where,
        "how": variant.how,
        "panel_below_minimum": variant.below_minimum,
        "moved": moved,
        "largest_shift": None if shift is None else {"team": shift[0], "points": exact_text(shift[1])},
        "winners_change": not outcome.refused and not outcome.same_winners(base),
        **_outcome(outcome),
    }

"""What an audience can find out beyond what it is shown: by difference, by rounding, by order, by several publications.

Everything that the views say is put into one integer program; for each value that they do not show, its least and its
greatest possible value are sought. A range is certain where it is wide: both ends are found as whole tables of points
that are checked exactly, in integers, against every statement. A leak is what no such pair of tables refutes.

Source: release of 2026-08-20: what was shown then, together with the release two days before, gave single points that
had been withheld.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from rules.disclosure import TOTAL
from rules.disclosure_facts import facts_of
from rules.disclosure_program import Program, StatementsContradictError
from rules.disclosure_showing import disclose, known_anyway, known_from_sheets
from rules.exact import exact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from rules.decision import Decision
    from rules.disclosure import Policy
    from rules.disclosure_statements import Facts
    from rules.disclosure_view import View, ViewAudience
    from rules.document import RuleSet
    from rules.inputs import Inputs


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Points that are not shown and still lie between `least` and `most` (equal: they can be computed), as text."""

    team: str
    part: str
    least: str
    most: str


@dataclass(frozen=True, slots=True, order=True)
class AudienceLeak:
    """A leak to an audience: "public", "panel", or "team" with the team that reads."""

    audience: str
    reader: str
    leak: Leak

    @property
    def name(self) -> str:
        """What an acceptance names: who reads, and whose points in which part."""
        who = f"{self.audience}:{self.reader}" if self.reader else self.audience
        return f"{who}/{self.leak.team}/{self.leak.part}"


def audience_leaks(
    decision: Decision, inputs: Inputs, rule_set: RuleSet, policies: Sequence[Policy], *, narrowest: Decimal
) -> tuple[AudienceLeak, ...]:
    """What each audience could find out once it had been shown all of these policies; the public's are listed once."""

    def of(audience: ViewAudience, team: str = "") -> tuple[Leak, ...]:
        return leaks(rule_set, read_by(decision, inputs, rule_set, policies, audience, team), narrowest=narrowest)

    public = of("public")
    found = [AudienceLeak("public", "", leak) for leak in public]
    known = {(leak.team, leak.part) for leak in public}
    readers: list[tuple[ViewAudience, str]] = []
    if any(policy.shown_to("panel") for policy in policies):
        readers.append(("panel", ""))
    if any(policy.shown_to("team") for policy in policies):
        readers += [("team", team) for team in decision.entered]
    for audience, team in readers:
        more = [leak for leak in of(audience, team) if (leak.team, leak.part) not in known]
        found += [AudienceLeak(audience, team, leak) for leak in more]
    return tuple(found)


def read_by(
    decision: Decision,
    inputs: Inputs,
    rule_set: RuleSet,
    policies: Sequence[Policy],
    audience: ViewAudience,
    team: str = "",
) -> list[View]:
    """Everything that a reader has to conclude from: what all know, what he was shown, what his own sheets give."""
    views = [disclose(decision, inputs, rule_set, policy, audience, team) for policy in policies]
    own = known_from_sheets(decision, inputs, rule_set, policies, team) if audience == "team" else ()
    return [known_anyway(decision, inputs, rule_set), *views, *own]


def leaks(rule_set: RuleSet, views: Iterable[View], *, narrowest: Decimal | Fraction = Fraction(0)) -> tuple[Leak, ...]:
    """The hidden points that a reader of all these views of one stage can compute, or narrow to less than `narrowest`.

    In order of teams and of the document's parts. Raises StatementsContradictError where no table of points fits the
    views: then they are not of one decision.
    """
    facts = facts_of(rule_set, views)
    if not facts.teams:
        return ()
    program = Program(facts)
    wide = max(int(Fraction(narrowest) * facts.units), 1)
    found = []
    parts = (*(part.id for part in rule_set.every_part()), TOTAL)
    for team in facts.teams:
        for part in parts:
            if _shown(facts, team, part):
                continue
            least, most = program.range_of(facts.points(team, part), wide)
            if most - least < wide:
                found.append(Leak(team, part, _text(least, facts), _text(most, facts)))
    return tuple(found)


def _shown(facts: Facts, team: str, part: str) -> bool:
    """Whether the points are shown as they are, be it under the name of another part of the same leaves."""
    return any(who == team and facts.leaves[other] == facts.leaves[part] for who, other in facts.shown)


def _text(units: int, facts: Facts) -> str:
    return exact_text(Fraction(units, facts.units))


__all__ = ["AudienceLeak", "Leak", "StatementsContradictError", "audience_leaks", "leaks"]

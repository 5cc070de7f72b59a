"""What the search for leaks does not conclude from: who freezes rules or publishes is told, lest silence be trusted.

From everything else that a policy can show it finds exactly what a reader who tries every table of points finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rules.awarding import MajorityStep, RankStep
from rules.disclosure import Eliminations, Order, OwnPoints, OwnSheet, Winners
from rules.disclosure_outcomes import one_cut
from rules.formulas import Comparing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.disclosure import Policy, Shown
    from rules.document import RuleSet
    from rules.explaining_words import Language, Words

_OUTCOMES: Final = (Winners, Order, Eliminations)

LIMITS: Words = {
    "TAKEN_BACK": {
        "ko": "떨어진 팀을 다시 올리거나 관문이 선발의 앞뒤에 있으므로, 결과가 점수에 대해 말하는 것은 분석하지"
        " 않습니다",
        "en": "teams are taken back, or gates stand on both sides of the cut: what the outcome says of points is not"
        " concluded",
    },
    "VOTES_ARE_SCORES": {
        "ko": "과반 판정에 쓰인 평가표가 점수에도 쓰이므로, 과반 결과가 점수에 대해 말하는 것은 분석하지 않습니다",
        "en": "the sheets of the majority give points too: what its outcome says of them is not concluded",
    },
    "SHEETS_ARE_COMPARED": {
        "ko": "팀이 자기 평가표를 보는데 점수는 다른 팀과 견주어 정해지므로, 다른 팀의 값에 대해 말하는 것은 분석하지"
        " 않습니다",
        "en": "a team sees its own sheets, and its points are set against the others': what they say of those is not"
        " concluded",
    },
    "RANK_AMONG_SOME": {
        "ko": "팀이 자기 순위를 보는데 모든 팀에 순위가 있지는 않으므로, 앞선 팀의 수는 분석하지 않습니다",
        "en": "a team sees its rank, and not every team has one: how many are ahead is not concluded",
    },
}
"""By code: the sentence in Korean and in English."""


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """A policy shows an audience something from which nothing is concluded; `code` is one of `LIMITS`."""

    policy: str
    audience: str
    code: str

    @property
    def name(self) -> str:
        """Policy, audience and code in one text."""
        return f"{self.policy}/{self.audience}/{self.code}"

    def words(self, lang: Language) -> str:
        """What is not concluded, in a sentence."""
        return f"{self.policy} ({self.audience}): {LIMITS[self.code][lang]}"


def limits(rule_set: RuleSet, policies: Iterable[Policy] | None = None) -> tuple[Limit, ...]:
    """What is not concluded from policies, by default those of the rule set, in order."""
    chosen = rule_set.disclosure.every_policy() if policies is None else policies
    return tuple(
        Limit(policy.id, each.audience, code)
        for policy in chosen
        for each in policy.audiences
        for code in _codes(rule_set, each.shows)
    )


def _codes(rule_set: RuleSet, shows: Iterable[Shown]) -> Iterator[str]:
    shows = tuple(shows)
    outcome = any(isinstance(each, _OUTCOMES) for each in shows)
    steps = one_cut(rule_set)
    if outcome and (steps is None or all(steps)):
        yield "TAKEN_BACK"
    voted = {step.source for step in rule_set.procedure if isinstance(step, MajorityStep)}
    if outcome and voted & {leaf.source for leaf in rule_set.leaves()}:
        yield "VOTES_ARE_SCORES"
    compared = [leaf for leaf in rule_set.leaves() if any(isinstance(step, Comparing) for step in leaf.steps)]
    if compared and any(isinstance(each, OwnSheet) for each in shows):
        yield "SHEETS_ARE_COMPARED"
    if not isinstance(rule_set.procedure[0], RankStep) and any(isinstance(each, OwnPoints) for each in shows):
        yield "RANK_AMONG_SOME"

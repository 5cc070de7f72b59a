"""The closed list of findings, and which evidence each one needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from originality.chance import log10_bound

if TYPE_CHECKING:
    from originality.measuring import Explained, Measured

# Fine-tunes keep over 99.9 % of units at their places; our own choice leaves room for coarse copies.
_WHOLE = 0.9
# What is not exact has to show in more than a few units.
_MOVED_AT_LEAST = 0.05
_HALF = 0.5


class Finding(StrEnum):
    """What the weights of one component say about one pair of models.

    - identical: the exact test rejects independence, and every value is equal.
    - derived: independence is rejected, and at least 90 % of the compared units have their partner; by the exact test,
      or by that for moved units, and then the finding's `test` and `reason` say that it is not exact.
    - partly derived: likewise, and fewer units have it (for moved units at least 5 %).
    - shared initialisation: the exact test rejects independence, the initialisation made again from the recorded seed
      matches both models, and no more than half of the units are nearer to one another than to it.
    - no evidence: a test was made and did not reject independence. It is no proof of independence.
    - not testable: no test has a meaning here; nothing is said either way.

    Without a recreated initialisation, "derived" and a shared one cannot be told apart: the reason then says so.

    Source: registry-and-originality.md, "Originality examination": findings per component.
    """

    IDENTICAL = "identical"
    DERIVED = "derived"
    PARTLY_DERIVED = "partly derived"
    SHARED_INITIALISATION = "shared initialisation"
    NO_EVIDENCE = "no evidence"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True, slots=True)
class Method:
    """A test by name, whether its p is exact (a bound that holds at every size), and what that assumes."""

    name: str
    exact: bool
    assumption: str


EXACT = Method(
    "own-place matching",
    exact=True,
    assumption="the two models are independent, and in at least one of them every order of the units is as likely",
)
MOVED = Method(
    "moved-unit agreement",
    exact=False,
    assumption="as for own-place matching, and the weights that lead to a unit are independent of those that lead away"
    " from it or meet it, on a residual axis that each model's initialisation drew for itself; training ties these"
    " together, so p is nominal and not exact",
)
NONE = Method("none", exact=False, assumption="none")


def decide(
    one: Measured, by_place: float | None, by_agreement: float | None, log10_level: float, family: int
) -> tuple[Finding, Method, str]:
    """Return the finding of a component, the test that it rests on, and the reason in words.

    `by_place` and `by_agreement` are adjusted p (log10) of the two tests, None where not made. So few units that even
    a full match could not reject among `family` tests are not testable: "no evidence" would be hollow.

    Source: registry-and-originality.md, "Originality examination": findings per component, each with test, assumption.
    """
    if one.untestable:
        return Finding.NOT_TESTABLE, NONE, one.untestable
    if one.matched is not None and by_place is not None and by_place <= log10_level:
        return _by_place(one, log10_level - math.log10(family))
    moved = one.moved
    if moved and by_agreement is not None and by_agreement <= log10_level:
        share = moved.agreed / moved.compared
        if share >= _MOVED_AT_LEAST:
            finding = Finding.DERIVED if share >= _WHOLE else Finding.PARTLY_DERIVED
            return (
                finding,
                MOVED,
                (
                    "one partner by input and by output weights, elsewhere; not exact, and a shared initialisation"
                    " would look the same"
                ),
            )
    if one.matched is None:
        return (
            Finding.NO_EVIDENCE,
            MOVED,
            "the shapes differ, so only the test that is not exact was made, and it found no agreement of units",
        )
    if log10_bound(one.compared, one.sizes) + math.log10(family) > log10_level:
        equal = "; every value is equal" if one.same_values else ""
        return Finding.NOT_TESTABLE, NONE, f"{one.compared} units are too few for {family} tests at this level{equal}"
    return Finding.NO_EVIDENCE, EXACT, "the matching is as that of independent models; this is no proof of independence"


def _by_place(one: Measured, log10_single: float) -> tuple[Finding, Method, str]:
    if one.explained and _explains(one.explained, log10_single):
        return (
            Finding.SHARED_INITIALISATION,
            EXACT,
            "the initialisation made again matches both models, and they are nearer to it than to one another",
        )
    if one.same_values:
        return Finding.IDENTICAL, EXACT, "every value is equal"
    share = (one.matched or 0) / one.compared
    finding = Finding.DERIVED if share >= _WHOLE else Finding.PARTLY_DERIVED
    if one.explained:
        return finding, EXACT, "units have their own partners, and the initialisation made again does not explain it"
    return (
        finding,
        EXACT,
        "units have their own partners; a shared initialisation would look the same, and was not made again to compare",
    )


def _explains(explained: Explained, log10_single: float) -> bool:
    matches = min(explained.first, explained.second)
    return log10_bound(matches, explained.sizes) <= log10_single and explained.nearer <= _HALF * explained.compared

"""What a well-formed disclosure section must also hold: names that exist, moments in order, reasons for more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rules.disclosure import TOTAL, Best, Gap, Gates, Mean, OwnGates, OwnPoints, OwnSheet, Parts, Totals
from rules.violations import Violation, repeated, violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.disclosure import Moment, Policy, Shown
    from rules.document import RuleSet

_OWN: Final = (OwnPoints, OwnSheet, OwnGates)
_MOST_MEAN_DIGITS: Final = 6


def check_disclosure(rule_set: RuleSet) -> Iterator[Violation]:
    """Every violation of the disclosure section of an otherwise well-formed rule set, in document order."""
    disclosure = rule_set.disclosure
    yield from _moment(rule_set, disclosure.released(), "disclosure.release")
    for number, name in enumerate(disclosure.elsewhere or ()):
        if name not in _names(rule_set):
            yield violation(f"disclosure.elsewhere[{number}]", name, "a part of this rule set", "PART_UNKNOWN")
    policies = disclosure.every_policy()
    yield from repeated("disclosure.policies", (policy.id for policy in policies), "policy")
    earlier: list[str] = []
    for number, policy in enumerate(policies):
        path = f"disclosure.policies[{number}]"
        yield from check_policy(rule_set, policy, path)
        if policy.widens is not None and policy.widens not in earlier:
            rule = "a policy widens one that stands before it"
            yield violation(f"{path}.widens", policy.widens, rule, "POLICY_UNKNOWN")
        earlier.append(policy.id)


def check_policy(rule_set: RuleSet, policy: Policy, path: str) -> Iterator[Violation]:
    """Every violation of one policy; `path` is its place, empty for one that comes alone."""
    prefix = f"{path}." if path else ""
    yield from _moment(rule_set, policy.when, f"{prefix}when")
    if (policy.widens is None) != (policy.reason is None):
        rule = "what is shown beyond an earlier policy has a reason, and a reason names the policy that it widens"
        yield violation(f"{prefix}reason", policy.reason_text() or "none", rule, "REASON_MISSING")
    if not any(each.shows for each in policy.audiences):
        yield violation(f"{prefix}audiences", "none", "a policy shows something", "POLICY_EMPTY")
    yield from repeated(f"{prefix}audiences", (each.audience for each in policy.audiences), "audience")
    known = _names(rule_set)
    for number, accepted in enumerate(policy.accepts):
        if accepted.part not in known:
            yield violation(f"{prefix}accepts[{number}].part", accepted.part, "a part of this rule set", "PART_UNKNOWN")
    for number, each in enumerate(policy.audiences):
        for index, shown in enumerate(each.shows):
            place = f"{prefix}audiences[{number}].shows[{index}]"
            if isinstance(shown, _OWN) and each.audience != "team":
                rule = "only a team is shown what is its own"
                yield violation(place, shown.figure, rule, "FIGURE_NOT_FOR_AUDIENCE")
            yield from _figure(rule_set, shown, known, place)


def _figure(rule_set: RuleSet, shown: Shown, known: frozenset[str], path: str) -> Iterator[Violation]:
    if isinstance(shown, Best | Mean | Gap | Parts):
        if not shown.of and not isinstance(shown, Parts):
            yield violation(f"{path}.of", "none", "the figure is of at least one part", "PART_UNKNOWN")
        for name in shown.of:
            if name not in known:
                yield violation(f"{path}.of", name, f'a part of this rule set, or "{TOTAL}"', "PART_UNKNOWN")
        yield from repeated(f"{path}.of", shown.of, "part")
    if isinstance(shown, Best | Mean | Gap | Parts | Totals | OwnPoints) and shown.digits is not None:
        # A mean has more digits than what it is the mean of.
        most = _MOST_MEAN_DIGITS if isinstance(shown, Mean) else rule_set.rounding.digits
        if shown.digits > most:
            yield violation(f"{path}.digits", shown.digits, f"at most {most} digits", "DIGITS_TOO_MANY")
    if isinstance(shown, Gates) and not rule_set.gates:
        yield violation(path, shown.figure, "the rule set has a gate", "GATE_UNKNOWN")


def _moment(rule_set: RuleSet, moment: Moment, path: str) -> Iterator[Violation]:
    if (moment.after is None) == (moment.at is None):
        yield violation(path, moment.at or moment.after or "neither", "exactly one of `after` and `at`", "MOMENT_FORM")
    elif moment.at is not None and moment.days:
        yield violation(f"{path}.days", moment.days, "days are counted from `after`, not from `at`", "MOMENT_FORM")
    elif moment.at is not None and moment.at < rule_set.dates.decides:
        rule = "nothing is published before the decision"
        yield violation(f"{path}.at", moment.at.isoformat(), rule, "DATES_OUT_OF_ORDER")


def _names(rule_set: RuleSet) -> frozenset[str]:
    return frozenset({TOTAL, *(part.id for part in rule_set.every_part())})

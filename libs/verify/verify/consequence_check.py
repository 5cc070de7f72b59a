"""What follows from a final decision is what its rule set says: support for who goes on, losses for who leaves.

Source: programme facts, "Support"; amounts, windows and exclusions are the rule set's
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from verify import layout
from verify.counted import version_of
from verify.instants import count_for_people, microseconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import rules

    from verify.chronicle import Chronicle, Logged
    from verify.fields import Fields
    from verify.findings import Report

Award = tuple[str, str, int, int, int]
"""Team, kind of support, amount, and from when until when, in microseconds since 1970 (0: no end)."""


def check_consequences(final: Logged, rule_set: rules.RuleSet, chronicle: Chronicle, report: Report) -> None:
    """Note each loss and each award that the event of a final decision tells otherwise than its rule set says."""
    place = layout.entry_place(final.index)
    forfeits = list(rule_set.consequences.elimination.forfeits)
    for each in final.fields.messages("eliminated"):
        if each.texts("forfeits") != forfeits:
            team, loses = each.text("team_id"), _listed(each.texts("forfeits"))
            report.add(*place, f"team {team} loses {loses}, by the rule set {_listed(forfeits)}")
    wanted = Counter(_awards(final, rule_set, chronicle))
    given = Counter(map(_award, final.fields.messages("awards")))
    for team, kind, amount, since, until in sorted((given - wanted).elements()):
        start, end = count_for_people(since), count_for_people(until)
        rule = f"team {team} is given {amount} of {kind} from {start} until {end}, and by the rule set it is not"
        report.add(*place, rule)
    for team, kind, amount, since, until in sorted((wanted - given).elements()):
        start, end = count_for_people(since), count_for_people(until)
        rule = f"team {team} is not given {amount} of {kind} from {start} until {end}, which it is by the rule set"
        report.add(*place, rule)


def _awards(final: Logged, rule_set: rules.RuleSet, chronicle: Chronicle) -> Iterator[Award]:
    """What each team that goes on is given; money can be used from the instant at which the decision is final."""
    support = rule_set.consequences.support
    if support is None:
        return
    excluded = {(each.team, kind) for each in support.exclusions for kind in each.kinds}
    window_end = version_of(final, chronicle).fields.microseconds("final_at")
    since = microseconds_of(final.entry.time) if final.fields.flag("closed_early") or not window_end else window_end
    gpu = support.gpu
    for team in final.fields.texts("advanced"):
        found: list[Award] = [
            (team, "data", support.data_krw, since, 0),
            (team, "talent", support.talent_krw, since, 0),
        ]
        if gpu is not None:
            window = microseconds_of(gpu.valid_from), microseconds_of(gpu.valid_to)
            found.append((team, "gpu", gpu.b200_equivalent, *window))
        yield from (each for each in found if each[2] and (team, each[1]) not in excluded)


def _award(told: Fields) -> Award:
    window = told.microseconds("valid_from"), told.microseconds("valid_to")
    return (told.text("team_id"), told.text("kind"), told.integer("amount"), *window)


def _listed(kinds: Sequence[str]) -> str:
    return ", ".join(kinds) or "–"

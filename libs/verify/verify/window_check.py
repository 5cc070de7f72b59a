"""A decision becomes final when its objection window is over, or early where every team of the stage has waived.

Source: design page "Selection and notary", "Stages and gates": an objection window with its end in the document's
zone, early close only when all parties waive
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import dates

from verify import layout, told
from verify.chronicle import version_number
from verify.counted import version_of
from verify.instants import count_for_people, for_people, microseconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import rules

    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report


def check_window(
    final: Logged, rule_set: rules.RuleSet, entrants: Sequence[str], chronicle: Chronicle, report: Report
) -> None:
    """Note an objection window that is not the rule set's, and a decision that was final before it was over."""
    decided = version_of(final, chronicle)
    if decided is final:
        return  # that the log has none is told elsewhere
    terms, stage_id = rule_set.objections, final.fields.text("stage_id")
    end = dates.objection_end(decided.entry.time, terms.days, rule_set.zone)
    said = decided.fields.microseconds("final_at")
    if said != microseconds_of(end):
        shown = for_people(end)
        rule = (
            f"the objection window of stage {stage_id} ends at {count_for_people(said)}, and by the rule set at {shown}"
        )
        report.add(*layout.entry_place(decided.index), rule)
    place = layout.entry_place(final.index)
    if final.fields.flag("closed_early"):
        if terms.early_close != "all-parties-waive":
            rule = f"the objection window of stage {stage_id} was closed early, which its rule set does not allow"
            report.add(*place, rule)
        for team in sorted(set(entrants) - set(_waived(final, chronicle))):
            rule = f"the objection window of stage {stage_id} was closed early, and team {team} has not waived"
            report.add(*place, rule, absent=True)
    elif final.entry.time < end:
        rule = f"the decision of stage {stage_id} was final before its objection window ended at {for_people(end)}"
        report.add(*place, rule)


def _waived(final: Logged, chronicle: Chronicle) -> Iterator[str]:
    """The teams that had waived their objections to the version that became final."""
    for event in chronicle.of_stage(told.OBJECTION_WAIVED, final.fields.text("stage_id")):
        if event.index < final.index and version_number(event) == version_number(final):
            yield event.fields.text("team_id")

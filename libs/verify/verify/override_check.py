"""Where officers decided otherwise than was computed: two of them, for a reason, beside the computed decision.

Who goes on is then theirs, and nothing can compute it. What can be checked is that the log says who they are and why,
that they are two, and that the computed decision beside theirs is the one that rules and scores give.

Source: requirement, selection and notary: a manual override is a decision event with a reason and two officers
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify import layout, told
from verify.counted import override_of, version_of
from verify.findings import Overridden

if TYPE_CHECKING:
    from collections.abc import Iterator

    import rules

    from verify.chronicle import Chronicle, Logged
    from verify.fields import Fields
    from verify.findings import Report

OVERRIDDEN = "override"
"""Why a team leaves that the computed decision let go on."""
Left = tuple[str, str, str]
"""Team, reason and gate of one that leaves."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who goes on, best first, and who leaves."""

    advanced: tuple[str, ...]
    left: tuple[Left, ...]


def outcome_of(decision: rules.Decision, override: Fields | None) -> Outcome:
    """What a decision leads to; with an override, what the officers decided in its place."""
    left = tuple((each.team, each.reason, each.gate or "") for each in decision.eliminated)
    if override is None:
        return Outcome(decision.advanced, left)
    advanced = tuple(override.texts("advanced"))
    known = {team for team, _, _ in left}
    more = [(team, OVERRIDDEN, "") for team in decision.advanced if team not in known]
    return Outcome(advanced, tuple(each for each in (*left, *more) if each[0] not in advanced))


def check_overrides(final: Logged, decision: rules.Decision, chronicle: Chronicle, report: Report) -> None:
    """Note what is not lawful about an override of a final decision, and one that only one of its events has."""
    override, provisional = override_of(final), version_of(final, chronicle)
    before = override_of(provisional)
    if (override is None) != (before is None) or (override and before and _core(override) != _core(before)):
        rule = f"the override is not the one of the provisional decision, entry {provisional.index}"
        report.add(*layout.entry_place(final.index), rule)
    if override is not None:
        check_override(override, final, decision, chronicle, report)


def check_override(
    override: Fields, event: Logged, decision: rules.Decision, chronicle: Chronicle, report: Report
) -> None:
    """Note what is not lawful about an override that the event of a decision has; `decision` is the computed one."""
    for rule, absent in _unlawful(override, event, decision, chronicle):
        report.add(*layout.entry_place(event.index), rule, absent=absent)


def check_outcome(final: Logged, decision: rules.Decision, place: tuple[str, str], report: Report) -> None:
    """Note where a final decision lets others go on or leave than the computed decision, or its override, does."""
    path, part = place
    outcome = outcome_of(decision, override_of(final))
    if list(outcome.advanced) != final.fields.texts("advanced"):
        report.add(path, part or "advanced", f"entry {final.index} of the log names other teams that go on")
    left = [(e.text("team_id"), e.text("reason"), e.text("gate")) for e in final.fields.messages("eliminated")]
    if sorted(outcome.left) != sorted(left):
        report.add(path, part or "eliminated", f"entry {final.index} of the log says otherwise who leaves")


def overridden(override: Fields) -> Overridden:
    """What is said of an override."""
    return Overridden(override.text("proposed_by"), override.text("confirmed_by"), override.text("reason"))


def _core(override: Fields) -> tuple[object, ...]:
    names = ("override_id", "decision_sha256", "reason", "proposed_by", "confirmed_by")
    return (*map(override.text, names), override.integer("on_version"), *override.texts("advanced"))


def _unlawful(
    override: Fields, final: Logged, decision: rules.Decision, chronicle: Chronicle
) -> Iterator[tuple[str, bool]]:
    """What is not lawful, in words, each with whether it is that the log lacks something."""
    name, first, second = (override.text(each) for each in ("override_id", "proposed_by", "confirmed_by"))
    if not first or not second:
        yield (
            (
                f"override {name} was not confirmed by a second officer"
                if first
                else f"override {name} was not proposed by anybody"
            ),
            False,
        )
    elif first == second:
        yield f"override {name} has one officer twice, {first}", False
    if not override.text("reason").strip():
        yield f"override {name} has no reason", False
    if override.text("decision_sha256") != final.fields.text("decision_sha256"):
        yield f"override {name} stands beside another computed decision", False
    if override.integer("on_version") >= final.fields.integer("version"):
        yield f"override {name} is of version {override.integer('on_version')}, and made no later one", False
    teams = override.texts("advanced")
    for team in sorted(set(teams) - set(decision.entered)):
        yield f"override {name} lets team {team} go on, which did not enter", False
    if len(set(teams)) < len(teams):
        yield f"override {name} names a team twice", False
    stage_id = final.fields.text("stage_id")
    proposed = [e for e in chronicle.of_stage(told.OVERRIDE_PROPOSED, stage_id) if e.index < final.index]
    found = [e for e in proposed if e.fields.message("override").text("override_id") == name]
    if not found:
        yield f"override {name} was not proposed in the log", True
    elif _proposal(found[0].fields.message("override")) != _proposal(override):
        yield f"override {name} is not what was proposed, entry {found[0].index}", False


def _proposal(override: Fields) -> tuple[object, ...]:
    names = ("decision_sha256", "reason", "proposed_by")
    return (*map(override.text, names), override.integer("on_version"), *override.texts("advanced"))

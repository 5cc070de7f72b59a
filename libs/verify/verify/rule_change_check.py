"""The rules that a stage was decided by were frozen before it opened, or changed with the consent that they demand.

A version of the rules that is younger than the stage's opening governs only by a change in the log, to which the teams
agreed as the version before it says in `changes.consent`. One that demands no consent before the opening demands that
of every team after it.

Source: programme facts, 2025-11-20: stage 1 was postponed to 2026-01-15 with the teams' agreement
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import layout, told
from verify.counted import version_of
from verify.entrants_check import entitled

if TYPE_CHECKING:
    from collections.abc import Iterator

    import rules

    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report

MAJORITY = "majority-of-entered-teams"
NONE_BEFORE_OPENING = "none-before-opening"


def check_governing(final: Logged, chronicle: Chronicle, report: Report) -> None:
    """Note where the rule set of a final decision did not govern its stage, or came to govern it unlawfully."""
    stage_id, sha256 = final.fields.text("stage_id"), final.fields.text("rule_set_sha256")
    path, decided = layout.rule_set_path(sha256), version_of(final, chronicle)
    opened = chronicle.opening_of(final)
    if opened is None:
        rule = f"the log does not say that stage {stage_id} opened before it was decided"
        report.add(path, "", rule, absent=True)
        return
    for changed in chronicle.of_stage(told.RULE_SET_CHANGED, stage_id):
        for rule, absent in _unlawful(changed, opened, decided, chronicle):
            report.add(*layout.entry_place(changed.index), rule, absent=absent)
    governing = opened.fields.text("rule_set_sha256")
    frozen_by = opened
    for changed in _since(opened, chronicle):
        if changed.fields.text("old_sha256") != governing:
            rule = f"changes rule set {changed.fields.text('old_sha256')}, and {governing} governed stage {stage_id}"
            report.add(*layout.entry_place(changed.index), rule)
        governing, frozen_by = changed.fields.text("new_sha256"), changed
    frozen = _frozen(sha256, chronicle)
    was_opened = frozen_by is opened
    if governing != sha256:
        rule = f"stage {stage_id} was changed to rule set {governing}"
        # Only a change could have let another govern, and a withheld entry might be it.
        report.add(path, "", f"stage {stage_id} opened under rule set {governing}" if was_opened else rule, absent=True)
    elif frozen is None or frozen.entry.time > frozen_by.entry.time:
        rule = f"the rule set was not frozen when stage {stage_id} was changed to it"
        rule = f"the rule set was not frozen when stage {stage_id} opened" if was_opened else rule
        report.add(path, "", rule, absent=frozen is None)


def _since(opened: Logged, chronicle: Chronicle) -> list[Logged]:
    """The changes of a stage's rules after it opened, in order of the log."""
    stage_id = opened.fields.text("stage_id")
    return [e for e in chronicle.of_stage(told.RULE_SET_CHANGED, stage_id) if _is_after(e, opened)]


def _is_after(event: Logged, opened: Logged) -> bool:
    # Both are events of one stage, so that the log has them in the order in which they happened.
    return event.index > opened.index


def _frozen(sha256: str, chronicle: Chronicle) -> Logged | None:
    """When a rule set was first frozen."""
    return next((e for e in chronicle.of(told.RULE_SET_FROZEN) if e.fields.text("rule_set_sha256") == sha256), None)


def _unlawful(changed: Logged, opened: Logged, decided: Logged, chronicle: Chronicle) -> Iterator[tuple[str, bool]]:
    """What is not lawful about a change, in words, each with whether it is that the log lacks something."""
    said = changed.fields
    name = f"change {said.text('change_id')} of the rules of stage {said.text('stage_id')}"
    if changed.entry.time > decided.entry.time:
        yield f"{name} came after the decision", False
    if not said.text("reason").strip():
        yield f"{name} has no reason", False
    frozen = _frozen(said.text("new_sha256"), chronicle)
    if frozen is None or frozen.entry.time > changed.entry.time:
        yield f"{name} is to a rule set that was not frozen", frozen is None
    yield from _unproposed(name, changed, chronicle)
    old = chronicle.rule_set(said.text("old_sha256"))
    if old is None:
        yield f"{name}: the log has no rule set {said.text('old_sha256')}, which says whose consent it needs", True
        return
    consent = old.changes.consent
    if consent != said.text("consent"):
        yield f"{name}: the former rule set demands {consent}, not {said.text('consent')}", False
    asked = set(said.texts("asked_team_ids"))
    entered = set(opened.fields.texts("team_ids"))
    if _is_after(changed, opened) and asked != entered:
        yield f"{name} did not ask the teams that entered: {', '.join(sorted(asked ^ entered))}", False
    elif not _is_after(changed, opened) and consent == NONE_BEFORE_OPENING:
        if asked:
            yield f"{name} asked teams whose consent is not demanded: {', '.join(sorted(asked))}", False
    elif not _is_after(changed, opened):
        yield from _wrongly_asked(name, old, opened, changed, chronicle)
    yield from _without_consent(name, consent, changed, chronicle)


def _wrongly_asked(
    name: str, old: rules.RuleSet, opened: Logged, changed: Logged, chronicle: Chronicle
) -> Iterator[tuple[str, bool]]:
    """Before the opening those are asked that might enter by what was known when the change was proposed."""
    proposed = _of_change(told.RULE_SET_CHANGE_PROPOSED, changed, chronicle)
    at = proposed[0].entry.time if proposed else changed.entry.time
    asked, wanted = set(changed.fields.texts("asked_team_ids")), entitled(old, opened, at, chronicle)
    if wanted is not None and asked != wanted:
        yield f"{name} did not ask the teams that might enter then: {', '.join(sorted(asked ^ wanted))}", False


def _unproposed(name: str, changed: Logged, chronicle: Chronicle) -> Iterator[tuple[str, bool]]:
    """A change is what was proposed, for the teams that were asked then."""
    said = changed.fields
    proposed = [e for e in _of_change(told.RULE_SET_CHANGE_PROPOSED, changed, chronicle) if e.index < changed.index]
    if not proposed:
        yield f"{name} was not proposed in the log", True
        return
    names = ("old_sha256", "new_sha256", "reason", "proposed_by")
    same = [proposed[0].fields.text(each) == said.text(each) for each in names]
    if not all(same) or set(proposed[0].fields.texts("team_ids")) != set(said.texts("asked_team_ids")):
        yield f"{name} is not what was proposed, entry {proposed[0].index}", False


def _without_consent(name: str, consent: str, changed: Logged, chronicle: Chronicle) -> Iterator[tuple[str, bool]]:
    """Each team's consent is in the log, of one that was asked, and they are as many as the former rules demand."""
    said, asked = changed.fields, set(changed.fields.texts("asked_team_ids"))
    agreed: dict[str, bool] = {}
    for event in _of_change(told.RULE_SET_CONSENT_RECORDED, changed, chronicle):
        team = event.fields.text("team_id")
        if event.index > changed.index or event.fields.text("new_sha256") != said.text("new_sha256"):
            continue
        if team not in asked:
            yield f"{name}: team {team}, whose consent is in entry {event.index}, was not asked", False
        # The first word counts: nobody is asked twice.
        agreed.setdefault(team, event.fields.flag("agreed"))
    willing = {team for team, yes in agreed.items() if yes}
    teams = willing & asked
    for team in sorted(set(said.texts("agreed_team_ids")) - willing):
        yield f"{name}: the consent of team {team} is not in the log", True
    for team in sorted(teams - set(said.texts("agreed_team_ids"))):
        yield f"{name} leaves out the consent of team {team}", False
    if consent == MAJORITY:
        if asked and 2 * len(teams) <= len(asked):
            yield f"{name}: {len(teams)} of {len(asked)} teams agreed, which is no majority", True
        return
    for team in sorted(asked - teams):
        yield f"{name}: team {team} did not agree, and the former rule set demands {consent}", True


def _of_change(event_type: str, changed: Logged, chronicle: Chronicle) -> list[Logged]:
    found = chronicle.of_stage(event_type, changed.fields.text("stage_id"))
    return [event for event in found if event.fields.text("change_id") == changed.fields.text("change_id")]

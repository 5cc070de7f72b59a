"""A gate's verdict is what its judges found, each by himself: so many judged, so many for the team, more than half.

The log has each single judgement. A verdict without single judgements is a panel's minute: it says by itself how many
judged, and nothing can be held against it. The fresh panel of a case may find otherwise than the judges: then the log
has the remedy of that case, which orders the verdict.

Source: design page "Selection and notary", "Stages and gates": a gate has evidence, quorum, reason and a verdict
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify import layout, told
from verify.counted import verdict_of
from verify.fields import NotOpenError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.chronicle import Chronicle, Logged
    from verify.findings import Report


def check_judgements(stage_id: str, chronicle: Chronicle, report: Report) -> None:
    """Note each verdict of a stage's gates that does not follow from the single judgements of the log."""
    for verdict in chronicle.of_stage(told.GATE_VERDICT_RECORDED, stage_id):
        try:
            found = list(_unfounded(verdict, chronicle))
        except NotOpenError as error:
            gate, team = verdict.fields.text("gate"), verdict.fields.text("team_id")
            report.not_verified[f"{stage_id}, gate {gate}, team {team}"] = str(error)
            continue
        for rule, absent in found:
            report.add(*layout.entry_place(verdict.index), rule, absent=absent)


def _unfounded(verdict: Logged, chronicle: Chronicle) -> Iterator[tuple[str, bool]]:
    """What does not hold of a verdict, in words, each with whether it is that the log lacks something."""
    said = verdict.fields
    name = f"the verdict of gate {said.text('gate')} on team {said.text('team_id')}"
    if said.text("proceeding_id"):
        if not _is_ordered(verdict, chronicle):
            yield (
                f"{name} is said to be found in {said.text('proceeding_id')}, and the log has no such remedy of it",
                True,
            )
        return
    judged = _counting(verdict, chronicle)
    named = [each.fields.text("judge_id") for each in judged if each.fields.is_open("judge_id")]
    for judge in sorted({each for each in named if named.count(each) > 1}):
        yield f"{name} rests on two judgements of {judge}", False
    judges_for = sum(each.fields.flag("passed") for each in judged)
    passed = 2 * judges_for > len(judged)
    if not judged:
        if said.integer("judges_for"):
            rule = f"{name} counts {said.integer('judges_for')} judges for it, and the log has no judgement"
            yield rule, True
        return
    if said.flag("passed") != passed:
        word = "a pass" if said.flag("passed") else "a failure"
        yield f"{name} is {word}: {judges_for} of {len(judged)} judges found for the team", False
        return
    if not said.integer("judges_for") and (judges_for or said.integer("judged_by") != len(judged)):
        return  # a panel's minute, which says what the judges say
    if said.integer("judges_for") != judges_for:
        rule = f"{name} counts {said.integer('judges_for')} judges for it, and the log has {judges_for}"
        yield rule, False
    if said.integer("judged_by") != len(judged):
        rule = f"{name} counts {said.integer('judged_by')} judges, and the log has {len(judged)}"
        yield rule, False
    yield from _misquoted(name, verdict, [each for each in judged if each.fields.flag("passed") is passed], judged)


def _is_ordered(verdict: Logged, chronicle: Chronicle) -> bool:
    """Whether the case that a verdict names ordered it before."""
    said = verdict_of(verdict.fields)
    return any(
        verdict_of(each.message("change")) == said
        for remedy in chronicle.of_stage(told.PROCEEDING_REMEDY_ORDERED, verdict.fields.text("stage_id"))
        if remedy.index < verdict.index and remedy.fields.text("proceeding_id") == verdict.fields.text("proceeding_id")
        for each in remedy.fields.messages("verdict_corrections")
    )


def _misquoted(
    name: str, verdict: Logged, agreeing: Sequence[Logged], judged: Sequence[Logged]
) -> Iterator[tuple[str, bool]]:
    """Reason and evidence are those of the judges, as far as nobody had his own erased."""
    if all(each.fields.is_open("reason") for each in agreeing):
        reasons = {each.fields.text("reason") for each in agreeing}
        if "; ".join(sorted(reasons)) != "; ".join(sorted(set(_parts(verdict.fields.text("reason"), reasons)))):
            yield f"{name} gives another reason than its judges", False
    evidence = {item for each in judged for item in each.fields.texts("evidence")}
    if sorted(evidence) != verdict.fields.texts("evidence"):
        yield f"{name} rests on other evidence than its judges'", False


def _parts(reason: str, known: set[str]) -> Iterator[str]:
    """The reasons that a joined one is made of; a rest that is none of the known ones is one of its own."""
    rest = reason
    while rest:
        found = max((each for each in known if rest == each or rest.startswith(f"{each}; ")), key=len, default=rest)
        yield found
        rest = rest[len(found) + len("; ") :]


def _counting(verdict: Logged, chronicle: Chronicle) -> list[Logged]:
    """The judgements on a team up to its verdict, less those of judges with a conflict of interest.

    Raises:
        NotOpenError: somebody has a conflict with the team, and it is not known whose a judgement is.
    """
    stage_id, team = verdict.fields.text("stage_id"), verdict.fields.text("team_id")

    def about(event_type: str) -> list[Logged]:
        found = chronicle.of_stage(event_type, stage_id)
        return [e for e in found if e.fields.text("team_id") == team and e.entry.time <= verdict.entry.time]

    judged = [e for e in about(told.GATE_JUDGEMENT_RECORDED) if e.fields.text("gate") == verdict.fields.text("gate")]
    barred = {e.fields.text("judge_id") for e in about(told.GATE_CONFLICT_RECORDED)} if judged else set()
    return [e for e in judged if not barred or e.fields.text("judge_id") not in barred]

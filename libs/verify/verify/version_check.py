"""The versions of a decision: each follows from the log as of then, and each tells truly what it changed.

A version that a later one took the place of has no documents in an export. The log has all that they were made of, so
that they are made again: its inputs have the hash that was logged, and give the decision that was.

Source: design page "Selection and notary", "Objections": a re-decision supersedes and shows the difference
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import rules
from rules.violations import DocumentRefusedError

from verify import canonical, layout, told
from verify.chronicle import version_number
from verify.compared import used_comparisons
from verify.consequence_check import check_consequences
from verify.counted import Counted, override_of, version_of
from verify.fields import NotOpenError
from verify.findings import Pending
from verify.override_check import OVERRIDDEN, check_outcome, check_override, check_overrides, overridden
from verify.parting import partings
from verify.version_difference import Version, difference
from verify.window_check import check_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.chronicle import Chronicle, Logged
    from verify.counted import Cell
    from verify.findings import Report


UNDECIDABLE = (DocumentRefusedError, rules.InputsIncompleteError)


class NotRebuiltError(Exception):
    """What a version was computed from cannot be told from the log any more."""


class PartedError(Exception):
    """A version is not what the log gives."""


@dataclass(frozen=True, slots=True)
class Made:
    """The final version, and what it was made of."""

    rule_set: rules.RuleSet
    inputs: rules.Inputs
    decision: rules.Decision
    final: Logged


def check_versions(made: Made, chronicle: Chronicle, report: Report) -> None:
    """Note every earlier version that does not follow from the log, and every change of versions told wrong."""
    stage_id, decided = made.final.fields.text("stage_id"), version_of(made.final, chronicle)
    versions = {version_number(decided): Version(made.inputs, made.decision, override_of(decided))}
    used: dict[Cell, object] = {(s.source, s.assessor, s.team, s.criterion): s.value for s in made.inputs.scores()}
    names = Counted(stage_id, made.rule_set, decided, chronicle).names(used)
    for event in chronicle.of_stage(told.DECISION_PROVISIONAL, stage_id):
        number = version_number(event)
        if event.index >= decided.index:
            continue
        try:
            versions[number] = _again(event, names, made, chronicle)
        except (NotOpenError, NotRebuiltError) as error:
            report.not_verified[f"{stage_id}, version {number}"] = str(error)
        except UNDECIDABLE as error:
            rule = f"version {number} of the decision of stage {stage_id} cannot be computed again: {error}"
            report.add(*layout.entry_place(event.index), rule)
        except PartedError as error:
            report.add(
                *layout.entry_place(event.index), f"version {number} of the decision of stage {stage_id} {error}"
            )
        else:
            _note_again(event, versions[number], chronicle, report)
    for event in chronicle.of_stage(told.DECISION_FINALIZED, stage_id):
        if event.index < made.final.index and version_number(event) in versions:
            version = versions[version_number(event)]
            check_overrides(event, version.decision, chronicle, report)
            check_consequences(event, made.rule_set, chronicle, report)
            check_window(event, made.rule_set, version.inputs.entrants, chronicle, report)
            check_outcome(event, version.decision, layout.entry_place(event.index), report)
    for place, rule, absent in _wrongly_told(decided, made.final, versions, chronicle):
        report.add(*layout.entry_place(place.index), rule, absent=absent)


def check_pending(chronicle: Chronicle, report: Report) -> None:
    """Say which versions are not final yet; noted where one is no later version than the final one, or another's."""
    final = chronicle.final_decisions()
    for stage_id, events in sorted(chronicle.pending_decisions().items()):
        counts = version_number(final[stage_id]) if stage_id in final else None
        before = counts or 0
        for event in events:
            number = version_number(event)
            if number <= before:
                rule = f"version {number} of the decision of stage {stage_id} is in the log after version {before}"
                report.add(*layout.entry_place(event.index), rule)
            before = max(before, number)
        newest = events[-1]
        report.pending[stage_id] = Pending(version_number(newest), newest.index, newest.entry.time, counts)


def _note_again(event: Logged, version: Version, chronicle: Chronicle, report: Report) -> None:
    """Note that a version is the same again; where officers decided in its place, who they are, if lawfully."""
    stage_id, number, before = event.fields.text("stage_id"), version_number(event), len(report.findings)
    if version.override is None:
        report.superseded.append((stage_id, number))
        return
    check_override(version.override, event, version.decision, chronicle, report)
    if len(report.findings) == before:
        report.overridden[f"{stage_id}, version {number}"] = overridden(version.override)


def _again(event: Logged, names: Mapping[int, str], made: Made, chronicle: Chronicle) -> Version:
    """A version, made again from the log.

    Raises:
        NotOpenError: something of it is sealed.
        NotRebuiltError: it was made of sheets whose assessors' names are gone.
        PartedError: it is another one.
        DocumentRefusedError, InputsIncompleteError: it cannot be computed.
    """
    counted = Counted(event.fields.text("stage_id"), made.rule_set, event, chronicle)
    wanted = event.fields.text("inputs_sha256")
    if event.fields.text("rule_set_sha256") != made.final.fields.text("rule_set_sha256"):
        raise PartedError("was made by other rules than the final one")
    # The seed of a lot may have been revealed between two versions.
    for seed in dict.fromkeys((made.inputs.seed, None)):
        inputs = counted.inputs(names, seed, used_comparisons(made.inputs.comparisons))
        if inputs.sha256() == wanted:
            break
    else:
        if any(sheet.who is None for sheet in counted.sheets()):
            raise NotRebuiltError(
                "the names of assessors are sealed or erased, and it is not known which sheet is whose"
            )
        raise PartedError("has other inputs than the log gives")
    decision = rules.decide(made.rule_set, inputs)
    logged = (event.fields.blob("decision_json"), event.fields.text("decision_sha256"))
    if (decision.canonical_bytes(), decision.sha256()) != logged:
        raise PartedError("is not what its rule set and inputs give")
    return Version(inputs, decision, override_of(event))


def _wrongly_told(
    decided: Logged, final: Logged, versions: Mapping[int, Version], chronicle: Chronicle
) -> Iterator[tuple[Logged, str, bool]]:
    """What the log tells wrong of how versions followed each other: where, in words, whether something is lacking."""
    stage_id = final.fields.text("stage_id")
    provisional = [e for e in chronicle.of_stage(told.DECISION_PROVISIONAL, stage_id) if e.index <= decided.index]
    superseded = [e for e in chronicle.of_stage(told.DECISION_SUPERSEDED, stage_id) if e.index < final.index]
    yield from _miscounted(decided, provisional, superseded)
    last = version_number(decided)
    for event in superseded:
        if not event.fields.text("reason").strip():
            yield event, f"stage {stage_id} was decided again without a reason", False
        old, new = event.fields.integer("old_version"), event.fields.integer("version")
        if (
            new in versions
            and (override := versions[new].override)
            and override.text("reason") != event.fields.text("reason")
        ):
            yield event, f"version {new} of stage {stage_id} has another reason than the override that it is", False
        if not 1 < new <= last or old != new - 1:
            yield event, f"version {new} of stage {stage_id} took the place of {old}, and {last} became final", False
        elif old in versions and new in versions:
            for rule in _parted(event, versions[old], versions[new]):
                yield event, f"version {new} of stage {stage_id}: {rule}", False


def _miscounted(
    decided: Logged, provisional: Sequence[Logged], superseded: Sequence[Logged]
) -> Iterator[tuple[Logged, str, bool]]:
    """Versions that the log lacks or has twice, as `_wrongly_told` tells them."""
    stage_id, last = decided.fields.text("stage_id"), version_number(decided)
    numbers = Counter(map(version_number, provisional))
    changed = Counter(event.fields.integer("version") for event in superseded)
    # Never counted through up to the last: that is what somebody wrote.
    if len(numbers) < last:
        rule = f"version {last} of the decision of stage {stage_id} became final, and the log has {len(numbers)}"
        yield decided, rule, True
    for number in sorted(numbers):
        if numbers[number] > 1:
            yield decided, f"version {number} of the decision of stage {stage_id} is in the log twice", False
        if number > 1 and not changed[number]:
            yield decided, f"the log does not say what version {number} of stage {stage_id} changed", True
        elif changed[number] > 1:
            yield decided, f"what version {number} of stage {stage_id} changed is in the log twice", False


def _parted(event: Logged, old: Version, new: Version) -> Iterator[str]:
    """Where an event tells another difference than two versions have."""
    if (event.fields.text("cause") == OVERRIDDEN) != (new.override is not None):
        cause = event.fields.text("cause")
        yield (
            f"its cause is said to be {cause!r}, and it was computed"
            if new.override is None
            else f"its cause is said to be {cause!r}, and it was decided by officers"
        )
    for name, version in (("old_decision_sha256", old), ("decision_sha256", new)):
        if event.fields.text(name) != version.decision.sha256():
            yield f"{name} is that of another decision"
    try:
        said = canonical.parse(event.fields.blob("difference_json"))
    except canonical.NotCanonicalError as error:
        yield f"what differs cannot be read: {error}"
        return
    for each in partings(difference(old, new), said):
        yield f"what differs, {each.place}: {each}"

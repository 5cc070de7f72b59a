"""Logs of a stage that is decided in versions, told as selection tells it: corrections, overrides, changed rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import rules
from dokpamo.selection.v1 import events_pb2 as selection
from selection.domain import consequences, events
from selection.domain.events import DecisionRecord
from selection.domain.override import Override
from selection.domain.versions import NO_CORRECTIONS, Corrections, difference
from selection.wire.messages import override_message
from selection.wire.telling import event_message
from verify.check import check
from verify.export import write

from tests.builders.public_record import (
    RULE_SET,
    STAGE,
    LogBuilder,
    decided_record,
    freeze,
    open_stage,
    publish,
    release,
    scored,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from verify.export import Record
    from verify.findings import Report

Cell = tuple[str, str, str, str]


def opened() -> LogBuilder:
    """A stage that has opened under rules that were frozen before."""
    log = LogBuilder()
    publish(log)
    freeze(log)
    open_stage(log)
    return log


def read_as(inputs: rules.Inputs, corrections: Corrections) -> rules.Inputs:
    """The inputs as they are read with these corrections."""
    given: dict[Cell, rules.Score | rules.Measurement] = {
        **{(s.source, s.assessor, s.team, s.criterion): s for s in inputs.scores()},
        **{(m.source, "", m.team, m.criterion): m for m in inputs.measurements},
    }
    for each in corrections.scores:
        source, who, team, criterion = each.cell
        given.pop(each.cell, None)
        if each.value is not None and who:
            given[each.cell] = rules.Score(source, who, team, criterion, each.value, each.provenance)
        elif each.value is not None:
            given[each.cell] = rules.Measurement(source, team, criterion, each.value, each.provenance)
    verdicts = {(v.gate, v.team): v for v in (*inputs.verdicts, *corrections.verdicts)}
    return rules.collect(
        STAGE,
        inputs.entrants,
        scores=[each for each in given.values() if isinstance(each, rules.Score)],
        measurements=[each for each in given.values() if isinstance(each, rules.Measurement)],
        verdicts=verdicts.values(),
    )


@dataclass
class Versions:
    """The versions of a stage's decision, each told to the log when it is made."""

    log: LogBuilder = field(default_factory=opened)
    rule_set: rules.RuleSet = RULE_SET
    made: list[DecisionRecord] = field(default_factory=list)

    def decide(self) -> DecisionRecord:
        """The first version, from what was handed in."""
        return self._told(self._record(scored(self.log), 1))

    def redecide(self, corrections: Corrections, *, told: Corrections | None = None) -> DecisionRecord:
        """Another version, with corrections; `told` are those that the log is told of, if they are others."""
        old = self.made[-1]
        new = self._record(read_as(rules.inputs_from_json(old.inputs), corrections), old.version + 1)
        new = replace(new, reason="the values were wrong", cause="correction", corrections=corrections)
        return self._supersede(old, new, told)

    def override(self, advanced: Iterable[str], by: str = "kim", confirmed_by: str = "lee") -> DecisionRecord:
        """Another version, in which officers let these teams go on."""
        old = self.made[-1]
        proposed = Override(
            f"{STAGE}-override-1", old.version, old.sha256, tuple(advanced), "a court said so", ("ruling 7",), by
        )
        self.log.add(selection.OverrideProposed(stage_id=STAGE, override=override_message(proposed)))
        new = replace(
            old,
            version=old.version + 1,
            reason=proposed.reason,
            cause="override",
            cause_id=proposed.id,
            override=replace(proposed, confirmed_by=confirmed_by),
            corrections=NO_CORRECTIONS,
        )
        return self._supersede(old, new, None)

    def finalize(self, **said: object) -> None:
        """The last version becomes final and is released; `said` are fields of the event that say something else."""
        record = self.made[-1]
        losses = consequences.losses(record.advanced, record.computed, self.rule_set)
        message = event_message(
            events.DecisionFinalized(record, record.advanced, losses, awards=(), closed_early=False)
        )
        assert isinstance(message, selection.DecisionFinalized)
        for name, value in said.items():
            message.ClearField(name)  # type: ignore[arg-type] # a name of the message
            message.MergeFrom(selection.DecisionFinalized(**{name: value}))  # type: ignore[arg-type]
        self.log.add(message)
        release(self.log, record.sha256)

    def record(self, rule_sets: Mapping[str, bytes] | None = None) -> Record:
        """The public record, with the documents of the last version."""
        last = self.made[-1]
        found = decided_record(self.log, rules.inputs_from_json(last.inputs), last.computed)
        return replace(found, rule_sets=rule_sets) if rule_sets else found

    def _record(self, inputs: rules.Inputs, version: int) -> DecisionRecord:
        decision = rules.decide(self.rule_set, inputs)
        return DecisionRecord(
            STAGE,
            rules.sha256_of(self.rule_set),
            inputs.sha256(),
            inputs.canonical_bytes(),
            decision.sha256(),
            decision.canonical_bytes(),
            version,
        )

    def _supersede(self, old: DecisionRecord, new: DecisionRecord, told: Corrections | None) -> DecisionRecord:
        new = replace(new, difference=difference(old, new))
        said = new if told is None else replace(new, corrections=told)
        self.log.add(event_message(events.DecisionSuperseded(old, said)))
        return self._told(new)

    def _told(self, record: DecisionRecord) -> DecisionRecord:
        self.made.append(record)
        provisional = selection.DecisionProvisional(
            stage_id=STAGE,
            rule_set_sha256=record.rule_set_sha256,
            inputs_sha256=record.inputs_sha256,
            decision_sha256=record.sha256,
            decision_json=record.document,
            version=record.version,
            override=override_message(record.override),
        )
        self.log.add_decision(provisional, self.rule_set)
        return record


def report_of(record: Record, folder: Path) -> Report:
    """What a check says of a record."""
    write(record, folder / "export")
    return check(folder / "export")


def rules_with(consent: str, version: int) -> rules.RuleSet:
    """A version of the stage's rules that demands this consent for the next one."""
    document = rules.read_yaml(rules.canonical_bytes(RULE_SET).decode())
    assert isinstance(document, dict)
    return rules.load_rule_set(
        rules.canonical_json(document | {"version": version, "changes": {"consent": consent}}).decode()
    )

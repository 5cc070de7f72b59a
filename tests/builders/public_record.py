"""A small public record, made without a server: one call, one stage with sheets, measurements and a gate."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

import rules
from common.events import route
from common.received import Received
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dokpamo.evaluation.v1 import events_pb2 as evaluation
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from dokpamo.intake.v1 import events_pb2 as intake
from dokpamo.intake.v1 import service_pb2 as intake_api
from dokpamo.selection.v1 import events_pb2 as selection
from notary.domain.sealing import Arrived, Recorded, sealed
from notary.wire import arrived_of
from rules import dates
from verify import canonical, layout
from verify.check import check
from verify.checkpoint import sign_checkpoint
from verify.chronicle import Chronicle
from verify.export import DecisionDocuments, Opened, Receipt, Record, write
from verify.head import SignedTreeHead, TreeHead, log_id, raw_public_key, sign
from verify.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

    from google.protobuf.message import Message
    from verify.entry import Entry

START = datetime(2026, 1, 10, 1, 0, tzinfo=UTC)
STAGE = "trial"
TEAMS = ("alpha", "beta", "gamma")
ASSESSORS = ("kim", "lee", "park")

RULES = """
format: dokpamo/rule-set/1
id: trial-rules
version: 1
stage: trial
title: {ko: 시범 평가, en: Trial}
zone: Asia/Seoul
dates:
  published: 2026-01-10T10:00:00+09:00
  opens: 2026-01-11T10:00:00+09:00
  closes: 2026-01-12T18:00:00+09:00
  decides: 2026-01-13T10:00:00+09:00
seats: {planned: 2, minimum: 1, maximum: 2}
eligibility: {newcomers_may_apply: true}
points: 100
rounding: {mode: half-up, digits: 1}
sources:
  - kind: sheets
    id: panel
    title: {ko: 평가위원, en: Panel}
    provider: panel
    panel: {planned: 3, minimum: 2}
    criteria:
      - {id: plan, title: {ko: 계획, en: Plan}, minimum: 0, maximum: 60}
  - kind: measurements
    id: bench
    title: {ko: 벤치마크, en: Benchmark}
    provider: testing-body
    criteria:
      - {id: accuracy, title: {ko: 정확도, en: Accuracy}, minimum: 0, maximum: 100, digits: 1}
parts:
  - id: plan
    title: {ko: 계획, en: Plan}
    points: 60
    source: panel
    steps:
      - {operator: sum, over: criteria}
      - {operator: mean, over: assessors}
      - {operator: round, digits: 1}
  - id: bench
    title: {ko: 벤치마크, en: Benchmark}
    points: 40
    source: bench
    steps:
      - {operator: sum, over: criteria}
      - {operator: linear, points: 40, scale: 100}
      - {operator: round, digits: 1}
gates:
  - {kind: verdict, id: originality, title: {ko: 독자성, en: Originality}, quorum: 1, lifts: false}
procedure:
  - {step: rank}
  - {step: cut, keep: planned}
  - {step: gate, gate: originality}
ties:
  - {by: part, part: bench}
  - {by: lot, seed_sha256: ab9b878b620843fc1cebe51eebbbdd705c2655495ad5d04e3954d7bd9c2c6e27}
objections: {days: 10, early_close: all-parties-waive}
disclosure:
  policies:
    - id: means
      title: {ko: 평균, en: Means}
      when: {after: decision}
      audiences:
        - {audience: public, shows: [{figure: ranks}, {figure: mean, of: [plan, total], digits: 2}]}
        - {audience: team, shows: [{figure: own-points}, {figure: own-sheet}]}
consequences:
  elimination: {forfeits: [gpu], keeps: []}
changes: {consent: none-before-opening}
"""


@dataclass
class LogBuilder:
    """Events as the notary would log them, in order."""

    now: datetime = START
    leaves: list[bytes] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    recorded: list[Recorded] = field(default_factory=list)
    salts: int = 0

    def add(self, message: Message, *, topic: str = "", payload: bytes | None = None) -> Entry:
        """Log an event, one minute after the one before."""
        self.now += timedelta(minutes=1)
        number = len(self.leaves)
        service = message.DESCRIPTOR.full_name.split(".")[1]
        received = Received(
            id=UUID(int=number + 1),
            type=message.DESCRIPTOR.full_name,
            source=f"/dokpamo/{service}",
            key="key",
            time=self.now,
            actor="staff:한",
            message=None,
            topic=topic or route(message.DESCRIPTOR, service).topic,
            partition=0,
            offset=number,
            payload=message.SerializeToString(deterministic=True) if payload is None else payload,
            headers={},
        )
        self.arrived.append(arrived_of(received))
        recorded = sealed(self.arrived[-1], self._salt)
        self.leaves.append(recorded.entry.encode())
        self.recorded.append(recorded)
        return recorded.entry

    def add_decision(self, decided: selection.DecisionProvisional, rule_set: rules.RuleSet) -> datetime:
        """Log a decision with the objection window of its rule set, and let it pass; return its end."""
        decided_at = self.now + timedelta(minutes=1)
        end = dates.objection_end(decided_at, rule_set.objections.days, rule_set.zone)
        decided.final_at.FromDatetime(end)
        self.add(decided)
        self.now = max(self.now, end)
        return end

    def _salt(self) -> bytes:
        """Another one each time, and the same ones for the same log."""
        self.salts += 1
        return sha256(f"salt {self.salts}".encode()).digest()

    def chronicle(self) -> Chronicle:
        """What a check reads of the log once everything is open."""
        chronicle = Chronicle()
        for index, recorded in enumerate(self.recorded):
            chronicle.add(index, recorded.entry, recorded.openings)
        return chronicle

    def openings(self) -> list[Opened]:
        """What opens the sealed values, whatever their state."""
        return [
            Opened(index, path, opening)
            for index, recorded in enumerate(self.recorded)
            for path, opening in recorded.openings.items()
        ]

    def released(self) -> list[Opened]:
        """What opens the sealed values whose embargo has ended."""
        ended = {recorded.ends for recorded in self.recorded} - {None}
        return [
            opened
            for opened in self.openings()
            if self.recorded[opened.index].entry.sealed[opened.path].seal_class.opens_by_itself
            and self.recorded[opened.index].embargo in ended
        ]


def private_key(seed: int = 7) -> Ed25519PrivateKey:
    """A key that is the same each time."""
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def heads_over(leaves: list[bytes], sizes: list[int], key: Ed25519PrivateKey) -> list[SignedTreeHead]:
    """Signed heads of a log at these sizes."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return [
        sign(TreeHead(log_id(key.public_key()), size, tree.root(size), START + timedelta(minutes=size)), key)
        for size in sizes
    ]


def record_of(log: LogBuilder, key: Ed25519PrivateKey, sizes: list[int] | None = None) -> Record:
    """A record of this log without any document."""
    total = len(log.leaves)
    heads = heads_over(log.leaves, sizes or [total // 2, total], key)
    return Record(
        public_key=raw_public_key(key.public_key()),
        log_id=log_id(key.public_key()),
        heads=heads,
        entries=tuple(log.leaves),
        rule_sets={},
        decisions={},
        receipts=(),
        checkpoint=sign_checkpoint(heads[-1].head, key).encode(),
        openings=log.released(),
    )


def leaves_of(record: Record) -> list[bytes]:
    """The entries of a record that are not withheld."""
    return [entry for entry in record.entries if isinstance(entry, bytes)]


def submit(log: LogBuilder, team: str) -> Receipt:
    """An application, with its receipt."""
    document = canonical.encode({"application_id": f"call/{team}", "plan": "별"})
    receipt = intake_api.Receipt(
        application_id=f"call/{team}",
        version=1,
        application_sha256=canonical.sha256_hex(document),
        application_json=document,
    )
    received_at = log.now.replace(microsecond=123456)
    receipt.received_at.FromDatetime(received_at)
    event = log.add(intake.ApplicationSubmitted(application_id=f"call/{team}", receipt=receipt))
    return Receipt(f"call/{team}", 1, receipt.application_sha256, received_at, event.event_id)


def scored(log: LogBuilder) -> rules.Inputs:
    """Sheets, measurements and a verdict, as events and as the inputs they give."""
    scores = [rules.Score("panel", who, team, "plan", Decimal(40 + 3 * i + j)) for i, team in enumerate(TEAMS)
              for j, who in enumerate(ASSESSORS)]  # fmt: skip
    for who in ASSESSORS:
        rows = [
            ScoreRow(team_id=s.team, criterion=s.criterion, value=f"{s.value}") for s in scores if s.assessor == who
        ]
        log.add(evaluation.ScoreSheetSubmitted(sheet_id=f"{STAGE}/panel/{who}", stage_id=STAGE, source_id="panel",
                                               assessor_id=who, rows=rows))  # fmt: skip
    measured = [rules.Measurement("bench", team, "accuracy", Decimal("61.5")) for team in TEAMS]
    rows = [ScoreRow(team_id=m.team, criterion=m.criterion, value=f"{m.value}") for m in measured]
    log.add(evaluation.MeasurementsRecorded(stage_id=STAGE, source_id="bench", rows=rows))
    verdicts = []
    for team in TEAMS:
        passed = team != "beta"
        reason = "own weights" if passed else "encoder of another model"
        log.add(selection.GateVerdictRecorded(stage_id=STAGE, team_id=team, gate="originality", passed=passed,
                                              reason=reason, evidence=["report"], judged_by=3))  # fmt: skip
        verdicts.append(rules.Verdict("originality", team, passed, reason, ("report",), 3))
    return rules.collect(STAGE, TEAMS, scores=scores, measurements=measured, verdicts=verdicts)


RULE_SET = rules.load_rule_set(RULES)
RULES_JSON, RULES_SHA256 = rules.canonical_bytes(RULE_SET), rules.sha256_of(RULE_SET)


def publish(log: LogBuilder) -> None:
    """The rule set is published."""
    log.add(
        selection.RuleSetPublished(
            rule_set_sha256=RULES_SHA256, rule_set_id="trial-rules", version=1, stage_id=STAGE, rule_set_json=RULES_JSON
        )
    )


def freeze(log: LogBuilder) -> None:
    """The rule set is frozen."""
    log.add(selection.RuleSetFrozen(rule_set_sha256=RULES_SHA256, stage_id=STAGE))


def open_stage(log: LogBuilder, teams: tuple[str, ...] = TEAMS) -> None:
    """The stage opens for these teams."""
    log.add(selection.StageOpened(stage_id=STAGE, rule_set_sha256=RULES_SHA256, team_ids=teams))


def decide(log: LogBuilder, inputs: rules.Inputs) -> rules.Decision:
    """The stage is decided, and the decision becomes final and is released."""
    decision = rules.decide(RULE_SET, inputs)
    tell(log, inputs, decision)
    return decision


def tell(log: LogBuilder, inputs: rules.Inputs, decision: rules.Decision) -> None:
    """The events of a decision, whatever it is."""
    ours, decided = inputs.sha256(), decision.sha256()
    provisional = selection.DecisionProvisional(
        stage_id=STAGE,
        rule_set_sha256=RULES_SHA256,
        inputs_sha256=ours,
        decision_sha256=decided,
        decision_json=decision.canonical_bytes(),
    )
    log.add_decision(provisional, RULE_SET)
    log.add(
        selection.DecisionFinalized(
            stage_id=STAGE,
            rule_set_sha256=RULES_SHA256,
            inputs_sha256=ours,
            decision_sha256=decided,
            advanced=decision.advanced,
            eliminated=[
                selection.Elimination(team_id=e.team, reason=e.reason, gate=e.gate or "", forfeits=["gpu"])
                for e in decision.eliminated
            ],
        )
    )
    release(log, decided)


def release(log: LogBuilder, decision_sha256: str) -> None:
    """Results are released; and the notary hears now, from another topic, of the call that the teams had come by."""
    log.add(selection.ResultsReleased(stage_id=STAGE, decision_sha256=decision_sha256))
    if not any(b"CallClosed" in leaf for leaf in log.leaves):
        now, log.now = log.now, START - timedelta(minutes=1)
        log.add(intake.CallClosed(call_id="call", team_ids=TEAMS))
        log.now = now


def decided_record(log: LogBuilder, inputs: rules.Inputs, decision: rules.Decision) -> Record:
    """The record of a log with the rule set and one decision."""
    return replace(
        record_of(log, private_key()),
        rule_sets={RULES_SHA256: RULES_JSON},
        decisions={STAGE: DecisionDocuments(inputs.canonical_bytes(), decision.canonical_bytes())},
    )


def small_record(key: Ed25519PrivateKey | None = None) -> Record:
    """A whole record that holds: three receipts, one rule set, one decision, three heads."""
    log = LogBuilder()
    receipts = [submit(log, team) for team in TEAMS]
    publish(log)
    freeze(log)
    open_stage(log)
    inputs = scored(log)
    decision = decide(log, inputs)
    signed = record_of(log, key or private_key(), [3, 9, len(log.leaves)])
    return replace(
        decided_record(log, inputs, decision),
        public_key=signed.public_key,
        log_id=signed.log_id,
        heads=signed.heads,
        checkpoint=signed.checkpoint,
        receipts=receipts,
    )


def places(folder: Path, *, fingerprint: str | None = None) -> list[str]:
    """What a check of a folder finds, each as text."""
    return [str(finding) for finding in check(folder, fingerprint=fingerprint).findings]


def found_in(record: Record, folder: Path) -> list[str]:
    """What a check of a record finds, written to a folder first."""
    write(record, folder / "export")
    return places(folder / "export")


def manifest_again(folder: Path) -> None:
    """List the files anew, as somebody would who changed one and knows the format, but has no key."""
    manifest = json.loads((folder / layout.MANIFEST).read_bytes())
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    manifest["files"] = [
        {
            "path": path,
            "sha256": canonical.sha256_hex((folder / path).read_bytes()),
            "size": (folder / path).stat().st_size,
        }
        for path in files
        if path != layout.MANIFEST
    ]
    (folder / layout.MANIFEST).write_bytes(canonical.encode(manifest))

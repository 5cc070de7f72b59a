"""Objections and cases → messages: whole, as their team may see them, or as anybody may."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from common.instants import stamp
from common.provenance import value_of
from dokpamo.selection.v1 import objections_pb2 as pb

from selection.domain.objection_grounds import GROUNDS
from selection.domain.objection_panel import dissents
from selection.domain.objection_proceeding import UNHEARD, Remedy
from selection.domain.versions import NO_CORRECTIONS
from selection.wire.messages import score_change_messages, verdict_change_messages, wait_messages

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from selection.domain.objection_panel import Finding
    from selection.domain.objection_proceeding import EvidenceItem, Proceeding
    from selection.domain.objection_remedy import FreshJudgement, FreshScoring, FreshValue
    from selection.domain.versions import Corrections

REMEDIES: Final = {
    Remedy.UPHOLD: pb.REMEDY_UPHOLD,
    Remedy.RECOMPUTE: pb.REMEDY_RECOMPUTE,
    Remedy.RESCORE: pb.REMEDY_RESCORE,
    Remedy.NOTE: pb.REMEDY_NOTE,
}


class Sight(Enum):
    """How much of a proceeding a reader may see."""

    PUBLIC = "public"
    PARTY = "party"
    PANEL = "panel"
    WHOLE = "whole"


class Step(Protocol):
    """A step of a proceeding as it is kept. Instants are UTC."""

    @property
    def sequence(self) -> int:
        """Its place."""

    @property
    def step(self) -> str:
        """What happened."""

    @property
    def state(self) -> str:
        """The state since then."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def actor(self) -> str:
        """Who caused it."""

    @property
    def due(self) -> datetime | None:
        """Until when the state may last."""


def remedy_number(remedy: Remedy | None) -> pb.Remedy.ValueType:
    """Return what a panel found as the contract numbers it."""
    return pb.REMEDY_UNSPECIFIED if remedy is None else REMEDIES[remedy]


def ground_messages() -> list[pb.Ground]:
    """Return the closed list of grounds as it travels."""
    return [
        pb.Ground(
            ground=each.code,
            kind=each.kind.value,
            title_ko=each.title_ko,
            title_en=each.title_en,
            source=each.source,
        )
        for each in GROUNDS
    ]


def proceeding_message(
    found: Proceeding, sight: Sight, reader: str = "", *, values: bool = False, steps: Iterable[Step] = ()
) -> pb.Proceeding:
    """Return a proceeding as `reader` may see it, with corrected `values` where the decision's are open to him.

    Until the panel has found, nobody but staff and auditors sees what members find, and a member only his own: each
    finds by himself.
    """
    message = _open(found)
    if sight is Sight.PUBLIC:
        return message
    whole = sight is Sight.WHOLE
    shown = [each for each in found.findings if whole or found.state not in UNHEARD or each.member == reader]
    corrections = found.corrections or NO_CORRECTIONS
    message.MergeFrom(
        pb.Proceeding(
            team_id=found.team,
            statement=found.statement,
            filed_by=found.filed_by,
            admission_reason=found.admission_reason,
            reply=found.reply,
            replied_by=found.replied_by,
            evidence=[evidence_message(each) for each in found.evidence],
            member_ids=found.members,
            quorum=found.quorum,
            round=found.round,
            findings=[_finding_message(found, each) for each in shown],
            remedy_reason=found.remedy_reason,
            fresh=fresh_messages(found.fresh),
            difference_json=found.difference if values else b"",
            steps=[_step_message(each, named=whole) for each in steps],
            withdrawal_reason=found.withdrawal_reason,
        )
    )
    if sight is Sight.PARTY:
        for scoring in message.fresh:
            scoring.ClearField("scorer_ids")
    if values:
        message.corrections.extend(correction_messages(corrections, found.before))
        message.verdict_corrections.extend(verdict_correction_messages(corrections, found.before))
    return message


def correction_messages(corrections: Corrections, before: Iterable[tuple[str, str]]) -> list[pb.ValueCorrection]:
    """Return corrected values, old and new."""
    old = dict(before)
    return [
        pb.ValueCorrection(change=message, before=old.get("/".join(change.cell), ""))
        for change, message in zip(corrections.scores, score_change_messages(corrections.scores), strict=True)
    ]


def verdict_correction_messages(
    corrections: Corrections, before: Iterable[tuple[str, str]]
) -> list[pb.VerdictCorrection]:
    """Return corrected verdicts, old and new."""
    old = dict(before)
    found = []
    for message in verdict_change_messages(corrections.verdicts):
        was = old.get(f"{message.gate}/{message.team_id}", "")
        found.append(pb.VerdictCorrection(change=message, judged_before=was != "", passed_before=was == "passed"))
    return found


def fresh_messages(fresh: Iterable[FreshScoring]) -> list[pb.FreshScoring]:
    """Return what is scored again as it travels."""
    return [pb.FreshScoring(source_id=each.source, gate=each.gate, scorer_ids=each.scorers) for each in fresh]


def value_messages(values: Iterable[FreshValue]) -> list[pb.FreshValue]:
    """Return fresh values as they travel."""
    return [pb.FreshValue(team_id=each.team, criterion=each.criterion, value=f"{each.value:f}") for each in values]


def fresh_judgement_messages(judgements: Iterable[FreshJudgement]) -> list[pb.FreshJudgement]:
    """Return fresh judgements as they travel."""
    return [pb.FreshJudgement(team_id=each.team, passed=each.passed, reason=each.reason) for each in judgements]


def evidence_message(item: EvidenceItem) -> pb.ProceedingEvidence:
    """Return a piece of evidence as it travels."""
    return pb.ProceedingEvidence(
        number=item.number,
        party=item.party.value,
        reference=item.reference,
        sha256=item.sha256,
        size_bytes=item.size_bytes,
        description=item.description,
        added_by=item.added_by,
        added_at=stamp(item.added_at),
    )


def _open(found: Proceeding) -> pb.Proceeding:
    return pb.Proceeding(
        proceeding_id=found.id,
        kind=found.kind.value,
        stage_id=found.stage,
        number=found.number,
        ground=found.ground,
        decision_version=found.version,
        state=found.state.value,
        outcome=found.outcome.value if found.outcome else "",
        filed_at=stamp(found.filed_at),
        closed_at=stamp(found.closed_at),
        owner=found.owner,
        deadline=stamp(found.due),
        waits=wait_messages(found.waits),
        result_version=found.result_version,
        silent=found.silent,
        remedy=remedy_number(found.remedy),
        provenance=value_of(found.provenance.value),
    )


def _finding_message(found: Proceeding, finding: Finding) -> pb.MemberFinding:
    return pb.MemberFinding(
        round=finding.round,
        member_id=finding.member,
        remedy=REMEDIES[finding.remedy],
        reason=finding.reason,
        found_at=stamp(finding.found_at),
        dissents=dissents(found, finding),
    )


def _step_message(step: Step, *, named: bool) -> pb.ProceedingStep:
    return pb.ProceedingStep(
        sequence=step.sequence,
        step=step.step,
        state=step.state,
        at=stamp(step.at),
        actor=step.actor if named else "",
        deadline=stamp(step.due),
    )

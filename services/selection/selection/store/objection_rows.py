"""Rows of objections and cases as what selection means by them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rules import Provenance, Verdict

from selection.domain.objection_grounds import Kind
from selection.domain.objection_panel import Finding
from selection.domain.objection_proceeding import EvidenceItem, Outcome, Party, Proceeding, Remedy, State
from selection.domain.objection_remedy import FreshJudgement, FreshScoring, FreshSheet, FreshValue
from selection.domain.versions import Corrections, ScoreChange
from selection.domain.waits import Wait, WaitCode
from selection.store.rows import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncpg import Record

# Columns of the table `proceeding` that have the name and the shape of what is made of them.
_PLAIN: Final = (
    "id", "number", "ground", "version", "statement", "filed_by", "filed_at", "due", "admitted_by", "admission_reason",
    "reply_by", "reply", "replied_by", "silent", "round", "quorum", "remedy_reason", "withdrawal_reason", "closed_at",
    "result_version", "difference", "sequence",
)  # fmt: skip
_SHAPED: Final = (
    "kind", "stage_id", "team_id", "state", "members", "former", "remedy", "corrections", "before", "waits", "outcome",
    "provenance",
)  # fmt: skip
COLUMNS: Final = (*_PLAIN, *_SHAPED)


def proceeding_values(found: Proceeding) -> list[object]:
    """The values of a proceeding's columns, in their order."""
    return [
        *(getattr(found, name) for name in _PLAIN),
        found.kind.value,
        found.stage,
        found.team,
        found.state.value,
        list(found.members),
        list(found.former),
        found.remedy.value if found.remedy else None,
        _corrections_json(found.corrections) if found.corrections else None,
        dict(found.before),
        facts_of(found.waits),
        found.outcome.value if found.outcome else None,
        found.provenance.value,
    ]


def proceeding_of(row: Record, parts: Mapping[str, Sequence[Record]]) -> Proceeding:
    """The proceeding of a row with its `parts`: rows of its evidence, findings, fresh scorings and fresh sheets."""
    return Proceeding(
        **{name: row[name] for name in _PLAIN},
        kind=Kind(row["kind"]),
        stage=row["stage_id"],
        team=row["team_id"],
        state=State(row["state"]),
        members=tuple(row["members"]),
        former=tuple(row["former"]),
        remedy=Remedy(row["remedy"]) if row["remedy"] else None,
        corrections=_corrections_of(row["corrections"]) if row["corrections"] else None,
        before=tuple(sorted(row["before"].items())),
        waits=tuple(Wait(WaitCode(each["code"]), tuple(sorted(each["facts"].items()))) for each in row["waits"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        provenance=Provenance(row["provenance"]),
        evidence=tuple(_evidence_of(each) for each in parts["evidence"]),
        findings=tuple(_finding_of(each) for each in parts["finding"]),
        fresh=tuple(FreshScoring(each["source_id"], each["gate"], tuple(each["scorers"])) for each in parts["fresh"]),
        sheets=tuple(_sheet_of(each) for each in parts["fresh_sheet"]),
    )


def evidence_values(item: EvidenceItem) -> tuple[object, ...]:
    """The values of a piece of evidence, in the order of its columns."""
    return (
        item.number,
        item.party.value,
        item.reference,
        item.sha256,
        item.size_bytes,
        item.description,
        item.added_by,
        item.added_at,
    )


def finding_values(finding: Finding) -> tuple[object, ...]:
    """The values of a finding, in the order of its columns."""
    return (finding.round, finding.member, finding.remedy.value, finding.reason, finding.found_at)


def sheet_values(sheet: FreshSheet) -> tuple[object, ...]:
    """The values of a fresh sheet, in the order of its columns."""
    return (
        sheet.source,
        sheet.gate,
        sheet.scorer,
        [[each.team, each.criterion, str(each.value)] for each in sheet.values],
        [[each.team, each.passed, each.reason] for each in sheet.judgements],
        sheet.provenance.value,
    )


def _evidence_of(row: Record) -> EvidenceItem:
    return EvidenceItem(
        row["number"],
        Party(row["party"]),
        row["reference"],
        row["sha256"],
        row["size_bytes"],
        row["description"],
        row["added_by"],
        row["added_at"],
    )


def _finding_of(row: Record) -> Finding:
    return Finding(row["round"], row["member_id"], Remedy(row["remedy"]), row["reason"], row["found_at"])


def _sheet_of(row: Record) -> FreshSheet:
    return FreshSheet(
        row["source_id"],
        row["gate"],
        row["scorer_id"],
        tuple(FreshValue(team, criterion, Decimal(value)) for team, criterion, value in row["given"]),
        tuple(FreshJudgement(*each) for each in row["judgements"]),
        Provenance(row["provenance"]),
    )


def _corrections_json(corrections: Corrections) -> dict[str, Any]:
    return {
        "scores": [
            [*each.cell, None if each.value is None else str(each.value), each.provenance.value]
            for each in corrections.scores
        ],
        "verdicts": [
            [
                each.gate,
                each.team,
                each.passed,
                each.reason,
                list(each.evidence),
                each.judged_by,
                each.provenance.value,
            ]
            for each in corrections.verdicts
        ],
    }


def _corrections_of(found: Mapping[str, Any]) -> Corrections:
    return Corrections(
        tuple(
            ScoreChange(source, assessor, team, criterion, None if value is None else Decimal(value), Provenance(mark))
            for source, assessor, team, criterion, value, mark in found["scores"]
        ),
        tuple(
            Verdict(gate, team, passed, reason, tuple(evidence), number, Provenance(mark))
            for gate, team, passed, reason, evidence, number, mark in found["verdicts"]
        ),
    )

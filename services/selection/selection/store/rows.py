"""Rows of the tables as what selection means by them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rules import Comparison, Measurement, Provenance, Score, Verdict

from selection.domain.change import Change, ChangeState, Consent, ConsentRule
from selection.domain.eligibility import RefusedApplicant
from selection.domain.events import DecisionRecord
from selection.domain.gates import Judgement
from selection.domain.override import Override, Proposal, ProposalState
from selection.domain.rule_set import Draft, KeptRuleSet, RuleSetState
from selection.domain.stage import Stage, StageState
from selection.domain.trigger import Trigger
from selection.domain.versions import Corrections, ScoreChange
from selection.domain.waits import Wait, WaitCode
from selection.store.overriding import override_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from asyncpg import Record

# Columns in the order of what is made of them.
RULE_SET: Final = "sha256, id, version, stage_id, state, published_at, frozen_at, document, superseded_at"
DRAFT: Final = "id, document, violations, violation_count, saved_at, saved_by"
CHANGE: Final = (
    "id, stage_id, old_sha256, new_sha256, reason, proposed_by, proposed_at, consent, asked, state, closed_at"
)
CONSENT: Final = "team_id, agreed, evidence, recorded_by, by_team, recorded_at"
STAGE: Final = (
    "id, title_ko, title_en, rule_set_sha256, from_call, from_stages, opens_at, closes_at, decides_at, state, "
    "waits, entrants, refused, opened_at, final_at, change_id, reopens, sequence, decision_version, "
    "triggers, cancel_reason"
)
HISTORY: Final = f"{STAGE}, at, cause, actor"
DECISION: Final = (
    "stage_id, rule_set_sha256, inputs_sha256, inputs, sha256, document, version, reason, cause, cause_id, override, "
    "difference"
)
OVERRIDE: Final = "id, stage_id, version, advanced, reason, evidence, proposed_by, proposed_at, state, confirmed_by"


def kept_of(row: Record) -> KeptRuleSet:
    """The rule set of a row."""
    return KeptRuleSet(
        row["sha256"],
        row["id"],
        row["version"],
        row["stage_id"],
        RuleSetState(row["state"]),
        row["published_at"],
        row["frozen_at"],
        row["document"],
        row["superseded_at"],
    )


def draft_of(row: Record) -> Draft:
    """The draft of a row."""
    return Draft(**{name: row[name] for name in DRAFT.split(", ")})


def change_of(row: Record, consents: Iterable[Record]) -> Change:
    """The change of a row with what was said to it."""
    return Change(
        id=row["id"],
        stage=row["stage_id"],
        old_sha256=row["old_sha256"],
        new_sha256=row["new_sha256"],
        reason=row["reason"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        consent=ConsentRule(row["consent"]),
        asked=tuple(row["asked"]),
        consents=tuple(
            Consent(
                each["team_id"],
                each["agreed"],
                tuple(each["evidence"]),
                each["recorded_by"],
                each["by_team"],
                each["recorded_at"],
            )
            for each in consents
        ),
        state=ChangeState(row["state"]),
        closed_at=row["closed_at"],
    )


def facts_of(waits: Iterable[Wait]) -> list[dict[str, Any]]:
    """Reasons as JSON."""
    return [{"code": each.code.value, "facts": dict(each.facts)} for each in waits]


def stage_values(stage: Stage) -> list[object]:
    """The values of a stage's columns, in their order."""
    changed: dict[str, object] = {
        "from_stages": list(stage.from_stages),
        "entrants": list(stage.entrants),
        "state": stage.state.value,
        "waits": facts_of(stage.waits),
        "triggers": [
            {
                "id": each.id,
                "pipeline": each.pipeline,
                "arrived_at": each.arrived_at.isoformat() if each.arrived_at else None,
            }
            for each in stage.triggers
        ],
        "refused": [{"team": each.team, "code": each.code, "stage": each.stage} for each in stage.refused],
    }
    return [changed[name] if name in changed else getattr(stage, name) for name in STAGE.split(", ")]


def stage_of(row: Record) -> Stage:
    """The stage of a row, also of one of its history."""
    columns = {name: row[name] for name in STAGE.split(", ")}
    columns["from_stages"] = tuple(columns["from_stages"])
    columns["entrants"] = tuple(columns["entrants"])
    columns["state"] = StageState(columns["state"])
    columns["waits"] = tuple(
        Wait(WaitCode(each["code"]), tuple(sorted(each["facts"].items()))) for each in columns["waits"]
    )
    columns["refused"] = tuple(RefusedApplicant(**each) for each in columns["refused"])
    columns["triggers"] = tuple(_trigger_of(each) for each in columns["triggers"])
    return Stage(**columns)


def _trigger_of(kept: Mapping[str, str | None]) -> Trigger:
    arrived_at = kept["arrived_at"]
    return Trigger(kept["id"] or "", kept["pipeline"] or "", datetime.fromisoformat(arrived_at) if arrived_at else None)


def score_of(row: Record) -> Score:
    """The score of a row that names its assessor."""
    return Score(
        row["source_id"],
        row["assessor_id"],
        row["team_id"],
        row["criterion"],
        Decimal(row["value"]),
        Provenance(row["provenance"]),
    )


def measurement_of(row: Record) -> Measurement:
    """The measured value of a row that names none."""
    return Measurement(
        row["source_id"], row["team_id"], row["criterion"], Decimal(row["value"]), Provenance(row["provenance"])
    )


def given_of(row: Record) -> Score | Measurement:
    """The score or measured value of a row."""
    return score_of(row) if row["assessor_id"] else measurement_of(row)


def comparison_of(row: Record) -> Comparison:
    """The comparison of a row."""
    return Comparison(
        row["source_id"],
        row["assessor_id"],
        row["item"],
        row["first_team"],
        row["second_team"],
        row["winner"],
        Provenance(row["provenance"]),
    )


def verdict_of(row: Record) -> Verdict:
    """The verdict of a row."""
    return Verdict(
        row["gate"],
        row["team_id"],
        row["passed"],
        row["reason"],
        tuple(row["evidence"]),
        row["judged_by"],
        Provenance(row["provenance"]),
    )


def judgement_of(row: Record) -> Judgement:
    """The judgement of a row."""
    return Judgement(
        row["gate"],
        row["team_id"],
        row["judge_id"],
        row["passed"],
        row["reason"],
        tuple(row["evidence"]),
        Provenance(row["provenance"]),
    )


def decision_of(row: Record, corrections: Corrections | None = None) -> DecisionRecord:
    """The version of a decision of a row."""
    columns = {name: row[name] for name in DECISION.split(", ")}
    override = columns.pop("override")
    return DecisionRecord(
        stage=columns.pop("stage_id"),
        difference=columns.pop("difference") or b"",
        override=override_of(override) if override else None,
        corrections=corrections or Corrections(),
        **columns,
    )


def corrections_of(scores: Iterable[Record], verdicts: Iterable[Record]) -> Mapping[int, Corrections]:
    """What each version corrected."""
    changed: dict[int, list[ScoreChange]] = defaultdict(list)
    judged: dict[int, list[Verdict]] = defaultdict(list)
    for row in scores:
        value = None if row["value"] is None else Decimal(row["value"])
        mark = Provenance(row["provenance"])
        change = ScoreChange(row["source_id"], row["assessor_id"], row["team_id"], row["criterion"], value, mark)
        changed[row["version"]].append(change)
    for row in verdicts:
        judged[row["version"]].append(verdict_of(row))
    return {
        version: Corrections(tuple(changed.get(version, ())), tuple(judged.get(version, ())))
        for version in changed.keys() | judged.keys()
    }


def proposal_of(row: Record) -> Proposal:
    """The proposed override of a row that also has the hash of the decision beside it."""
    override = Override(
        row["id"],
        row["version"],
        row["sha256"],
        tuple(row["advanced"]),
        row["reason"],
        tuple(row["evidence"]),
        row["proposed_by"],
        row["confirmed_by"],
    )
    return Proposal(row["stage_id"], override, row["proposed_at"], ProposalState(row["state"]))

"""Rows of the tables as what selection means by them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rules import Measurement, Provenance, Score, Verdict

from selection.domain.rule_set import KeptRuleSet, RuleSetState
from selection.domain.stage import Stage, StageState

if TYPE_CHECKING:
    from asyncpg import Record

# Columns in the order of what is made of them.
RULE_SET: Final = "sha256, id, version, stage_id, state, published_at, frozen_at, document"
STAGE: Final = (
    "id, title_ko, title_en, rule_set_sha256, from_call, from_stages, opens_at, closes_at, decides_at, state, "
    "waits_for, entrants, opened_at, final_at"
)
DECISION: Final = "stage_id, rule_set_sha256, inputs_sha256, inputs, sha256, document"


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
    )


def stage_of(row: Record) -> Stage:
    """The stage of a row."""
    columns = dict(row)
    return Stage(
        **{name: columns[name] for name in STAGE.split(", ") if name not in {"from_stages", "entrants", "state"}},
        from_stages=tuple(columns["from_stages"]),
        entrants=tuple(columns["entrants"]),
        state=StageState(columns["state"]),
    )


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

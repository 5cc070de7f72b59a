"""What selection says of changed rules, a correction and an override, on a real PostgreSQL, holds for verify."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from client.sdk.public_record import decision_documents
from common.provenance import value_of
from dokpamo.evaluation.v1 import events_pb2 as evaluation
from dokpamo.evaluation.v1.service_pb2 import ScoreRow
from dokpamo.intake.v1.events_pb2 import CallClosed
from dokpamo.selection.v1.service_pb2 import GetRuleSetRequest
from google.protobuf import symbol_database
from rules import Provenance
from rules.exact import plain
from selection import handlers
from selection.domain.versions import Corrections, ScoreChange
from selection.store import PublicationStore
from verify.export import DecisionDocuments

from tests.builders.public_record import LogBuilder, private_key, record_of
from tests.builders.selection_cases import (
    STAGE_ONE_BY_CALL,
    Selection,
    decided_stage_one,
    inputs,
    opened,
    stage_one,
    version,
)
from tests.builders.selection_rpcs import served
from tests.builders.versions_record import report_of

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = inputs("stage-1")
DECIDES = datetime(2026, 1, 22, 6, tzinfo=UTC)
FINAL = DECIDES + timedelta(days=30)
POSTPONED = version(
    STAGE_ONE_BY_CALL, 3, closes="2026-01-20T18:00:00+09:00", decides="2026-01-22T15:00:00+09:00"
)  # fmt: skip
TURNED = replace(
    next(each for each in GIVEN.verdicts if each.team == "naver-cloud"), passed=True, reason="the encoder is its own"
)
MEASURED = ScoreChange("nia", "", "nc-ai", "hidden-set", Decimal("99.9"), Provenance.RECONSTRUCTED)


def sheets(log: LogBuilder, at: datetime) -> None:
    """What evaluation says that was handed in."""
    marks = {table.source: table.provenance for table in GIVEN.sheets}
    handed: dict[tuple[str, str], list[ScoreRow]] = {}
    for score in GIVEN.scores():
        row = ScoreRow(team_id=score.team, criterion=score.criterion, value=plain(score.value))
        handed.setdefault((score.source, score.assessor), []).append(row)
    told: list[Any] = [
        evaluation.ScoreSheetSubmitted(
            sheet_id=f"stage-1/{source}/{who}", stage_id="stage-1", source_id=source, assessor_id=who, rows=rows,
            provenance=value_of(marks[source]),
        )
        for (source, who), rows in handed.items()
    ]  # fmt: skip
    told += [
        evaluation.MeasurementsRecorded(
            stage_id="stage-1", source_id=each.source, provenance=value_of(each.provenance),
            rows=[ScoreRow(team_id=each.team, criterion=each.criterion, value=plain(each.value))],
        )
        for each in GIVEN.measurements
    ]  # fmt: skip
    for message in told:
        log.now = at - timedelta(minutes=1)
        log.add(message)


async def log_of(selection: Selection) -> LogBuilder:
    """All that selection has said, and evaluation's sheets before the first decision."""
    log = LogBuilder(now=datetime(2025, 7, 21, tzinfo=UTC))
    log.add(CallClosed(call_id="call", team_ids=GIVEN.entrants))
    async with selection.database.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT type, payload, topic, created_at FROM outbox ORDER BY seq")
    for row in rows:
        if row["type"].endswith("DecisionProvisional") and not any(
            b"ScoreSheetSubmitted" in leaf for leaf in log.leaves
        ):
            sheets(log, row["created_at"])
        kind = symbol_database.Default().GetSymbol(row["type"])
        log.now = row["created_at"] - timedelta(minutes=1)
        log.add(kind.FromString(row["payload"]), topic=row["topic"])
    return log


async def test_changed_rules_a_correction_and_an_override_hold(fresh_database_url: str, tmp_path: Path) -> None:
    async with opened(fresh_database_url) as selection:
        await stage_one(selection, GIVEN.entrants)
        second = await selection.freeze(POSTPONED)
        change = await selection.write(handlers.propose_change, "stage-1", second, "evaluation data come later")
        for team in GIVEN.entrants:
            await selection.write(
                handlers.record_consent, change.id, team, True, (), actor=f"member:{team}", by_team=True  # noqa: FBT003 - as the handler has it
            )  # fmt: skip
        await selection.give("stage-1", GIVEN)
        await selection.judge("stage-1", GIVEN)
        await selection.go_to(DECIDES)
        selection.clock.set(DECIDES + timedelta(days=1))
        corrections = Corrections((MEASURED,), (TURNED,))
        await selection.write(handlers.redecide, "stage-1", "wrong values", "correction", corrections=corrections)
        three = ["lg-ai-research", "sk-telecom", "nc-ai"]
        proposal = await selection.write(handlers.propose_override, "stage-1", three, "a court said so", ["ruling 7"])
        await selection.write(handlers.confirm_override, proposal.override.id, actor="lee")
        await selection.go_to(FINAL)
        await release(selection)
        kept = await selection.read("decision", "stage-1")
        log = await log_of(selection)
        rule_sets = {
            sha256: (await selection.read("rule_set", sha256)).document for sha256 in (second, change.old_sha256)
        }
    record = replace(
        record_of(log, private_key()),
        rule_sets=rule_sets,
        decisions={"stage-1": DecisionDocuments(kept.record.inputs, kept.record.document)},
    )
    report = report_of(record, tmp_path)
    assert [str(each) for each in report.findings] == []
    assert (report.not_verified, report.unreadable) == ({}, [])
    assert report.superseded == [("stage-1", 1), ("stage-1", 2)]
    assert {stage: (each.proposed_by, each.confirmed_by) for stage, each in report.overridden.items()} == {
        "stage-1": ("kim", "lee")
    }


async def test_a_stage_that_is_decided_again_is_exported_in_the_version_that_is_final(
    fresh_database_url: str, tmp_path: Path
) -> None:
    async with served(tmp_path, fresh_database_url) as at:
        selection = at.selection
        await decided_stage_one(selection)
        await selection.go_to(FINAL)
        await release(selection)
        final = await selection.read("decision", "stage-1")
        corrections = Corrections((MEASURED,), (TURNED,))
        await selection.write(handlers.redecide, "stage-1", "wrong values", "correction", corrections=corrections)
        log = await log_of(selection)
        anybody = await at.as_("SelectionService", "")
        kept = (await anybody.GetRuleSet(GetRuleSetRequest(rule_set_sha256=final.record.rule_set_sha256))).rule_set
        record = replace(
            record_of(log, private_key()),
            rule_sets={kept.rule_set_sha256: kept.rule_set_json},
            decisions=await decision_documents(anybody, log.leaves),
        )
    assert record.decisions == {"stage-1": DecisionDocuments(final.record.inputs, final.record.document)}
    report = report_of(record, tmp_path)
    assert [str(each) for each in report.findings] == []
    assert (report.decisions, report.not_verified) == (["stage-1"], {})
    assert (report.pending["stage-1"].version, report.pending["stage-1"].final_version) == (2, 1)


async def test_results_that_are_released_later_are_blind_until_then(fresh_database_url: str, tmp_path: Path) -> None:
    text = STAGE_ONE_BY_CALL.replace("\ndisclosure:\n", "\ndisclosure:\n  release: {after: final, days: 30}\n")
    assert text != STAGE_ONE_BY_CALL
    async with served(tmp_path, fresh_database_url) as at:
        selection = at.selection
        await decided_stage_one(selection, text)
        await selection.go_to(FINAL)
        anybody = await at.as_("SelectionService", "")
        decided = await selection.read("decision", "stage-1")
        rules = {
            decided.record.rule_set_sha256: (await selection.read("rule_set", decided.record.rule_set_sha256)).document
        }
        for instant, opened_then in ((FINAL, False), (decided.finalized_at + timedelta(days=30), True)):
            selection.clock.set(instant)
            await release(selection)
            log = await log_of(selection)
            assert (decided.record.sha256.encode() in b"".join(log.leaves)) is opened_then
            documents = await decision_documents(anybody, log.leaves)
            assert list(documents) == (["stage-1"] if opened_then else [])
            record = replace(record_of(log, private_key()), rule_sets=rules, decisions=documents)
            report = report_of(record, tmp_path / str(opened_then))
            assert [str(each) for each in report.findings] == []
            assert report.decisions == list(documents)
            assert list(report.not_verified) == ([] if opened_then else ["stage-1"])


async def release(selection: Selection) -> None:
    """Everything about stage 1 is opened to everybody, as it is due."""
    async with selection.database.transaction() as tx:
        await handlers.publish_due("stage-1/", PublicationStore(tx))

"""Protobuf → what the console shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from dokpamo.common.v1.provenance_pb2 import Provenance
from dokpamo.registry.v1.lineage_pb2 import LINEAGE_NODE_KIND_EXTERNAL

from console.domain.board import Outcome, Stage, Standing
from console.domain.facts import CandidateRatio, Check, Head, Integrity, Label, Ledger, Run, Scoring, Target, TeamName
from console.domain.lineage import Lineage, Link, Origin
from console.domain.proceedings import Proceeding
from console.domain.published import Figure, PartFigures, Published
from console.domain.released import Released
from console.domain.waiting import Wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dokpamo.evaluation.v1 import service_pb2 as evaluation
    from dokpamo.grants.v1 import service_pb2 as grants
    from dokpamo.intake.v1 import service_pb2 as intake
    from dokpamo.notary.v1 import service_pb2 as notary
    from dokpamo.registry.v1 import integrity_pb2 as registry_integrity
    from dokpamo.registry.v1 import lineage_pb2 as registry
    from dokpamo.registry.v1 import releases_pb2 as releases
    from dokpamo.selection.v1 import disclosure_pb2 as disclosure
    from dokpamo.selection.v1 import objections_pb2 as objections
    from dokpamo.selection.v1 import service_pb2 as selection
    from google.protobuf.timestamp_pb2 import Timestamp


def _instant(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def stage(message: selection.Stage) -> Stage:
    """A stage with its standings."""
    return Stage(
        stage_id=message.stage_id,
        title_ko=message.title_ko,
        title_en=message.title_en,
        state=message.state,
        opens_at=_instant(message.opens_at),
        decides_at=_instant(message.decides_at),
        final_at=_instant(message.final_at) if message.HasField("final_at") else None,
        waits=tuple(Wait(each.code, dict(each.facts)) for each in message.waits),
        rule_set_sha256=message.rule_set_sha256,
        decision_sha256=message.decision_sha256,
        standings=tuple(_standing(standing) for standing in message.standings),
    )


def _standing(message: selection.Standing) -> Standing:
    return Standing(
        team_id=message.team_id,
        total=message.total,
        rank=message.rank,
        outcome=cast("Outcome", message.outcome),
        reason=message.reason,
        gate=message.gate,
        parts=dict(message.parts),
        provenance=_provenance(message.provenance),
        part_provenances={part: _provenance(value) for part, value in message.part_provenances.items()},
    )


def published(message: disclosure.Publication) -> Published:
    """A publication as the public was shown it; a policy that shows the public nothing has no figures."""
    figures = json.loads(message.view_json)["figures"] if message.view_json else []
    reason = _reason(message.policy_json)
    summaries: dict[str, dict[str, Figure]] = {}
    for each in figures:
        if each["figure"] in {"best", "mean", "gap"}:
            number = Figure(each["value"], each["provenance"], tuple(each["teams"]))
            summaries.setdefault(each["part"], {})[each["figure"]] = number
    return Published(
        publication_id=message.publication_id,
        stage_id=message.stage_id,
        title_ko=message.title_ko,
        title_en=message.title_en,
        at=_instant(message.published_at),
        reason_ko=reason.get("ko", ""),
        reason_en=reason.get("en", ""),
        parts=tuple(PartFigures(part, **found) for part, found in summaries.items()),
        formulas=tuple(
            (each["part"], tuple(each["steps"])) for each in figures if each["figure"] == "formula" and each["steps"]
        ),
    )


def _reason(policy_json: bytes) -> Mapping[str, str]:
    """Why a policy shows more than an earlier one, in both languages; a reason in one text is that of both."""
    said = json.loads(policy_json).get("reason", "") if policy_json else ""
    return said if isinstance(said, dict) else {"ko": said, "en": said}


def ground(message: objections.Ground) -> Label:
    """A ground of objections or cases; its key is its kind with its code."""
    return Label(f"{message.kind}/{message.ground}", message.title_ko, message.title_en)


def proceeding(message: objections.Proceeding, grounds: Mapping[str, Label]) -> Proceeding:
    """An objection or a case as anybody may see it."""
    key = f"{message.kind}/{message.ground}"
    return Proceeding(
        proceeding_id=message.proceeding_id,
        kind=message.kind,
        stage_id=message.stage_id,
        number=message.number,
        ground=grounds.get(key, Label(key, message.ground, message.ground)),
        state=message.state,
        outcome=message.outcome,
        owner=message.owner,
        filed_at=_instant(message.filed_at),
        deadline=_instant(message.deadline) if message.HasField("deadline") else None,
        closed_at=_instant(message.closed_at) if message.HasField("closed_at") else None,
        silent=message.silent,
        result_version=message.result_version,
        waits=tuple(Wait(each.code, dict(each.facts)) for each in message.waits),
        provenance=_provenance(message.provenance),
    )


def scoring(rule_set_json: bytes) -> Scoring:
    """The words of a rule set's parts, gates and sources."""
    document = json.loads(rule_set_json)
    return Scoring(
        tuple(_labels(document["parts"], inside=False)),
        *(
            tuple(Label(each["id"], each["title"]["ko"], each["title"]["en"]) for each in document[kind])
            for kind in ("gates", "sources")
        ),
    )


def _labels(parts: list[dict[str, Any]], *, inside: bool) -> Iterator[Label]:
    for part in parts:
        yield Label(part["id"], part["title"]["ko"], part["title"]["en"], inside)
        yield from _labels(part["parts"], inside=True)


def team_name(application: intake.Application) -> tuple[str, TeamName]:
    """The team's id and names."""
    return application.team_id, TeamName(application.lead_ko, application.lead_en)


def run(message: evaluation.BenchmarkRun) -> Run:
    """A benchmark run."""
    return Run(
        run_id=message.run_id,
        team_id=message.team_id,
        period=message.period,
        checkpoint_digest=message.checkpoint_digest,
        state=message.state,
        accuracy=message.accuracy,
        bits_per_byte=message.bits_per_byte,
    )


def target(message: evaluation.Target) -> Target:
    """A pinned target."""
    return Target(
        target_id=message.target_id,
        stage_id=message.stage_id,
        index=message.index,
        edition=message.edition,
        window_from=message.window_from,
        window_to=message.window_to,
        best_model_id=message.best_model_id,
        best_value=message.best_value,
        ratio=message.ratio,
        threshold=message.threshold,
        candidates=tuple(
            CandidateRatio(c.team_id, c.value, c.ratio_to_best, c.ratio_to_declared) for c in message.candidates
        ),
        provenance=_provenance_of_model(message.best_model_id, json.loads(message.snapshot_json)),
    )


def _provenance_of_model(model_id: str, snapshot: dict[str, Any]) -> str:
    marks = {reference["model_id"]: reference["provenance"] for reference in snapshot["references"]}
    return str(marks[model_id])


def _provenance(value: Provenance.ValueType) -> str:
    return Provenance.Name(value).removeprefix("PROVENANCE_").lower()


def ledger(message: grants.CheckLedgerResponse) -> Ledger:
    """The state of the ledger."""
    return Ledger(message.balanced, message.transactions, tuple(message.findings))


def integrity(message: registry_integrity.GetIntegrityResponse) -> Integrity:
    """Whether what the registry keeps is still there."""
    return Integrity(
        message.parts,
        message.size_bytes,
        message.oldest_read_at.ToDatetime(tzinfo=UTC) if message.HasField("oldest_read_at") else None,
        message.damaged_parts,
        message.healed_damages,
        tuple(
            Check(
                each.name,
                each.ended_at.ToDatetime(tzinfo=UTC) if each.HasField("ended_at") else None,
                each.checked,
                each.open_differences,
            )
            for each in message.checks
        ),
    )


def head(message: notary.GetHeadResponse) -> Head | None:
    """The latest signed head; None while the log is empty."""
    return Head(message.head.tree_size, message.head.root_hash.hex()) if message.head.tree_size else None


def released(message: releases.Release) -> Released:
    """A released version."""
    return Released(
        message.checkpoint_digest,
        message.team_id,
        message.model,
        message.version,
        message.gated,
        message.licence,
        message.size_bytes,
        _instant(message.released_at),
        message.withdrawal.reason,
    )


def lineage(message: registry.GetLineageResponse) -> Lineage:
    """A graph of lineage."""
    return Lineage(
        nodes=tuple(_origin(node) for node in message.nodes),
        links=tuple(
            Link(
                link.child_id,
                link.parent_id,
                link.edge.component,
                link.edge.owner,
                link.edge.kind,
                link.edge.frozen,
                link.edge.share,
                tuple(link.edge.evidence),
            )
            for link in message.links
        ),
        truncated=message.truncated,
    )


def _origin(node: registry.LineageNode) -> Origin:
    if node.kind == LINEAGE_NODE_KIND_EXTERNAL:
        return Origin(node.node_id, external=True)
    return Origin(
        node_id=node.node_id,
        external=False,
        team_id=node.team_id,
        model=node.model,
        version=node.version,
        committed_at=_instant(node.committed_at),
        # A browser's numbers lose digits of 64 bits.
        seed=str(node.seed),
        parameters=node.parameters,
        job_id=node.job_id,
        training_log_sha256=node.training_log_sha256,
        initialisation_sha256=node.initialisation_sha256,
        outcomes=tuple((each.stage_id, each.outcome) for each in node.outcomes),
    )

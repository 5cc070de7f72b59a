"""Between the contract's messages and reference models, targets and benchmark runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dokpamo.evaluation.v1 import service_pb2

from evaluation.domain import catalogue, number, window
from evaluation.domain.catalogue import ModelId, ReferenceModel, ReferenceScore, Release
from evaluation.domain.number import text
from evaluation.domain.stage import StageId, TeamId
from evaluation.domain.target import Candidate, PinnedTarget, Question, TargetId
from evaluation.wire.marks import from_provenance, to_provenance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evaluation.domain.run import Run


def to_models(messages: Iterable[service_pb2.ReferenceModel]) -> tuple[ReferenceModel, ...]:
    """Return reference models; raise `RuleBrokenError` for a day, kind or number that cannot be read."""
    return tuple(_to_model(f"models[{at}]", each) for at, each in enumerate(messages))


def from_model(model: ReferenceModel) -> service_pb2.ReferenceModel:
    """Return `model` as a message."""
    return service_pb2.ReferenceModel(
        model_id=model.model_id,
        organisation=model.organisation,
        family=model.family,
        open_weights=model.open_weights,
        releases=[
            service_pb2.Release(kind=each.kind.value, date=each.day.isoformat(), source=each.source)
            for each in model.releases
        ],
        scores=[
            service_pb2.ReferenceScore(
                index=each.index, edition=each.edition, value=text(each.value), source=each.source
            )
            for each in model.scores
        ],
        provenance=from_provenance(model.provenance),
    )


def to_question(message: service_pb2.PinTargetRequest) -> Question:
    """Return what is to be pinned; raise `RuleBrokenError` for a day, kind or number that cannot be read."""
    return Question(
        target_id=TargetId(message.target_id),
        stage_id=StageId(message.stage_id),
        index=message.index,
        edition=message.edition,
        window=window.window(window.day("as_of", message.as_of), message.window_months),
        release_kind=catalogue.release_kind("release_kind", message.release_kind),
        ratio=number.decimal("ratio", message.ratio),
        candidates=tuple(_to_candidate(f"candidates[{at}]", each) for at, each in enumerate(message.candidates)),
    )


def from_target(pinned: PinnedTarget) -> service_pb2.Target:
    """Return `pinned` as a message."""
    return service_pb2.Target(
        target_id=pinned.target_id,
        stage_id=pinned.stage_id,
        index=pinned.index,
        edition=pinned.edition,
        window_from=pinned.window.first.isoformat(),
        window_to=pinned.window.last.isoformat(),
        best_model_id=pinned.best_model_id,
        best_value=text(pinned.best_value),
        ratio=text(pinned.ratio),
        threshold=text(pinned.threshold),
        candidates=[
            service_pb2.CandidateRatio(
                team_id=each.team_id,
                value=text(each.value),
                ratio_to_best=text(each.to_best),
                ratio_to_declared="" if each.to_declared is None else text(each.to_declared),
            )
            for each in pinned.candidates
        ],
        snapshot_json=pinned.snapshot_json,
        snapshot_sha256=pinned.snapshot_sha256,
    )


def from_run(run: Run) -> service_pb2.BenchmarkRun:
    """Return `run` as a message."""
    return service_pb2.BenchmarkRun(
        run_id=run.run_id,
        checkpoint_digest=run.checkpoint_digest,
        team_id=run.team_id,
        period=run.period,
        suite=run.suite,
        state=run.state.value,
        items=run.figures.items if run.figures else 0,
        accuracy=run.figures.accuracy if run.figures else "",
        bits_per_byte=run.figures.bits_per_byte if run.figures else "",
        reason=run.reason,
    )


def _to_model(field: str, message: service_pb2.ReferenceModel) -> ReferenceModel:
    return ReferenceModel(
        model_id=ModelId(message.model_id),
        organisation=message.organisation,
        family=message.family,
        open_weights=message.open_weights,
        releases=tuple(
            Release(
                catalogue.release_kind(f"{field}.releases[{at}].kind", each.kind),
                window.day(f"{field}.releases[{at}].date", each.date),
                each.source,
            )
            for at, each in enumerate(message.releases)
        ),
        scores=tuple(
            ReferenceScore(
                each.index, each.edition, number.decimal(f"{field}.scores[{at}].value", each.value), each.source
            )
            for at, each in enumerate(message.scores)
        ),
        provenance=to_provenance(message.provenance),
    )


def _to_candidate(field: str, message: service_pb2.CandidateScore) -> Candidate:
    return Candidate(
        team_id=TeamId(message.team_id),
        value=number.decimal(f"{field}.value", message.value),
        declared=ModelId(message.declared_model_id) if message.declared_model_id else None,
    )

"""Reference models and pinned targets."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from evaluation import wire
from evaluation.domain.catalogue import ModelId, ReferenceModel, ReferenceScore, Release, ReleaseKind
from evaluation.domain.number import text
from evaluation.domain.provenance import Provenance
from evaluation.domain.stage import StageId, TeamId
from evaluation.domain.target import CandidateRatio, PinnedTarget, TargetId
from evaluation.domain.window import Window
from evaluation.store.stages import StageStore

if TYPE_CHECKING:
    from uuid import UUID

    from asyncpg import Record

    from evaluation.domain.catalogue import ModelsImported


class TargetStore(StageStore):
    """Implements the handlers' `Targets`."""

    async def hold_catalogue(self) -> None:
        """Let nobody else add to the catalogue or pin on it until the transaction ends."""
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('evaluation.catalogue', 0))")

    async def model(self, model_id: ModelId) -> ReferenceModel | None:
        """Return a reference model with all that is known of it."""
        found = await self._read("WHERE model_id = $1", model_id)
        return found[0] if found else None

    async def catalogue(self) -> list[ReferenceModel]:
        """Return the whole catalogue by model id."""
        return await self._read("")

    async def models(self, after: str, limit: int) -> tuple[list[ReferenceModel], str | None]:
        """Return up to `limit` models after a model id, and where the next page begins."""
        found = await self._read("WHERE model_id > $1 ORDER BY model_id LIMIT $2", after, limit + 1)
        return found[:limit], found[limit - 1].model_id if len(found) > limit else None

    async def add_model(self, model: ReferenceModel) -> None:
        """Keep a new model."""
        await self._tx.execute(
            "INSERT INTO reference_model (model_id, organisation, family, open_weights, provenance, known_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            model.model_id,
            model.organisation,
            model.family,
            model.open_weights,
            model.provenance.value,
            self._tx.now,
        )
        await self.add_facts(model)

    async def add_facts(self, facts: ReferenceModel) -> None:
        """Keep further facts about a known model."""
        for release in facts.releases:
            await self._tx.execute(
                "INSERT INTO reference_release (model_id, kind, released_on, source, known_at)"
                " VALUES ($1, $2, $3, $4, $5)",
                facts.model_id,
                release.kind.value,
                release.day,
                release.source,
                self._tx.now,
            )
        for score in facts.scores:
            await self._tx.execute(
                "INSERT INTO reference_score (model_id, index_name, edition, value, source, known_at)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                facts.model_id,
                score.index,
                score.edition,
                text(score.value),
                score.source,
                self._tx.now,
            )

    async def target_exists(self, target_id: TargetId) -> bool:
        """Return whether a target of that id is pinned."""
        return bool(await self._tx.fetchval("SELECT true FROM target WHERE target_id = $1", target_id))

    async def targets(self, after: int, limit: int) -> tuple[list[PinnedTarget], int | None]:
        """Return up to `limit` targets after a position in order of pinning, and where the next page begins."""
        rows = await self._tx.fetch(
            "SELECT * FROM target WHERE position > $1 ORDER BY position LIMIT $2", after, limit + 1
        )
        return [_target(row) for row in rows[:limit]], rows[limit - 1]["position"] if len(rows) > limit else None

    async def add_target(self, target: PinnedTarget) -> None:
        """Keep a target."""
        await self._tx.execute(
            "INSERT INTO target (target_id, stage_id, index_name, edition, window_from, window_to, best_model_id,"
            " best_value, ratio, threshold, candidates, snapshot_json, snapshot_sha256, pinned_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            target.target_id,
            target.stage_id,
            target.index,
            target.edition,
            target.window.first,
            target.window.last,
            target.best_model_id,
            text(target.best_value),
            text(target.ratio),
            text(target.threshold),
            [_candidate_document(each) for each in target.candidates],
            target.snapshot_json,
            target.snapshot_sha256,
            self._tx.now,
        )

    async def publish(self, event: ModelsImported | PinnedTarget) -> UUID:
        """Add `event` to the outbox; return the event's id."""
        return await self._tx.publish(wire.event_message(event))

    async def _read(self, condition: str, *args: object) -> list[ReferenceModel]:
        """Return the models of `condition` (our own SQL) by id, each with its facts in order."""
        rows = await self._tx.fetch(
            f"SELECT * FROM (SELECT * FROM reference_model {condition}) AS chosen ORDER BY model_id", *args
        )
        ids = [row["model_id"] for row in rows]
        releases: dict[str, list[Release]] = defaultdict(list)
        for row in await self._tx.fetch(
            "SELECT * FROM reference_release WHERE model_id = ANY($1) ORDER BY model_id, released_on, kind, source", ids
        ):
            releases[row["model_id"]].append(Release(ReleaseKind(row["kind"]), row["released_on"], row["source"]))
        scores: dict[str, list[ReferenceScore]] = defaultdict(list)
        for row in await self._tx.fetch(
            "SELECT * FROM reference_score WHERE model_id = ANY($1) ORDER BY model_id, index_name, edition, source", ids
        ):
            value = Decimal(row["value"])
            scores[row["model_id"]].append(ReferenceScore(row["index_name"], row["edition"], value, row["source"]))
        return [_model(row, releases[row["model_id"]], scores[row["model_id"]]) for row in rows]


def _model(row: Record, releases: list[Release], scores: list[ReferenceScore]) -> ReferenceModel:
    return ReferenceModel(
        model_id=ModelId(row["model_id"]),
        organisation=row["organisation"],
        family=row["family"],
        open_weights=row["open_weights"],
        releases=tuple(releases),
        scores=tuple(scores),
        provenance=Provenance(row["provenance"]),
    )


def _target(row: Record) -> PinnedTarget:
    return PinnedTarget(
        target_id=TargetId(row["target_id"]),
        stage_id=StageId(row["stage_id"]),
        index=row["index_name"],
        edition=row["edition"],
        window=Window(row["window_from"], row["window_to"]),
        best_model_id=ModelId(row["best_model_id"]),
        best_value=Decimal(row["best_value"]),
        ratio=Decimal(row["ratio"]),
        threshold=Decimal(row["threshold"]),
        candidates=tuple(_candidate(each) for each in row["candidates"]),
        snapshot_json=row["snapshot_json"],
        snapshot_sha256=row["snapshot_sha256"],
    )


def _candidate_document(candidate: CandidateRatio) -> dict[str, Any]:
    return {
        "team_id": candidate.team_id,
        "value": text(candidate.value),
        "to_best": text(candidate.to_best),
        "to_declared": None if candidate.to_declared is None else text(candidate.to_declared),
    }


def _candidate(kept: dict[str, Any]) -> CandidateRatio:
    declared = kept["to_declared"]
    return CandidateRatio(
        team_id=TeamId(kept["team_id"]),
        value=Decimal(kept["value"]),
        to_best=Decimal(kept["to_best"]),
        to_declared=None if declared is None else Decimal(declared),
    )

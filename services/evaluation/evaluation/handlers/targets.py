"""The catalogue of reference models and the targets pinned on it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import rfc8785
from common.errors import NotFoundError

from evaluation.domain.catalogue import ModelId, ModelsImported, ReferenceModel, added_to, new_model
from evaluation.domain.refusal import FieldEmptyError, require_text
from evaluation.domain.sheet import TeamUnknownError
from evaluation.domain.target import PinnedTarget, Question, TargetTakenError, compute, pinned, snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.domain.stage import Stage, StageId
    from evaluation.domain.target import TargetId


class Targets(Protocol):
    """Reference models and targets, in one transaction."""

    async def stage(self, stage_id: StageId) -> Stage | None:
        """Return a stage."""
        ...

    async def hold_catalogue(self) -> None:
        """Let nobody else add to the catalogue or pin on it until the transaction ends."""
        ...

    async def model(self, model_id: ModelId) -> ReferenceModel | None:
        """Return a reference model with all that is known of it."""
        ...

    async def catalogue(self) -> list[ReferenceModel]:
        """Return the whole catalogue by model id."""
        ...

    async def models(self, after: str, limit: int) -> tuple[list[ReferenceModel], str | None]:
        """Return up to `limit` models after a model id, and where the next page begins."""
        ...

    async def add_model(self, model: ReferenceModel) -> None:
        """Keep a new model."""
        ...

    async def add_facts(self, facts: ReferenceModel) -> None:
        """Keep further facts about a known model."""
        ...

    async def target_exists(self, target_id: TargetId) -> bool:
        """Return whether a target of that id is pinned."""
        ...

    async def targets(self, after: int, limit: int) -> tuple[list[PinnedTarget], int | None]:
        """Return up to `limit` targets after a position in order of pinning, and where the next page begins."""
        ...

    async def add_target(self, target: PinnedTarget) -> None:
        """Keep a target."""
        ...

    async def publish(self, event: ModelsImported | PinnedTarget) -> object:
        """Say `event` to everyone."""
        ...


@dataclass(frozen=True, slots=True)
class Imported:
    """How many models were new, and how many known ones got further facts."""

    added: int
    extended: int


async def import_models(import_id: str, models: Sequence[ReferenceModel], targets: Targets) -> Imported:
    """Add reference models, or further facts about them; what is known already is no news. Raises `RuleBrokenError`."""
    if not models:
        raise FieldEmptyError("models")
    await targets.hold_catalogue()
    news: list[ReferenceModel] = []
    added = 0
    for position, wished in enumerate(models):
        field = f"models[{position}]"
        model = new_model(field, wished)
        known = await targets.model(model.model_id)
        if known is None:
            await targets.add_model(model)
            news.append(model)
            added += 1
            continue
        more = added_to(field, known, model)
        if more.releases or more.scores:
            await targets.add_facts(more)
            news.append(more)
    if news:
        await targets.publish(ModelsImported(import_id, tuple(news)))
    return Imported(added, len(news) - added)


async def pin_target(question: Question, targets: Targets) -> PinnedTarget:
    """Compute the target of a stage from the catalogue as it is now, and pin it. Raises `RuleBrokenError`."""
    for name in ("target_id", "index", "edition"):
        require_text(name, getattr(question, name))
    stage = await targets.stage(question.stage_id)
    if stage is None:
        raise NotFoundError("stage_id", question.stage_id)
    _require_entrants(question, stage)
    await targets.hold_catalogue()
    if await targets.target_exists(question.target_id):
        raise TargetTakenError("target_id", question.target_id, "must not name a target that is pinned")
    target = compute(question, await targets.catalogue())
    canonical = rfc8785.dumps(snapshot(target))
    result = pinned(target, canonical, hashlib.sha256(canonical).hexdigest())
    await targets.add_target(result)
    await targets.publish(result)
    return result


def _require_entrants(question: Question, stage: Stage) -> None:
    # Entrants are known from the opening on; an edition may be pinned before it.
    for position, candidate in enumerate(question.candidates):
        field = f"candidates[{position}].team_id"
        require_text(field, candidate.team_id)
        if stage.team_ids and candidate.team_id not in stage.team_ids:
            raise TeamUnknownError(field, candidate.team_id, f"must have entered stage {stage.stage_id}")

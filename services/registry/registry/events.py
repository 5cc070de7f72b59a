"""What the registry hears of stages, and what it does by itself: names and outcomes in MLflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.consumer import Subscriptions
from common.errors import NotFoundError
from dokpamo.selection.v1.events_pb2 import DecisionFinalized, RuleSetChanged, StageOpened

from registry import handlers, wire
from registry.domain.checkpoint import Digest, TeamId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from common.consumer import Received
    from common.database import Database, Transaction
    from common.tasks import Task

    from registry.handlers import Checkpoints, ModelNames, Objects, Outcomes


def subscriptions(outcomes: Callable[[Transaction], Outcomes]) -> Subscriptions:
    """Return the events that tell how a stage ended; everything is kept in what `outcomes` opens."""

    async def opened(event: Received[StageOpened], tx: Transaction) -> None:
        told = event.message
        await outcomes(tx).note_close(told.stage_id, told.rule_set_sha256, wire.to_close(told))

    async def changed(event: Received[RuleSetChanged], tx: Transaction) -> None:
        told = event.message
        await outcomes(tx).note_close(told.stage_id, told.new_sha256, wire.to_close(told))

    async def decided(event: Received[DecisionFinalized], tx: Transaction) -> None:
        await handlers.conclude(wire.to_decision(event.message), outcomes(tx))

    heard = Subscriptions("registry")
    heard.on(StageOpened, opened)
    heard.on(RuleSetChanged, changed)
    heard.on(DecisionFinalized, decided)
    return heard


@dataclass(frozen=True, slots=True)
class Tasks:
    """Long work: what is kept is shown in MLflow; each is safe to repeat."""

    database: Database
    checkpoints: Callable[[Transaction], Checkpoints]
    outcomes: Callable[[Transaction], Outcomes]
    objects: Objects
    names: ModelNames
    bucket: str

    def handlers(self) -> dict[str, Callable[[Task], Awaitable[None]]]:
        """Return what to do by kind of task."""
        return {handlers.NAMING: self.name, handlers.MARKING: self.mark}

    async def name(self, task: Task) -> None:
        """Give a committed checkpoint its name."""
        digest = Digest(task.payload["checkpoint_digest"])
        async with self.database.transaction(readonly=True) as tx:
            checkpoint = await self.checkpoints(tx).checkpoint(digest, None)
        if checkpoint is None:
            raise NotFoundError("checkpoint_digest", digest)
        model, version = await handlers.name_checkpoint(checkpoint, self.objects, self.names, self.bucket)
        async with task.finish() as tx:
            await self.checkpoints(tx).add_name(digest, model, version)

    async def mark(self, task: Task) -> None:
        """Show how a stage ended for a team: as it is kept now, whichever version of the decision the task is of."""
        stage_id, team_id = task.payload["stage_id"], TeamId(task.payload["team_id"])
        async with self.database.transaction(readonly=True) as tx:
            found = await self.outcomes(tx).named(stage_id, team_id)
        await handlers.show(found, self.names)
        async with task.finish() as tx:
            await self.outcomes(tx).note_shown(team_id, found.outcome, task.payload["decision_version"])

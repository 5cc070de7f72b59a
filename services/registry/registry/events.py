"""What the registry hears of stages, and what it does by itself: names and outcomes in MLflow."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.consumer import Subscriptions
from common.errors import NotFoundError, TransientError, as_refused
from dokpamo.selection.v1.events_pb2 import DecisionFinalized, RuleSetChanged, StageOpened

from registry import handlers, wire
from registry.domain.checkpoint import Digest, TeamId, UploadId
from registry.domain.upload import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from common.consumer import Received
    from common.database import Database, Transaction
    from common.tasks import Task

    from registry.handlers import (
        Aliases,
        Checkpoints,
        Examinations,
        Examiner,
        Inspector,
        ModelNames,
        Objects,
        Outcomes,
        Rounds,
        Uploads,
    )

_MOST_DEATHS: Final = 8
"""How often the reader may end on the files of one upload before these are to blame."""


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
    uploads: Callable[[Transaction], Uploads]
    checkpoints: Callable[[Transaction], Checkpoints]
    outcomes: Callable[[Transaction], Outcomes]
    aliases: Callable[[Transaction], Aliases]
    objects: Objects
    names: ModelNames
    inspector: Inspector
    bucket: str

    def handlers(self) -> dict[str, Callable[[Task], Awaitable[None]]]:
        """Return what to do by kind of task."""
        return {
            handlers.NAMING: self.name,
            handlers.ALIASING: self.alias,
            handlers.MARKING: self.mark,
            handlers.VERIFYING: self.verify,
        }

    async def verify(self, task: Task) -> None:
        """Read an upload's files back and publish the checkpoint, or note why it is refused."""
        upload_id = UploadId(task.payload["upload_id"])
        try:
            ready = await handlers.verify(upload_id, self._opened, self.inspector, self.objects)
            async with task.finish() as tx:
                if ready is not None:
                    await handlers.publish(ready, self.uploads(tx), self.checkpoints(tx))
        except Exception as error:
            refusal = _refusal(error, task.attempt)
            if refusal is None:
                raise
            async with task.finish() as tx:
                await self._refuse(upload_id, refusal, tx)

    async def _refuse(self, upload_id: UploadId, refusal: Refusal, tx: Transaction) -> None:
        uploads = self.uploads(tx)
        upload = await uploads.upload(upload_id, lock=True)
        if upload is not None:
            await uploads.refuse(upload, refusal)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[Uploads, Checkpoints]]:
        async with self.database.transaction() as tx:
            yield self.uploads(tx), self.checkpoints(tx)

    async def name(self, task: Task) -> None:
        """Give a committed checkpoint its name."""
        digest = Digest(task.payload["checkpoint_digest"])
        async with self.database.transaction(readonly=True) as tx:
            checkpoint = await self.checkpoints(tx).checkpoint(digest, None)
            if checkpoint is None:
                raise NotFoundError("checkpoint_digest", digest)
            manifest = await self.checkpoints(tx).manifest(digest)
            layout = await handlers.layout_of(checkpoint, self.checkpoints(tx), self.uploads(tx))
        named = await handlers.name_checkpoint(checkpoint, manifest, layout, self.objects, self.names, self.bucket)
        async with task.finish() as tx:
            await self.checkpoints(tx).add_name(checkpoint, named)

    async def alias(self, task: Task) -> None:
        """Let the aliases of a model follow the tables, as they are now."""
        team_id, model = TeamId(task.payload["team_id"]), task.payload["model"]
        async with self.database.transaction(readonly=True) as tx:
            wanted = await self.aliases(tx).aliases(team_id, model)
        await handlers.move_aliases(team_id, model, wanted, self.names)
        async with task.finish() as tx:
            await handlers.require_shown(team_id, model, wanted, self.aliases(tx))

    async def mark(self, task: Task) -> None:
        """Show how a stage ended for a team: as it is kept now, whichever version of the decision the task is of."""
        stage_id, team_id = task.payload["stage_id"], TeamId(task.payload["team_id"])
        async with self.database.transaction(readonly=True) as tx:
            found = await self.outcomes(tx).named(stage_id, team_id)
        await handlers.show(found, self.names)
        async with task.finish() as tx:
            await self.outcomes(tx).note_shown(team_id, found.outcome, task.payload["decision_version"])


@dataclass(frozen=True, slots=True)
class Examining:
    """Examinations of checkpoints: safe to repeat, as nothing is kept before all reports are there."""

    database: Database
    examinations: Callable[[Transaction], Examinations]
    rounds: Callable[[Transaction], Rounds]
    checkpoints: Callable[[Transaction], Checkpoints]
    examiner: Examiner

    def handlers(self) -> dict[str, Callable[[Task], Awaitable[None]]]:
        """Return what to do by kind of task."""
        return {handlers.EXAMINING: self.examine}

    async def examine(self, task: Task) -> None:
        """Compare a checkpoint's weights, or note why that cannot be."""
        digest, number = Digest(task.payload["checkpoint_digest"]), task.payload["number"]
        try:
            async with self.database.transaction(readonly=True) as tx:
                due = await handlers.due(self.examinations(tx), self.checkpoints(tx), digest, number)
            if due is None:
                async with task.finish():
                    return
            fingerprint, reports = await self.examiner.examine(due)
            async with task.finish() as tx:
                await self.examinations(tx).finish(due.checkpoint, number, fingerprint, reports)
                await handlers.go_on(self.rounds(tx), self.examinations(tx), digest, number)
        except handlers.ParentNeverExaminedError as error:
            await self._examine_first(error.digest)
            raise handlers.ParentNotExaminedError(error.digest) from error
        except (handlers.CannotBeExaminedError, handlers.ReaderDiedError) as error:
            if isinstance(error, handlers.ReaderDiedError) and task.attempt < _MOST_DEATHS:
                raise
            async with task.finish() as tx:
                checkpoint = await self.checkpoints(tx).checkpoint(digest, None)
                assert checkpoint is not None  # it is due
                await self.examinations(tx).give_up(checkpoint, number, str(error))
                await handlers.go_on(self.rounds(tx), self.examinations(tx), digest, number)

    async def _examine_first(self, parent: Digest) -> None:
        async with self.database.transaction() as tx:
            await handlers.examine_first(self.examinations(tx), parent)


def _refusal(error: Exception, attempt: int) -> Refusal | None:
    """Return what to tell of an upload that came to nothing; `None` for what is tried again or is a mistake of ours."""
    if isinstance(error, handlers.ReadRefusedError):
        return error.refusal
    if isinstance(error, handlers.ReaderDiedError) and attempt >= _MOST_DEATHS:
        return Refusal("CHECKPOINT_NOT_READABLE", f"{error}, {attempt} times", {"field": "files"})
    if isinstance(error, TransientError):
        return None
    refused = as_refused(error, wire.REASONS)
    return None if refused is None else Refusal(refused.code, refused.message, refused.facts)

"""What the registry does by itself: it gives committed checkpoints their names in MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import NotFoundError

from registry import handlers
from registry.domain.checkpoint import Digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from common.database import Database, Transaction
    from common.tasks import Task

    from registry.handlers import Checkpoints, ModelNames, Objects


def tasks(
    database: Database,
    checkpoints: Callable[[Transaction], Checkpoints],
    objects: Objects,
    names: ModelNames,
    bucket: str,
) -> dict[str, Callable[[Task], Awaitable[None]]]:
    """Return the handlers of the registry's tasks by kind."""

    async def name(task: Task) -> None:
        """Give the checkpoint its name; safe to repeat."""
        digest = Digest(task.payload["checkpoint_digest"])
        async with database.transaction(readonly=True) as tx:
            checkpoint = await checkpoints(tx).checkpoint(digest, None)
        if checkpoint is None:
            raise NotFoundError("checkpoint_digest", digest)
        model, version = await handlers.name_checkpoint(checkpoint, objects, names, bucket)
        async with task.finish() as tx:
            await checkpoints(tx).add_name(digest, model, version)

    return {handlers.NAMING: name}

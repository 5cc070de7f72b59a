"""The registry for programs without an event loop: the same calls, each of which returns when it is done."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from common.grpc import Client, connect

from client.sdk import checkpoints, listing
from client.sdk.references import Reference

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path

    from dokpamo.registry.v1 import service_pb2 as pb

    from client.sdk.checkpoints import Signer
    from client.sdk.transfer import LocalFile, Progress

T = TypeVar("T")


class Registry:
    """A registry in the name of a team, or of whoever the token is; also inside of a notebook's running loop.

    A reference is a digest, "team/model" or "team/model@version". Every method raises `Refused`.
    """

    def __init__(self, address: str, token: str | Callable[[], str], *, team_id: str = "") -> None:
        """Call the registry at `address` ("host:port") with a token, or with what gives one for each call."""
        self._address = address
        self._tokens: Callable[[], str] = token if callable(token) else lambda: token
        self._team_id = team_id

    def push(
        self,
        folder: Path,
        *,
        model: str,
        declaration: pb.Declaration,
        progress: Progress | None = None,
        limit_rate: int | None = None,
        signer: Signer | None = None,
        latest_version: int | None = None,
    ) -> pb.Checkpoint:
        """As `client.sdk.checkpoints.push`."""
        return self._run(
            lambda registry: checkpoints.push(
                registry,
                folder,
                team_id=self._team_id,
                model=model,
                declaration=declaration,
                progress=progress,
                limit_rate=limit_rate,
                signer=signer,
                latest_version=latest_version,
            )
        )

    def pull(
        self, reference: str, folder: Path, *, progress: Progress | None = None, limit_rate: int | None = None
    ) -> list[LocalFile]:
        """As `client.sdk.checkpoints.pull`."""

        async def work(registry: Client) -> list[LocalFile]:
            digest = await self._digest(registry, reference)
            return await checkpoints.pull(
                registry, digest, folder, team_id=self._team_id, progress=progress, limit_rate=limit_rate
            )

        return self._run(work)

    def checkpoint(self, reference: str) -> pb.Checkpoint:
        """Return one checkpoint."""
        named = Reference.parse(reference)
        return self._run(lambda registry: named.resolve(registry, self._team_id))

    def checkpoint_of_job(self, job_id: str) -> pb.Checkpoint | None:
        """As `client.sdk.checkpoints.checkpoint_of_job`."""
        return self._run(lambda registry: checkpoints.checkpoint_of_job(registry, self._team_id, job_id))

    def checkpoints(self, model: str = "") -> list[pb.Checkpoint]:
        """Return the checkpoints of a model, or of all, the newest first."""

        async def work(registry: Client) -> list[pb.Checkpoint]:
            return [each async for each in listing.checkpoints(registry, team_id=self._team_id, model=model)]

        return self._run(work)

    def files(self, reference: str) -> list[pb.CheckpointFile]:
        """Return the files of a checkpoint by path."""

        async def work(registry: Client) -> list[pb.CheckpointFile]:
            digest = await self._digest(registry, reference)
            return await listing.files(registry, digest, team_id=self._team_id)

        return self._run(work)

    async def _digest(self, registry: Client, reference: str) -> str:
        named = Reference.parse(reference)
        return named.digest or (await named.resolve(registry, self._team_id)).checkpoint_digest

    def _run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        async def connected() -> T:
            async with connect(self._address, self._tokens) as channel:
                return await work(Client(channel, checkpoints.SERVICE))

        return finished(connected())


def finished(work: Coroutine[Any, Any, T]) -> T:
    """Return what comes of `work`, in a loop of its own; in a thread of its own where this one has a loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()

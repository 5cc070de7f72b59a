"""Checkpoints and their files, all pages of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dokpamo.registry.v1 import service_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from common.grpc import Client

_CHECKPOINTS: Final = 200
_FILES: Final = 2_000


async def checkpoints(
    registry: Client, *, team_id: str = "", model: str = "", newest_first: bool = True
) -> AsyncIterator[pb.Checkpoint]:
    """Give checkpoints in order of commit, as they are asked for. Raises `Refused`."""
    page: str | None = ""
    while page is not None:
        request = pb.ListCheckpointsRequest(
            team_id=team_id, model=model, newest_first=newest_first, page_size=_CHECKPOINTS, page_token=page
        )
        answer: pb.ListCheckpointsResponse = await registry.ListCheckpoints(request)
        for checkpoint in answer.checkpoints:
            yield checkpoint
        page = answer.next_page_token or None


async def files(registry: Client, checkpoint_digest: str, *, team_id: str = "") -> list[pb.CheckpointFile]:
    """Return the files of a checkpoint by path. Raises `Refused`."""
    found: list[pb.CheckpointFile] = []
    page: str | None = ""
    while page is not None:
        request = pb.ListFilesRequest(
            team_id=team_id, checkpoint_digest=checkpoint_digest, page_size=_FILES, page_token=page
        )
        answer: pb.ListFilesResponse = await registry.ListFiles(request)
        found.extend(answer.files)
        page = answer.next_page_token or None
    return found

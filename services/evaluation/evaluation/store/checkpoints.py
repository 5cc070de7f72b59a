"""Where the files of checkpoints can be read: the registry says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.grpc import Client
from dokpamo.registry.v1 import service_pb2 as registry

from evaluation.handlers.runs import CheckpointSource

if TYPE_CHECKING:
    from common.grpc import Channel

_SERVICE: Final = "dokpamo.registry.v1.RegistryService"


class RegistryCheckpoints:
    """Implements the handlers' `Checkpoints` over the registry's contract."""

    def __init__(self, channel: Channel) -> None:
        """Ask over `channel`, which the caller opens and closes."""
        self._registry = Client(channel, _SERVICE)

    async def sources(self, checkpoint_digest: str) -> tuple[CheckpointSource, ...]:
        """Return the files of a checkpoint with URLs that are good now; raise `Refused`."""
        answer: registry.GetDownloadResponse = await self._registry.GetDownload(
            registry.GetDownloadRequest(checkpoint_digest=checkpoint_digest)
        )
        return tuple(
            CheckpointSource(each.file.path, each.file.size_bytes, each.file.sha256, each.url)
            for each in answer.sources
        )

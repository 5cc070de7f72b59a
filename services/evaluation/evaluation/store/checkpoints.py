"""Where the files of checkpoints can be read: the registry says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from common.grpc import Client
from dokpamo.registry.v1 import service_pb2 as registry

from evaluation.handlers.runs import CheckpointSource, PartSource, TooManyFilesError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from common.grpc import Channel

# A job is told of no more: what is larger needs a measurement that asks by itself.
_MOST_PAGES: Final = 4
_SERVICE: Final = "dokpamo.registry.v1.RegistryService"


class RegistryCheckpoints:
    """Implements the handlers' `Checkpoints` over the registry's contract."""

    def __init__(self, channel: Channel) -> None:
        """Ask over `channel`, which the caller opens and closes."""
        self._registry = Client(channel, _SERVICE)

    async def sources(self, checkpoint_digest: str) -> tuple[CheckpointSource, ...]:
        """Return the files of a checkpoint with URLs that are good now; raise `Refused` and `TooManyFilesError`."""
        files = [each async for each in self._pages("ListFiles", registry.ListFilesRequest, checkpoint_digest, "files")]
        parts: dict[str, list[PartSource]] = {}
        async for each in self._pages("ListParts", registry.ListPartsRequest, checkpoint_digest, "parts"):
            part = each.part
            parts.setdefault(part.path, []).append(
                PartSource(part.offset_bytes, part.size_bytes, part.sha256.hex(), each.url)
            )
        return tuple(
            CheckpointSource(file.path, file.size_bytes, file.sha256, tuple(parts.get(file.path, ()))) for file in files
        )

    async def _pages(self, rpc: str, request: type[Any], checkpoint_digest: str, member: str) -> AsyncIterator[Any]:
        token = ""
        for _ in range(_MOST_PAGES):
            page = await getattr(self._registry, rpc)(request(checkpoint_digest=checkpoint_digest, page_token=token))
            for each in getattr(page, member):
                yield each
            token = page.next_page_token
            if not token:
                return
        raise TooManyFilesError

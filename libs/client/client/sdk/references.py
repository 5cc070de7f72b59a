"""Which checkpoint is meant: its digest, a team's model, or a version of that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from dokpamo.registry.v1 import service_pb2 as pb

if TYPE_CHECKING:
    from common.grpc import Client

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAMED: Final = re.compile(r"([^/@\s]+)/([^/@\s]+)(?:@([1-9][0-9]{0,9}))?")


class NotAReferenceError(ValueError):
    """A text names no checkpoint."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A checkpoint by its digest, or by team, model and version (0: the latest)."""

    digest: str = ""
    team: str = ""
    model: str = ""
    version: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a digest, "team/model" or "team/model@version". Raises `NotAReferenceError`."""
        if _DIGEST.fullmatch(text):
            return cls(digest=text)
        if found := _NAMED.fullmatch(text):
            return cls(team=found[1], model=found[2], version=int(found[3] or 0))
        raise NotAReferenceError(f"{text!r} names no checkpoint: a digest, team/model or team/model@version")

    async def resolve(self, registry: Client, team_id: str = "") -> pb.Checkpoint:
        """Return the checkpoint. Raises `Refused`."""
        request = pb.GetCheckpointRequest(
            team_id=self.team or team_id, checkpoint_digest=self.digest, model=self.model, version=self.version
        )
        answer: pb.GetCheckpointResponse = await registry.GetCheckpoint(request)
        return answer.checkpoint

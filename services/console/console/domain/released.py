"""Versions of models that were given to everybody, and where they are to be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Released:
    """A released version; ``gated`` ones are for who accepts the licence.

    ``withdrawn_reason`` is empty unless it is withdrawn.
    """

    checkpoint_digest: str
    team_id: str
    model: str
    version: int
    gated: bool
    licence: str
    size_bytes: int
    released_at: datetime
    withdrawn_reason: str

    def files_address(self, downloads: str) -> str:
        """Where ``downloads``, the address of what gives releases out, lists its files; empty for none."""
        if not downloads or self.withdrawn_reason:
            return ""
        name = f"{quote(self.team_id, safe='')}/{quote(self.model, safe='')}"
        return f"{downloads.rstrip('/')}/api/models/{name}/revision/v{self.version}"

    def command(self, downloads: str) -> str:
        """What to type to have it; empty where it is not to be had."""
        if not downloads or self.withdrawn_reason:
            return ""
        return f"HF_ENDPOINT={downloads} hf download {self.team_id}/{self.model} --revision v{self.version}"

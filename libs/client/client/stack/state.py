"""What is known of a running stack: written by the supervisor at every change, read by everybody else."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

from client.stack.home import read_json, write_json
from client.stack.process import ProcessIdentity

if TYPE_CHECKING:
    from pathlib import Path

PartPhase = Literal["waiting", "starting", "ready", "failed"]


@dataclass(slots=True)
class PartState:
    """What is known of one part.

    Attributes:
        name: The part's name.
        address: Where it is reached.
        external: Whether somebody else runs it.
        phase: "waiting" for parts it needs, "starting", "ready", or "failed" until it is started again.
        pid: Number of its main process; 0 if there is none.
        started: When that process was started, in seconds since the epoch.
        since: When the phase began, in seconds since the epoch.
        ready_seconds: How long its last start took, without the waiting.
        restarts: How often it was started again.
        failure: What went wrong last, with the last lines of its log; empty if nothing has.
    """

    name: str
    address: str
    external: bool = False
    phase: PartPhase = "waiting"
    pid: int = 0
    started: float = 0.0
    since: float = field(default_factory=time.time)
    ready_seconds: float = 0.0
    restarts: int = 0
    failure: str = ""

    @property
    def identity(self) -> ProcessIdentity | None:
        """The main process, whether it still runs or not."""
        return ProcessIdentity(self.pid, self.started) if self.pid else None


@dataclass(slots=True)
class StackState:
    """The supervisor's own process and all parts, in the order in which they are shown."""

    supervisor: ProcessIdentity
    parts: dict[str, PartState]

    def write(self, path: Path) -> None:
        """Replace the file."""
        write_json(
            path, {"supervisor": asdict(self.supervisor), "parts": [asdict(part) for part in self.parts.values()]}
        )

    @classmethod
    def read(cls, path: Path) -> StackState | None:
        """Return what was last written; None if there is no such file."""
        document = read_json(path)
        if document is None:
            return None
        parts = [PartState(**part) for part in document["parts"]]
        return cls(ProcessIdentity(**document["supervisor"]), {part.name: part for part in parts})

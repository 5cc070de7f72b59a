"""What a part of the embedded stack is: data that the supervisor and the tests start in the same way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class NotReadyError(Exception):
    """A part does not answer yet; the text says what was asked and what came back."""


class PartFailedError(Exception):
    """A part ended or did not become ready in time.

    Attributes:
        part: The part's name.
        why: What happened, in one line.
        log_tail: The last lines of the part's log.
    """

    def __init__(self, part: str, why: str, log_tail: str) -> None:
        """Keep the facts and make them the message."""
        self.part, self.why, self.log_tail = part, why, log_tail
        super().__init__(f"{part} {why}\n{log_tail}".rstrip())


def nothing() -> None:
    """Do nothing: the default of a part's preparation and finish."""


@dataclass(frozen=True, slots=True)
class PartSpec:
    """One part of the stack, as data.

    Attributes:
        name: Unique in a stack; shown to people, and the name of its log file.
        address: Where it is reached, as shown to people (no secret in it).
        probe: Raises NotReadyError until the part answers; any thread, a few seconds at most.
        command: What to run; empty for a part that somebody else runs, which is then only probed and finished. A
            program that overwrites its environment or becomes another user shows `{title}`, which marks its processes.
        environment: Added to the caller's environment.
        folder: The working folder of the process.
        needs: Names of the parts that must be ready before this one is started.
        prepare: Run before every start (make folders, write configuration); must be repeatable.
        finish: Run each time the part answers (make buckets, databases); must be repeatable, may raise NotReadyError.
        stop_seconds: How long the part may take to stop after SIGTERM or `stop_signal`.
        stop_signal: The signal that asks for an orderly stop.
        ready_seconds: How long the part may take to become ready before it counts as failed.
        litter: Files elsewhere that a killed process leaves behind; removed once the part is stopped.
    """

    name: str
    address: str
    probe: Callable[[], None]
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    needs: tuple[str, ...] = ()
    prepare: Callable[[], None] = nothing
    finish: Callable[[], None] = nothing
    stop_seconds: float = 15.0
    stop_signal: int = 15
    ready_seconds: float = 180.0
    litter: tuple[Path, ...] = ()

    @property
    def external(self) -> bool:
        """Whether somebody else runs this part."""
        return not self.command

"""A benchmark run: one suite on one committed checkpoint, and how its job's end is to be taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NewType

from evaluation.domain.number import decimal, text

if TYPE_CHECKING:
    from evaluation.domain.stage import TeamId

RunId = NewType("RunId", str)

SUITE = "next-byte"
"""Next-byte prediction on the held-out text: what a scale model can be measured by in seconds."""


class RunState(Enum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class ResultUnreadableError(Exception):
    """A job ended well and printed no result that can be read."""

    def __init__(self, field: str, value: str, rule: str) -> None:
        """Keep the `field`, its `value` and the `rule` it breaks."""
        super().__init__(f"result {field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class RunFailedError(Exception):
    """A run cannot be completed: no further attempt would change it."""

    def __init__(self, run_id: RunId, reason: str) -> None:
        """Keep the `run_id` and the `reason` in words."""
        super().__init__(f"benchmark run {run_id}: {reason}")
        self.run_id = run_id
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run measured: items scored, and decimal text of the share predicted right and the bits a byte costs."""

    items: int
    accuracy: str
    bits_per_byte: str


@dataclass(frozen=True, slots=True)
class Run:
    """A benchmark run; `figures` once it is completed, `reason` once it has failed."""

    run_id: RunId
    checkpoint_digest: str
    team_id: TeamId
    period: str
    suite: str
    state: RunState = RunState.QUEUED
    figures: Figures | None = None
    reason: str = ""


def run_id(checkpoint_digest: str, suite: str) -> RunId:
    """Return the id of the one run of `suite` on a checkpoint: the same whenever it is asked for."""
    return RunId(f"{suite}-{checkpoint_digest}")


def job_id(run: RunId, attempt: int) -> str:
    """Return the id of the job of an attempt, 1 for the first: a retried task finds the job that runs."""
    return str(run) if attempt == 1 else f"{run}-{attempt}"


def figures(items: object, accuracy: object, bits_per_byte: object) -> Figures:
    """Return the figures that a job printed; raise `ResultUnreadableError` or `ScoreNotANumberError`."""
    if isinstance(items, bool) or not isinstance(items, int) or items <= 0:
        raise ResultUnreadableError("items", str(items), "must be a positive whole number")
    for name, value in (("accuracy", accuracy), ("bits_per_byte", bits_per_byte)):
        if not isinstance(value, str):
            raise ResultUnreadableError(name, str(value), "must be decimal text")
    return Figures(items, text(decimal("accuracy", str(accuracy))), text(decimal("bits_per_byte", str(bits_per_byte))))

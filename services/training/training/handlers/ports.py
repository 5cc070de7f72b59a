"""What training needs of the outside: what it remembers, where jobs run, where checkpoints are committed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from training.domain.job import Job, JobId, TeamId
    from training.domain.metering import Run
    from training.domain.progress import Observation
    from training.domain.support import LostSupport

SUPERVISION: Final = "supervise-job"
"""Kind of the task that sees a job through."""


class Jobs(Protocol):
    """What training remembers, inside one transaction."""

    now: datetime

    async def add(self, job: Job) -> bool:
        """Keep a new job and publish that it was submitted; `False` where its id is taken."""
        ...

    async def get(self, job_id: JobId, *, locked: bool = False) -> Job | None:
        """Return a job; `locked` until the transaction ends."""
        ...

    async def page(self, team_id: TeamId | None, size: int, after: int) -> tuple[list[Job], int | None]:
        """Return up to `size` jobs submitted after position `after`, and where the next page starts."""
        ...

    async def lock_support(self, entitlement_id: str) -> None:
        """Let nobody else admit a job on an entitlement, or note its loss, until the transaction ends."""
        ...

    async def add_loss(self, lost: LostSupport) -> bool:
        """Note that support was lost; `False` where that is known."""
        ...

    async def loss_of(self, entitlement_id: str) -> LostSupport | None:
        """Return the loss of an entitlement; `None` where it is not lost, as far as is known."""
        ...

    async def going_on(self, entitlement_id: str) -> list[Job]:
        """Return the jobs on GPU time of an entitlement that have not ended, locked until the transaction ends."""
        ...

    async def admit(self, job: Job) -> None:
        """Keep an admitted job and have it supervised."""
        ...

    async def end(self, job: Job) -> None:
        """Keep a job that ended and publish how."""
        ...

    async def note(self, job: Job) -> None:
        """Keep what changed in a job without an event."""
        ...

    async def runs(self, job_id: JobId) -> list[Run]:
        """Return a job's starts, the first first."""
        ...

    async def start_run(self, job: Job) -> None:
        """Keep that start `job.attempt` begins; publish it with why it was made, `job.reason`."""
        ...

    async def note_run(self, job_id: JobId, run: Run) -> None:
        """Keep what is known of a start."""
        ...


class Cluster(Protocol):
    """Where jobs run. Every method may raise `TransientError` while it is away."""

    async def start(self, job: Job) -> None:
        """Start attempt `job.attempt`; one that runs already is left as it is."""
        ...

    async def observe(self, job_id: JobId, attempt: int) -> Observation:
        """Say what is known of a start."""
        ...

    async def output(self, job_id: JobId, attempt: int) -> str:
        """Return what a start has printed; empty where that is lost."""
        ...

    async def stop(self, job_id: JobId, attempt: int) -> None:
        """End a start; one that has ended or is unknown is left alone."""
        ...


class Registry(Protocol):
    """Where checkpoints are committed."""

    async def checkpoint_of(self, job: Job) -> str:
        """Return the digest of the checkpoint that the job committed, or empty text; `TransientError` while away."""
        ...


JobsOpener = Callable[[], AbstractAsyncContextManager[Jobs]]
"""Opens a transaction of its own."""

"""Jobs and their starts in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from common.paging import following

from training import wire
from training.domain.job import FailureClass, GpuSource, Job, JobId, JobSpec, JobState, TeamId
from training.domain.metering import Run
from training.domain.support import LostSupport
from training.handlers import SUPERVISION

if TYPE_CHECKING:
    from asyncpg import Record
    from common.database import Transaction

JOB: Final = "job"
"""Kind of the process that a job is: each of its states has an owner and a deadline."""

_ADMITTED_WITHIN: Final = timedelta(hours=1)
# Beyond the job's own time: waiting for a place, starts after faults, the commit of the checkpoint.
_ENDED_WITHIN: Final = timedelta(hours=6)


class JobStore:
    """The handlers' `Jobs` inside one transaction."""

    def __init__(self, tx: Transaction) -> None:
        """Work in `tx`."""
        self._tx = tx
        self.now = tx.now

    async def add(self, job: Job) -> bool:
        """Keep a new job and publish that it was submitted; `False` where its id is taken."""
        spec = job.spec
        added = await self._tx.fetchval(
            """
            INSERT INTO jobs (job_id, team_id, period, model, gpus, max_seconds, gpu_source, seed, steps, hidden_units,
                              parent_checkpoint, state, reason, submitted_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (job_id) DO NOTHING RETURNING true
            """,
            spec.job_id,
            spec.team_id,
            spec.period,
            spec.model,
            spec.gpus,
            spec.max_seconds,
            spec.gpu_source.value,
            Decimal(spec.seed),
            spec.steps,
            spec.hidden_units,
            spec.parent_checkpoint,
            job.state.value,
            job.reason,
            job.submitted_at,
        )
        if not added:
            return False
        await self._tx.publish(wire.submitted_event(job))
        await self._tx.processes.start(
            JOB, spec.job_id, job.state.value, owner="service:grants", deadline=self.now + _ADMITTED_WITHIN
        )
        return True

    async def get(self, job_id: JobId, *, locked: bool = False) -> Job | None:
        """Return a job; `locked` until the transaction ends."""
        row = await self._tx.fetchrow(f"SELECT * FROM jobs WHERE job_id = $1 {'FOR UPDATE' if locked else ''}", job_id)
        return None if row is None else _job(row)

    async def page(self, team_id: TeamId | None, size: int, after: int) -> tuple[list[Job], int | None]:
        """Return up to `size` jobs submitted after position `after`, and where the next page starts."""
        rows = await self._tx.fetch(
            "SELECT * FROM jobs WHERE ($1::text IS NULL OR team_id = $1) AND position > $2 ORDER BY position LIMIT $3",
            team_id,
            after,
            size + 1,
        )
        return [_job(row) for row in rows[:size]], following(rows, size)

    async def lock_support(self, entitlement_id: str) -> None:
        """Let nobody else admit a job on an entitlement, or note its loss, until the transaction ends."""
        await self._tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"support {entitlement_id}")

    async def add_loss(self, lost: LostSupport) -> bool:
        """Note that support was lost; `False` where that is known."""
        added = await self._tx.fetchval(
            """
            INSERT INTO lost_support (entitlement_id, team_id, stage_id, noted_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (entitlement_id) DO NOTHING RETURNING true
            """,
            lost.entitlement_id,
            lost.team_id,
            lost.stage_id,
            self.now,
        )
        return bool(added)

    async def loss_of(self, entitlement_id: str) -> LostSupport | None:
        """Return the loss of an entitlement; `None` where it is not lost, as far as is known."""
        row = await self._tx.fetchrow("SELECT * FROM lost_support WHERE entitlement_id = $1", entitlement_id)
        return None if row is None else LostSupport(row["entitlement_id"], TeamId(row["team_id"]), row["stage_id"])

    async def going_on(self, entitlement_id: str) -> list[Job]:
        """Return the jobs on GPU time of an entitlement that have not ended, locked until the transaction ends."""
        rows = await self._tx.fetch(
            "SELECT * FROM jobs WHERE entitlement_id = $1 AND state <> ALL($2) ORDER BY position FOR UPDATE",
            entitlement_id,
            [state.value for state in JobState if state.is_final],
        )
        return [_job(row) for row in rows]

    async def admit(self, job: Job) -> None:
        """Keep an admitted job and have it supervised."""
        await self.note(job)
        await self._tx.enqueue(SUPERVISION, job.spec.job_id, {"job_id": job.spec.job_id})
        await self._move(job)

    async def end(self, job: Job) -> None:
        """Keep a job that ended and publish how."""
        await self.note(job)
        await self._tx.publish(wire.finished_event(job))
        process = await self._tx.processes.get(JOB, job.spec.job_id)
        if process is not None:
            await self._tx.processes.finish(process, job.state.value)

    async def note(self, job: Job) -> None:
        """Keep what changed in a job without an event."""
        await self._tx.execute(
            """
            UPDATE jobs SET state = $2, reason = $3, gpu_seconds = $4, checkpoint_digest = $5, loss = $6, attempt = $7,
                            cancel_wished = $8, cancel_reason = $9, entitlement_id = $10, failure_class = $11
            WHERE job_id = $1
            """,
            job.spec.job_id,
            job.state.value,
            job.reason,
            job.gpu_seconds,
            job.checkpoint_digest,
            job.loss,
            job.attempt,
            job.cancel_wished,
            job.cancel_reason,
            job.entitlement_id,
            job.failure_class.value if job.failure_class else None,
        )

    async def runs(self, job_id: JobId) -> list[Run]:
        """Return a job's starts, the first first."""
        rows = await self._tx.fetch("SELECT * FROM runs WHERE job_id = $1 ORDER BY attempt", job_id)
        return [Run(row["attempt"], row["started_at"], row["ended_at"], row["ended"]) for row in rows]

    async def start_run(self, job: Job) -> None:
        """Keep that start `job.attempt` begins; publish it with why it was made, `job.reason`."""
        await self.note(job)
        await self._tx.execute("INSERT INTO runs (job_id, attempt) VALUES ($1, $2)", job.spec.job_id, job.attempt)
        await self._tx.publish(wire.started_event(job))
        await self._move(job)

    async def note_run(self, job_id: JobId, run: Run) -> None:
        """Keep what is known of a start."""
        await self._tx.execute(
            "UPDATE runs SET started_at = $3, ended_at = $4, ended = $5 WHERE job_id = $1 AND attempt = $2",
            job_id,
            run.attempt,
            run.started_at,
            run.ended_at,
            run.ended,
        )

    async def _move(self, job: Job) -> None:
        process = await self._tx.processes.get(JOB, job.spec.job_id)
        if process is not None:
            deadline = self.now + timedelta(seconds=job.spec.max_seconds) + _ENDED_WITHIN
            await self._tx.processes.move(process, job.state.value, owner="service:training", deadline=deadline)


def _job(row: Record) -> Job:
    spec = JobSpec(
        job_id=JobId(row["job_id"]),
        team_id=TeamId(row["team_id"]),
        period=row["period"],
        model=row["model"],
        gpus=row["gpus"],
        max_seconds=row["max_seconds"],
        gpu_source=GpuSource(row["gpu_source"]),
        seed=int(row["seed"]),
        steps=row["steps"],
        hidden_units=row["hidden_units"],
        parent_checkpoint=row["parent_checkpoint"],
    )
    return Job(
        spec=spec,
        state=JobState(row["state"]),
        submitted_at=row["submitted_at"],
        reason=row["reason"],
        gpu_seconds=row["gpu_seconds"],
        checkpoint_digest=row["checkpoint_digest"],
        loss=row["loss"],
        attempt=row["attempt"],
        cancel_wished=row["cancel_wished"],
        cancel_reason=row["cancel_reason"],
        entitlement_id=row["entitlement_id"],
        failure_class=FailureClass(row["failure_class"]) if row["failure_class"] else None,
    )

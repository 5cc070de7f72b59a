from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import pytest
from common.errors import TransientError
from common.ray_jobs import JobInfo, JobState, RayJobUnknownError, RayUnavailableError
from evaluation.domain.number import ScoreNotANumberError
from evaluation.domain.run import Figures, ResultUnreadableError, Run, RunFailedError, RunId, job_id, run_id
from evaluation.domain.stage import TeamId
from evaluation.handlers.runs import Bench, CheckpointSource, PartSource, measure, read_result, see_through

if TYPE_CHECKING:
    from collections.abc import Mapping

RUN = Run(run_id("ab" * 32, "next-byte"), "ab" * 32, TeamId("upstage"), "2025-h2", "next-byte")
FIGURES = Figures(1000, "0.4125", "3.1010")
RESULT = 'PROGRESS {}\nRESULT {"items": 1000, "accuracy": "0.4125", "bits_per_byte": "3.1010"}\n'


def ended(state: JobState, exit_code: int | None = 0, *, by_cluster: bool = False) -> JobInfo:
    return JobInfo(state, None, None, "message", exit_code, by_cluster)


@dataclass
class FakeCluster:
    """Each submission of a job ends as the script says; `None` loses the job once."""

    script: list[JobInfo | None]
    jobs: dict[str, JobInfo] = field(default_factory=dict)
    submitted: list[str] = field(default_factory=list)
    away: list[Exception] = field(default_factory=list)
    log_faults: dict[str, Exception] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    async def submit(
        self, submission_id: str, entrypoint: str, env: Mapping[str, str], *, num_gpus: float = 0, num_cpus: float = 1
    ) -> None:
        assert "scale_model evaluate" in entrypoint
        assert (num_gpus, num_cpus) == (0, 0.5)
        self.submitted.append(submission_id)
        self.env = dict(env)
        outcome = self.script.pop(0)
        if outcome is not None:
            self.jobs[submission_id] = outcome

    async def status(self, submission_id: str) -> JobInfo | None:
        if self.away:
            raise self.away.pop(0)
        return self.jobs.get(submission_id)

    async def logs(self, submission_id: str) -> str:
        if submission_id in self.log_faults:
            raise self.log_faults[submission_id]
        return (
            RESULT
            if self.jobs[submission_id].state is JobState.SUCCEEDED
            else "Traceback\nValueError: bad http://store/x?signature=secret\n"
        )


class Checkpoints:
    async def sources(self, checkpoint_digest: str) -> tuple[CheckpointSource, ...]:
        return (
            CheckpointSource(
                "model.safetensors", 8, checkpoint_digest, (PartSource(0, 8, checkpoint_digest, "http://store/x"),)
            ),
        )


async def no_wait(_seconds: float) -> None:
    return


async def hear(_reason: str) -> None:
    return


def bench(*script: JobInfo | None) -> tuple[FakeCluster, Bench]:
    cluster = FakeCluster(list(script))
    return cluster, Bench(cluster, Checkpoints(), "python3", no_wait)


async def test_a_run_gives_the_figures_its_job_printed() -> None:
    cluster, terms = bench(ended(JobState.SUCCEEDED))
    assert await measure(RUN, terms, hear) == FIGURES
    assert cluster.submitted == [RUN.run_id]
    job = json.loads(cluster.env["DOKPAMO_JOB"])
    assert (job["run_id"], job["checkpoint_digest"]) == (RUN.run_id, RUN.checkpoint_digest)
    part = {"offset_bytes": 0, "size_bytes": 8, "sha256": "ab" * 32, "url": "http://store/x"}
    assert job["sources"] == [{"path": "model.safetensors", "size_bytes": 8, "sha256": "ab" * 32, "parts": [part]}]


async def test_a_retried_task_finds_the_job_that_ran_and_submits_none() -> None:
    cluster, terms = bench(ended(JobState.SUCCEEDED))
    await measure(RUN, terms, hear)
    assert await measure(RUN, terms, hear) == FIGURES
    assert cluster.submitted == [RUN.run_id]


async def test_a_job_that_failed_for_the_clusters_sake_is_followed_by_the_next_attempt() -> None:
    cluster, terms = bench(ended(JobState.FAILED, None, by_cluster=True), ended(JobState.SUCCEEDED))
    assert await measure(RUN, terms, hear) == FIGURES
    assert cluster.submitted == [RUN.run_id, f"{RUN.run_id}-2"]


async def test_a_job_that_the_cluster_lost_is_submitted_again() -> None:
    cluster, terms = bench(None, ended(JobState.SUCCEEDED))
    assert await measure(RUN, terms, hear) == FIGURES
    assert cluster.submitted == [RUN.run_id, RUN.run_id]


async def test_an_invalid_job_fails_its_run_at_once_with_its_last_words() -> None:
    cluster, terms = bench(ended(JobState.FAILED, 2))
    with pytest.raises(RunFailedError) as failed:
        await measure(RUN, terms, hear)
    assert "ValueError: bad" in failed.value.reason
    assert "secret" not in failed.value.reason
    assert len(cluster.submitted) == 1


async def test_a_job_that_keeps_failing_fails_its_run_after_a_known_number_of_attempts() -> None:
    cluster, terms = bench(*[ended(JobState.FAILED, 1)] * 8)
    with pytest.raises(RunFailedError):
        await measure(RUN, terms, hear)
    assert len(cluster.submitted) == 8


async def test_what_the_platform_breaks_is_done_again_however_often() -> None:
    lost, away = ended(JobState.FAILED, None, by_cluster=True), ended(JobState.FAILED, 75)
    cluster, terms = bench(*[lost, away] * 10, *[None] * 20, ended(JobState.SUCCEEDED))
    told: list[str] = []

    async def tell(reason: str) -> None:
        told.append(reason)

    assert await measure(RUN, terms, tell) == FIGURES
    assert len(set(cluster.submitted)) == 21
    assert told[0] == f"is tried again: job {RUN.run_id} was lost by the cluster: message"


async def test_a_run_waits_for_the_cluster_and_the_registry_and_says_for_which() -> None:
    cluster, terms = bench(ended(JobState.SUCCEEDED))
    cluster.away = [RayUnavailableError("http://ray", "refused")] * 50
    sources = terms.checkpoints.sources
    registry_away: list[Exception] = [TransientError("the registry is away")] * 50

    async def patchy(checkpoint_digest: str) -> tuple[CheckpointSource, ...]:
        if registry_away:
            raise registry_away.pop()
        return await sources(checkpoint_digest)

    terms.checkpoints.sources = patchy  # type: ignore[method-assign]  # it comes back by itself
    told: list[str] = []

    async def tell(reason: str) -> None:
        told.append(reason)

    assert await see_through(RUN, terms, tell) == FIGURES
    assert [reason for reason, _ in groupby(told)] == [
        "waits for the cluster, which does not answer",
        "waits for the registry, which does not answer",
    ]
    assert cluster.submitted == [RUN.run_id]


@pytest.mark.parametrize("fault", [RayUnavailableError("http://ray", "agent"), RayJobUnknownError(str(RUN.run_id))])
async def test_a_result_that_was_lost_with_its_node_is_measured_again(fault: Exception) -> None:
    cluster, terms = bench(ended(JobState.SUCCEEDED), ended(JobState.SUCCEEDED))
    cluster.log_faults = {str(RUN.run_id): fault}
    assert await measure(RUN, terms, hear) == FIGURES
    assert cluster.submitted == [RUN.run_id, f"{RUN.run_id}-2"]


async def test_a_checkpoint_of_more_files_than_a_job_can_be_told_fails_its_run_and_starts_nothing() -> None:
    cluster, terms = bench()
    part = PartSource(0, 8, "ab" * 32, "http://store/" + "x" * 600)
    many = tuple(CheckpointSource(f"{number}.txt", 8, "ab" * 32, (part,)) for number in range(200))

    async def sources(_digest: str) -> tuple[CheckpointSource, ...]:
        return many

    terms.checkpoints.sources = sources  # type: ignore[method-assign,assignment]  # another checkpoint
    with pytest.raises(RunFailedError) as failed:
        await measure(RUN, terms, hear)
    assert "so many files" in failed.value.reason
    assert cluster.submitted == []


def test_the_id_of_a_run_and_of_its_jobs_is_the_same_whenever_asked() -> None:
    assert run_id("ab", "next-byte") == run_id("ab", "next-byte") == "next-byte-ab"
    assert [job_id(RunId("r"), attempt) for attempt in (1, 2, 3)] == ["r", "r-2", "r-3"]


def test_the_last_result_line_counts() -> None:
    assert read_result(RESULT.replace("1000", "1") + RESULT) == FIGURES


@pytest.mark.parametrize(
    "log",
    [
        "",
        "RESULT",
        "RESULT {",
        "RESULT []",
        'RESULT {"items": 0, "accuracy": "0.1", "bits_per_byte": "1"}',
        'RESULT {"items": true, "accuracy": "0.1", "bits_per_byte": "1"}',
        'RESULT {"items": 5, "accuracy": 0.1, "bits_per_byte": "1"}',
        'RESULT {"items": 5, "accuracy": "0.1"}',
    ],
)
def test_a_result_that_cannot_be_read_is_no_result(log: str) -> None:
    with pytest.raises(ResultUnreadableError):
        read_result(log)


def test_a_result_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ScoreNotANumberError):
        read_result('RESULT {"items": 5, "accuracy": "NaN", "bits_per_byte": "1"}')

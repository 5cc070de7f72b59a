"""What happens to a job next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from training.domain.job import FailureClass, GpuSource, Job, JobId, JobSpec, JobState, TeamId
from training.domain.metering import Run
from training.domain.output import last_loss, last_words
from training.domain.progress import (
    MOST_ATTEMPTS,
    ClusterState,
    Move,
    Observation,
    failure_class,
    next_step,
)

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SPEC = JobSpec(JobId("job"), TeamId("upstage"), "2025-h2", "solar", 512, 600, GpuSource.GRANTED, 7, 300, 0, "")
JOB = Job(SPEC, JobState.RUNNING, NOW, attempt=1)
UNKNOWN = Observation(ClusterState.UNKNOWN)
RUNNING = Observation(ClusterState.RUNNING)
SUCCEEDED = Observation(ClusterState.SUCCEEDED, exit_code=0)
CRASHED = Observation(ClusterState.FAILED, exit_code=1, message="ValueError")


def runs(seconds: float = 10) -> list[Run]:
    return [Run(1, NOW - timedelta(seconds=seconds), NOW, ended=True)]


def move(job: Job, seen: Observation, *, committed: bool = False, past: list[Run] | None = None) -> Move:
    return next_step(job, runs() if past is None else past, seen, committed=committed, now=NOW).move


def test_an_admitted_job_is_started() -> None:
    assert move(replace(JOB, state=JobState.ADMITTED, attempt=0), UNKNOWN, past=[]) is Move.START


def test_a_job_with_a_committed_checkpoint_has_succeeded_whatever_the_cluster_says() -> None:
    ends = [UNKNOWN, SUCCEEDED, CRASHED, Observation(ClusterState.STOPPED)]
    assert {move(JOB, seen, committed=True) for seen in ends} == {Move.SUCCEED}


def test_a_job_that_the_cluster_calls_succeeded_without_a_checkpoint_has_failed() -> None:
    step = next_step(JOB, runs(), SUCCEEDED, committed=False, now=NOW)
    assert (step.move, step.failure_class) == (Move.FAIL, FailureClass.WORKLOAD)


def test_a_job_that_the_cluster_forgot_is_started_again() -> None:
    assert move(JOB, UNKNOWN) is Move.START


def test_a_start_that_the_cluster_does_not_know_and_that_never_ran_is_submitted_again() -> None:
    assert move(JOB, UNKNOWN, past=[Run(1)]) is Move.SUBMIT
    assert move(JOB, UNKNOWN, past=[Run(1)], committed=True) is Move.SUCCEED
    assert move(replace(JOB, cancel_wished=True), UNKNOWN, past=[Run(1)]) is Move.CANCEL


def test_a_job_is_not_started_for_ever() -> None:
    step = next_step(JOB, runs() * MOST_ATTEMPTS, UNKNOWN, committed=False, now=NOW)
    assert (step.move, step.failure_class) == (Move.FAIL, FailureClass.INFRASTRUCTURE)


def test_a_start_that_never_got_a_place_is_no_try() -> None:
    past = [Run(number, None, NOW, ended=True) for number in range(1, 3 * MOST_ATTEMPTS)]
    no_place = Observation(ClusterState.FAILED, failed_by_cluster=True, message="no place within 900 s")
    step = next_step(JOB, past, no_place, committed=False, now=NOW)
    assert (step.move, step.reason) == (Move.START, "no place within 900 s")


def test_a_program_that_crashes_has_failed_and_is_not_started_again() -> None:
    step = next_step(JOB, runs(), CRASHED, committed=False, now=NOW)
    assert (step.move, step.failure_class, step.reason) == (Move.FAIL, FailureClass.WORKLOAD, "ValueError")


@pytest.mark.parametrize("seen", [RUNNING, Observation(ClusterState.PENDING)])
def test_a_job_under_way_is_waited_for(seen: Observation) -> None:
    assert move(JOB, seen) is Move.WAIT


@pytest.mark.parametrize("seen", [RUNNING, Observation(ClusterState.PENDING)])
def test_a_job_under_way_is_stopped_on_demand(seen: Observation) -> None:
    assert move(replace(JOB, cancel_wished=True), seen) is Move.STOP


def test_a_stopped_job_whose_end_was_wished_is_cancelled() -> None:
    assert move(replace(JOB, cancel_wished=True), Observation(ClusterState.STOPPED)) is Move.CANCEL


def test_a_job_that_committed_before_it_was_stopped_has_succeeded() -> None:
    assert move(replace(JOB, cancel_wished=True), Observation(ClusterState.STOPPED), committed=True) is Move.SUCCEED


def test_a_job_is_stopped_at_its_longest_time_and_what_the_platform_lost_does_not_count() -> None:
    past = [Run(1, NOW - timedelta(seconds=2000), NOW - timedelta(seconds=1500), ended=True)]
    before = [*past, Run(2, NOW - timedelta(seconds=599), NOW)]
    at = [*past, Run(2, NOW - timedelta(seconds=600), NOW)]
    assert (move(JOB, RUNNING, past=before), move(JOB, RUNNING, past=at)) == (Move.WAIT, Move.STOP)


def test_a_job_stopped_at_its_longest_time_has_failed_by_its_own_doing() -> None:
    step = next_step(JOB, runs(600), Observation(ClusterState.STOPPED), committed=False, now=NOW)
    assert (step.move, step.failure_class) == (Move.FAIL, FailureClass.WORKLOAD)


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (UNKNOWN, FailureClass.INFRASTRUCTURE),
        (Observation(ClusterState.STOPPED), FailureClass.INFRASTRUCTURE),
        (Observation(ClusterState.FAILED, failed_by_cluster=True, exit_code=1), FailureClass.INFRASTRUCTURE),
        (Observation(ClusterState.FAILED), FailureClass.INFRASTRUCTURE),
        (Observation(ClusterState.FAILED, exit_code=-9), FailureClass.INFRASTRUCTURE),
        (Observation(ClusterState.FAILED, exit_code=137), FailureClass.INFRASTRUCTURE),
        (Observation(ClusterState.FAILED, exit_code=75), FailureClass.INFRASTRUCTURE),
        (Observation(ClusterState.FAILED, exit_code=1), FailureClass.WORKLOAD),
        (Observation(ClusterState.FAILED, exit_code=2), FailureClass.WORKLOAD),
        (SUCCEEDED, FailureClass.WORKLOAD),
    ],
)
def test_a_platform_fault_is_never_the_teams(seen: Observation, fault: FailureClass) -> None:
    assert failure_class(seen) is fault


def test_a_long_message_keeps_what_happened_and_the_error_at_its_end() -> None:
    log = "Job failed with exit code 1, last logs:\n" + "PROGRESS {}\n" * 1000 + "ValueError: the parent is unreadable"
    told = last_words(log, 200)
    assert len(told) == 200
    assert told.startswith("Job failed with exit code 1")
    assert told.endswith("ValueError: the parent is unreadable")
    assert last_words("short\nmessage", 200) == "short\nmessage"


@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("", ""),
        ('PROGRESS {"loss": "2.5"}\nnoise\nPROGRESS {"loss": "1.25"}\nRESULT {}', "1.25"),
        ('PROGRESS {"loss": "2.5"}\nPROGRESS {"loss": ', "2.5"),
        ('PROGRESS {"loss": "2.5"}\nPROGRESS {"loss": "nan"}\nPROGRESS {broken}', "2.5"),
        ('PROGRESS {"loss": 3}', ""),
        ('say PROGRESS {"loss": "2.5"}', ""),
    ],
)
def test_the_last_loss_told_as_a_plain_number_is_taken(output: str, loss: str) -> None:
    assert last_loss(output) == loss

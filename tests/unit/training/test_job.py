"""What a job may ask and how it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from training.domain.job import (
    GpuSource,
    HoldForeignError,
    Job,
    JobFieldError,
    JobId,
    JobSpec,
    JobState,
    TeamId,
    admitted,
    cancel_wished,
    check_spec,
    refused,
)

SPEC = JobSpec(JobId("upstage-h2"), TeamId("upstage"), "2025-h2", "solar", 512, 600, GpuSource.GRANTED, 7, 300, 0, "")
JOB = Job(SPEC, JobState.SUBMITTED, datetime(2025, 9, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("job_id", ""),
        ("job_id", "A"),
        ("job_id", "a/b"),
        ("job_id", "a" * 96),
        ("team_id", ""),
        ("period", "2025 H2"),
        ("model", "so lar"),
        ("gpus", 0),
        ("gpus", 2049),
        ("max_seconds", 0),
        ("steps", 0),
        ("steps", 100_001),
        ("parent_checkpoint", "abc"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(field: str, value: Any) -> None:
    check_spec(SPEC)
    with pytest.raises(JobFieldError) as refusal:
        check_spec(replace(SPEC, **{field: value}))
    assert refusal.value.field == f"spec.{field}"
    assert refusal.value.value == value


def test_a_hold_admits_a_waiting_job_once() -> None:
    job = admitted(JOB, SPEC.team_id, "gpu-1")
    assert job is not None
    assert (job.state, job.entitlement_id) == (JobState.ADMITTED, "gpu-1")
    assert admitted(job, SPEC.team_id, "gpu-1") is None


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.SUBMITTED])
def test_late_news_of_a_hold_changes_nothing(state: JobState) -> None:
    job = replace(JOB, state=state)
    assert admitted(job, SPEC.team_id, "gpu-1") is None
    assert refused(job, SPEC.team_id, "why") is None


def test_a_refused_hold_ends_a_waiting_job_with_its_reason() -> None:
    job = refused(JOB, SPEC.team_id, "NO_ENTITLEMENT: none")
    assert job is not None
    assert (job.state, job.reason) == (JobState.REFUSED, "NO_ENTITLEMENT: none")


def test_a_hold_for_another_team_is_refused() -> None:
    with pytest.raises(HoldForeignError):
        admitted(JOB, TeamId("kt"), "gpu-1")
    with pytest.raises(HoldForeignError):
        refused(JOB, TeamId("kt"), "why")


def test_a_job_that_waits_for_gpu_time_is_cancelled_at_once() -> None:
    assert cancel_wished(JOB).state is JobState.CANCELLED


@pytest.mark.parametrize("state", [JobState.ADMITTED, JobState.RUNNING])
def test_a_job_under_way_is_only_marked_to_be_stopped(state: JobState) -> None:
    wished = cancel_wished(replace(JOB, state=state))
    assert (wished.state, wished.cancel_wished) == (state, True)


@pytest.mark.parametrize("state", [state for state in JobState if state.is_final])
def test_an_ended_job_is_left_as_it_is(state: JobState) -> None:
    ended = replace(JOB, state=state)
    assert cancel_wished(ended) == ended

"""Which jobs end with support that is lost, and what they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from training.domain.job import GpuSource, Job, JobId, JobSpec, JobState, TeamId, cancel_wished
from training.domain.support import LostSupport, held_of_lost, without_support

TEAM = TeamId("nc-ai")
SPEC = JobSpec(JobId("job"), TEAM, "2026-h1", "varco", 4, 600, GpuSource.GRANTED, 7, 300, 0, "")
LOST = LostSupport("presentation/nc-ai/gpu/2025-08-14", TEAM, "stage-1")
WHY = "the support ended with the decision of stage stage-1"


def job(state: JobState, entitlement_id: str = LOST.entitlement_id) -> Job:
    return Job(SPEC, state, datetime(2026, 1, 26, tzinfo=UTC), entitlement_id=entitlement_id)


@pytest.mark.parametrize("state", [JobState.ADMITTED, JobState.RUNNING])
def test_a_job_on_lost_gpu_time_is_wished_to_end_and_says_why(state: JobState) -> None:
    ends = without_support(job(state), LOST)
    assert (ends.state, ends.cancel_wished, ends.cancel_reason) == (state, True, WHY)


@pytest.mark.parametrize("state", [state for state in JobState if state.is_final])
def test_a_job_that_has_ended_stays_as_it_is(state: JobState) -> None:
    assert without_support(job(state), LOST) == job(state)


@pytest.mark.parametrize("entitlement_id", ["", "stage-1/nc-ai/gpu/2026-01-26"])
def test_a_job_on_own_gpus_or_on_other_support_goes_on(entitlement_id: str) -> None:
    goes_on = job(JobState.RUNNING, entitlement_id)
    assert without_support(goes_on, LOST) == goes_on


def test_another_teams_job_goes_on() -> None:
    theirs = replace(job(JobState.RUNNING), spec=replace(SPEC, team_id=TeamId("upstage")))
    assert without_support(theirs, LOST) == theirs


def test_a_job_that_hears_of_its_hold_after_the_loss_ends_at_once() -> None:
    ended = held_of_lost(job(JobState.SUBMITTED, ""), LOST)
    assert (ended.state, ended.reason, ended.gpu_seconds) == (JobState.CANCELLED, WHY, 0)


def test_the_first_of_several_wishes_says_why() -> None:
    asked = cancel_wished(job(JobState.RUNNING))
    assert without_support(asked, LOST) == asked
    ends = without_support(job(JobState.RUNNING), LOST)
    assert cancel_wished(ends) == ends

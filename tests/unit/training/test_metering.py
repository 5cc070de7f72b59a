"""GPU-seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.domain.metering import Run, metered_gpu_seconds, running_time

START = datetime(2025, 9, 1, tzinfo=UTC)


def run(attempt: int, seconds: float) -> Run:
    return Run(attempt, START, START + timedelta(seconds=seconds), ended=True)


@pytest.mark.parametrize(("seconds", "metered"), [(0, 0), (0.001, 512), (1, 512), (1.5, 1024), (3, 1536)])
def test_seconds_are_rounded_up(seconds: float, metered: int) -> None:
    assert metered_gpu_seconds(512, 600, [run(1, seconds)]) == metered


def test_starts_that_the_platform_lost_cost_nothing() -> None:
    assert metered_gpu_seconds(8, 10, [run(1, 7), run(2, 9), run(3, 2)]) == 16


def test_what_the_platform_stops_too_late_is_not_the_teams_cost() -> None:
    assert metered_gpu_seconds(8, 10, [run(1, 14)]) == 80


@pytest.mark.parametrize("last", [Run(2, None, None), Run(2, START, None), Run(2, None, START)])
def test_a_start_that_never_ran_costs_nothing(last: Run) -> None:
    assert metered_gpu_seconds(8, 10, [run(1, 7), last]) == 0


def test_a_job_that_was_never_started_costs_nothing() -> None:
    assert metered_gpu_seconds(8, 10, []) == 0


def test_a_clock_that_went_back_costs_nothing() -> None:
    assert metered_gpu_seconds(8, 10, [run(1, -5)]) == 0


@given(st.lists(st.floats(0, 1000), max_size=5), st.integers(1, 2048), st.integers(1, 2000))
def test_the_hold_always_covers_what_is_metered(seconds: list[float], gpus: int, most: int) -> None:
    runs = [run(number, one) for number, one in enumerate(seconds, start=1)]
    metered = metered_gpu_seconds(gpus, most, runs)
    assert 0 <= metered <= gpus * most
    assert metered % gpus == 0
    assert metered == gpus * most or timedelta(seconds=metered // gpus) >= running_time(runs)

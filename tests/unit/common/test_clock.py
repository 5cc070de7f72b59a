from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from common.clock import (
    SEOUL,
    ClockWouldGoBackError,
    FixedClock,
    NaiveInstantError,
    SystemClock,
    VirtualClock,
    VirtualClockFile,
    VirtualClockRefusedError,
    open_clock,
)
from common.settings import PlatformSettings

if TYPE_CHECKING:
    from pathlib import Path

DEADLINE = datetime(2025, 7, 21, 16, 0, tzinfo=SEOUL)


def settings(environment: str, clock: Path | None) -> PlatformSettings:
    return PlatformSettings.model_validate(
        {"environment": environment, "kafka_bootstrap": "k:9092", "token_keys": "keys.json", "virtual_clock": clock}
    )


def tell(path: Path, answer: multiprocessing.SimpleQueue[datetime]) -> None:
    answer.put(VirtualClock(path).now())


def test_every_clock_tells_utc() -> None:
    assert FixedClock(DEADLINE).now() == datetime(2025, 7, 21, 7, 0, tzinfo=UTC)
    assert FixedClock(DEADLINE).now().tzinfo is UTC
    assert SystemClock().now().tzinfo is UTC


def test_an_instant_without_a_time_zone_is_refused(tmp_path: Path) -> None:
    naive = datetime(2025, 7, 21)  # noqa: DTZ001  the very mistake
    file = VirtualClockFile(tmp_path / "clock")
    file.create()

    with pytest.raises(NaiveInstantError):
        FixedClock(naive)
    with pytest.raises(NaiveInstantError):
        file.advance(naive)


def test_a_virtual_clock_follows_the_system_until_it_is_set(tmp_path: Path) -> None:
    file = VirtualClockFile(tmp_path / "clock")
    file.create()

    assert file.read() is None
    assert abs(VirtualClock(tmp_path / "clock").now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_all_that_share_a_virtual_clock_move_together_to_the_microsecond(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    file = VirtualClockFile(path)
    file.create()
    opened_before = VirtualClock(path)
    instant = DEADLINE + timedelta(microseconds=1)

    file.advance(instant)

    context = multiprocessing.get_context("spawn")
    answer: multiprocessing.SimpleQueue[datetime] = context.SimpleQueue()
    process = context.Process(target=tell, args=(path, answer))
    process.start()
    process.join()
    assert opened_before.now() == VirtualClock(path).now() == file.read() == answer.get() == instant


def test_a_virtual_clock_stands_still_and_never_goes_back(tmp_path: Path) -> None:
    file = VirtualClockFile(tmp_path / "clock")
    file.create()
    file.advance(DEADLINE)

    with pytest.raises(ClockWouldGoBackError) as refused:
        file.advance(DEADLINE - timedelta(microseconds=1))
    file.advance(DEADLINE)

    assert refused.value.present == DEADLINE
    assert VirtualClock(tmp_path / "clock").now() == DEADLINE


def test_creating_a_clock_that_exists_leaves_its_time(tmp_path: Path) -> None:
    file = VirtualClockFile(tmp_path / "clock")
    file.create()
    file.advance(DEADLINE)

    file.create()

    assert file.read() == DEADLINE


def test_a_virtual_clock_is_refused_outside_the_embedded_stack(tmp_path: Path) -> None:
    VirtualClockFile(tmp_path / "clock").create()

    with pytest.raises(VirtualClockRefusedError):
        open_clock(settings("production", tmp_path / "clock"))
    assert isinstance(open_clock(settings("embedded", tmp_path / "clock")), VirtualClock)
    assert isinstance(open_clock(settings("production", None)), SystemClock)
